package cpu

import (
	"github.com/coarsegrain/taylornet/internal/kernel"
	"github.com/coarsegrain/taylornet/internal/layer"
)

// alike reports whether all inputs of a group have the lanes of its output, so that these
// are just more images.
func (w *worker[T]) alike(s *step[T]) bool {
	for _, v := range s.in {
		if w.plan.values[v].lanes != w.plan.values[s.out].lanes {
			return false
		}
	}
	return true
}

// joinLanes is join of branches of different degrees.
func (w *worker[T]) joinLanes(n int, s *step[T]) {
	slot := w.plan.values[s.out].slot
	clear(w.maps(slot, s.out, n))
	for k, v := range s.in {
		w.eachRow(n, s, k, w.plan.values[v].slot, slot, func(part, whole []T) { kernel.Add(whole, part) })
	}
}

// splitLanes is the backward pass of joinLanes.
func (w *worker[T]) splitLanes(n int, s *step[T], b *backStep) {
	for k, v := range s.in {
		if b.dx[k] >= 0 {
			clear(w.maps(b.dx[k], v, n))
			w.eachRow(n, s, k, b.dx[k], b.dy, func(part, whole []T) { kernel.Add(part, whole) })
		}
	}
}

// eachRow calls f with the channels of each site of input k, which are in slot part, and
// with those of the output that they are part of, which are in slot whole.
func (w *worker[T]) eachRow(n int, s *step[T], k, part, whole int, f func(part, whole []T)) {
	c, ck, first := w.plan.values[s.out].shape.C, w.partChannels(s, k), 0
	if s.join == cat {
		for before := range k {
			first += w.partChannels(s, before)
		}
	}
	from := w.plan.values[s.in[k]].lanes
	for at, run := range from.Into(w.plan.values[s.out].lanes, n) {
		in, out := w.run(part, s.in[k], layer.Run{First: at, Images: run.Images}), w.run(whole, s.out, run)
		for i := range len(in) / ck {
			f(in[i*ck:][:ck], out[i*c+first:][:ck])
		}
	}
}

// input returns the place of image i of n in the input, which is its order 1 in a graded
// pass. Order 0, which is zero, is never written.
func (w *worker[T]) input(slot, n, i int) []T {
	p := w.plan
	if lanes := p.values[p.input].lanes; lanes.Orders > 0 {
		i = lanes.Place(n, 1, i)
	}
	return w.image(slot, p.input, i)
}

// loss calls f with the logits of image i of n, and leaves their gradient times share. In
// a graded pass f takes the full logits and orders 0 to K, each of as many.
func (w *worker[T]) loss(n, i int, share T, f func(dy, y []T) float64) float64 {
	out := &w.plan.values[w.plan.output]
	if out.lanes.Orders == 0 {
		dy := w.image(out.grad, w.plan.output, i)
		loss := f(dy, w.image(out.slot, w.plan.output, i))
		for k := range dy {
			dy[k] *= share
		}
		return loss
	}
	classes := out.shape.Size()
	y, dy := w.logits[:len(w.logits)/2], w.logits[len(w.logits)/2:]
	w.readLogits(y, n, i)
	loss := f(dy, y)
	for k := range dy {
		dy[k] *= share
	}
	if i == 0 {
		clear(w.order(out.grad, n, 0, i))
	}
	if full := dy[:classes]; out.lanes.Full {
		copy(w.image(out.grad, w.plan.output, i), full)
	} else { // the gradient of a sum
		for k := range out.lanes.Orders + 1 {
			kernel.Add(dy[(1+k)*classes:][:classes], full)
		}
	}
	kernel.Add(w.order(out.grad, n, 0, i), dy[classes:][:classes])
	for k := 1; k <= out.lanes.Orders; k++ {
		copy(w.order(out.grad, n, k, i), dy[(1+k)*classes:])
	}
	return loss
}

// readLogits writes the full logits of image i of n and their orders to y [K+2][classes].
func (w *worker[T]) readLogits(y []T, n, i int) {
	out := &w.plan.values[w.plan.output]
	classes := out.shape.Size()
	clear(y)
	if out.lanes.Full {
		copy(y[:classes], w.image(out.slot, w.plan.output, i))
	}
	for k := range out.lanes.Orders + 1 {
		order := w.order(out.slot, n, k, i)
		copy(y[(1+k)*classes:], order)
		if !out.lanes.Full {
			kernel.Add(y[:classes], order)
		}
	}
}

// order returns the part of a slot that holds order k of image i of n in the output.
func (w *worker[T]) order(slot, n, k, i int) []T {
	return w.image(slot, w.plan.output, w.plan.values[w.plan.output].lanes.Place(n, k, i))
}
