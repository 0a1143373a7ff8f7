package cpu

import (
	"context"

	"github.com/coarsegrain/taylornet/internal/kernel"
	"github.com/coarsegrain/taylornet/internal/layer"
	"github.com/coarsegrain/taylornet/tensor"
)

// worker is the memory that takes one micro-batch through a plan.
type worker[T tensor.Float] struct {
	plan    *plan[T]
	slots   [][]T
	scratch []T
	stats   []T // of a micro-batch, laid out as the parameters; for training only
	logits  []T // of an image, [K+2][classes], and their gradients; for graded passes only
}

func newWorker[T tensor.Float](p *plan[T]) *worker[T] {
	w := &worker[T]{plan: p, scratch: make([]T, p.scratch)}
	if p.orders > 0 {
		w.logits = make([]T, 2*(p.orders+2)*p.values[p.output].shape.Size())
	}
	for _, n := range p.slots {
		w.slots = append(w.slots, tensor.Alloc[T](n))
	}
	return w
}

// image returns the part of slot that holds image i of value v, of all that its lanes take.
func (w *worker[T]) image(slot, v, i int) []T {
	size := w.plan.values[v].shape.Size()
	return w.slots[slot][w.plan.frame.Head+i*size:][:size]
}

func (w *worker[T]) activation(v int) []T {
	return w.slots[w.plan.values[v].slot][:w.plan.length(v)]
}

func (w *worker[T]) gradient(slot, v int) []T {
	if slot < 0 {
		return nil
	}
	return w.slots[slot][:w.plan.length(v)]
}

// forward takes n images through the steps, until ctx is done.
func (w *worker[T]) forward(ctx context.Context, n int) {
	for i := range w.plan.steps {
		if ctx.Err() != nil {
			return
		}
		s := &w.plan.steps[i]
		if s.layer != nil {
			s.layer.Forward(n, w.activation(s.out), w.activation(s.in[0]), w.scratch[s.scratch:])
		} else {
			w.join(n, s)
		}
	}
}

// measured adds the statistics of the last forward pass to stats.
func (w *worker[T]) measured(n int, stats []T) {
	for i := range w.plan.steps {
		if s := &w.plan.steps[i]; s.measure != nil {
			s.measure.Measured(n, stats, w.scratch[s.scratch:])
		}
	}
}

// backward takes the gradient of the batch's loss back through n images. share is the
// fraction of the batch that one image is. It stops when ctx is done.
func (w *worker[T]) backward(ctx context.Context, n int, grads []T, share T) {
	for i := range w.plan.back {
		if ctx.Err() != nil {
			return
		}
		b := &w.plan.back[i]
		s := &w.plan.steps[b.step]
		dy := w.gradient(b.dy, s.out)
		switch {
		case s.inputOnly != nil:
			if b.dx[0] >= 0 {
				s.inputOnly.InputGrad(n, w.gradient(b.dx[0], s.in[0]), dy, w.scratch[s.scratch:])
			}
		case s.layer != nil:
			dx, x := w.gradient(b.dx[0], s.in[0]), w.activation(s.in[0])
			s.layer.Backward(n, dx, dy, w.activation(s.out), x, grads, w.scratch[s.scratch:])
			if s.penalty != nil && dx != nil {
				s.penalty.Penalise(n, dx, x, w.scratch[s.scratch:], share)
			}
		default:
			w.split(n, s, b)
		}
		for k, slot := range b.add {
			if slot >= 0 {
				kernel.Add(w.maps(slot, s.in[k], n), w.maps(b.dx[k], s.in[k], n))
			}
		}
	}
}

// maps returns the part of a slot that holds n images of value v, in all lanes.
func (w *worker[T]) maps(slot, v, n int) []T {
	return w.run(slot, v, layer.Run{First: 0, Images: w.plan.values[v].lanes.Images(n)})
}

// run returns the part of a slot that holds a run of the images of value v.
func (w *worker[T]) run(slot, v int, r layer.Run) []T {
	size := w.plan.values[v].shape.Size()
	return w.slots[slot][w.plan.frame.Head+r.First*size:][:r.Images*size]
}

// join computes a group's output from its branches'.
func (w *worker[T]) join(n int, s *step[T]) {
	if !w.alike(s) {
		w.joinLanes(n, s)
		return
	}
	out := w.maps(w.plan.values[s.out].slot, s.out, n)
	if s.join == cat {
		w.channels(n, s, func(k int) int { return w.plan.values[s.in[k]].slot }, out, false)
		return
	}
	for k, v := range s.in {
		in := w.maps(w.plan.values[v].slot, v, n)
		if k == 0 {
			copy(out, in)
		} else {
			kernel.Add(out, in)
		}
	}
}

// split is the backward pass of join.
func (w *worker[T]) split(n int, s *step[T], b *backStep) {
	if !w.alike(s) {
		w.splitLanes(n, s, b)
		return
	}
	dy := w.maps(b.dy, s.out, n)
	if s.join == cat {
		w.channels(n, s, func(k int) int { return b.dx[k] }, dy, true)
		return
	}
	for k, v := range s.in {
		if b.dx[k] >= 0 {
			copy(w.maps(b.dx[k], v, n), dy)
		}
	}
}

// channels copies between a concatenation, whole, and its parts, which are in the
// slots that slot returns. It copies to the parts if apart is set, else from them.
func (w *worker[T]) channels(n int, s *step[T], slot func(k int) int, whole []T, apart bool) {
	c := w.plan.values[s.out].shape.C
	first := 0
	for k, v := range s.in {
		ck := w.partChannels(s, k)
		if slot(k) >= 0 {
			part := w.maps(slot(k), v, n)
			for i := range len(whole) / c {
				a, b := whole[i*c+first:][:ck], part[i*ck:][:ck]
				if apart {
					copy(b, a)
				} else {
					copy(a, b)
				}
			}
		}
		first += ck
	}
}

// partChannels returns the number of channels that input k adds to a concatenation.
// The sites of a flattened input count as channels.
func (w *worker[T]) partChannels(s *step[T], k int) int {
	out := w.plan.values[s.out].shape
	return w.plan.values[s.in[k]].shape.Size() / (out.H * out.W)
}
