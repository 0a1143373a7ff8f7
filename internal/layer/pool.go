package layer

import (
	"github.com/coarsegrain/taylornet/internal/kernel"
	"github.com/coarsegrain/taylornet/tensor"
)

// Pool is average pooling, or max pooling in ablations.
type Pool[T tensor.Float] struct {
	stateless[T]
	frame   Frame
	in, out tensor.Shape
	window  Window
	win     kernel.Window // of window, once Refresh was called
	max     bool
}

// NewPool compiles the largest member of each window, or the average, per channel.
func NewPool[T tensor.Float](f Frame, w Window, largest bool, in, out tensor.Shape) *Pool[T] {
	return &Pool[T]{frame: f, in: in, out: out, window: w, max: largest}
}

// Refresh implements Layer.
func (l *Pool[T]) Refresh([]T) {
	if l.win.Index == nil {
		l.win = l.window.window(l.frame, l.in, l.out)
	}
}

// Bytes implements Layer.
func (l *Pool[T]) Bytes() float64 { return l.window.bytes(l.frame, l.in, l.out) }

// Forward implements Layer.
func (l *Pool[T]) Forward(n int, y, x, _ []T) {
	n = l.frame.Lanes.Images(n)
	out := data(l.frame, y, n, l.out)
	inverse := 1 / T(l.win.Taps)
	for s := range n * l.out.H * l.out.W {
		row := out[s*l.out.C:][:l.out.C]
		at := l.win.Index[s*l.win.Taps:][:l.win.Taps]
		copy(row, x[at[0]:])
		for _, k := range at[1:] {
			in := x[k:][:len(row)]
			if !l.max {
				kernel.Add(row, in)
				continue
			}
			for c, v := range in {
				row[c] = max(row[c], v)
			}
		}
		if !l.max {
			for c := range row {
				row[c] *= inverse
			}
		}
	}
}

// Scratch implements Layer. It holds one value per channel.
func (l *Pool[T]) Scratch() int { return l.in.C }

// Backward implements Layer. The gradient of a maximum goes to the window's
// first member that attains it.
func (l *Pool[T]) Backward(n int, dx, dy, y, x, _, scratch []T) {
	if dx == nil {
		return
	}
	n = l.frame.Lanes.Images(n)
	clear(data(l.frame, dx, n, l.in))
	out, g, scratch := data(l.frame, y, n, l.out), data(l.frame, dy, n, l.out), scratch[:l.in.C]
	for s := range n * l.out.H * l.out.W {
		at, from := l.win.Index[s*l.win.Taps:][:l.win.Taps], s*l.out.C
		if l.max {
			l.toLargest(dx, g[from:], out[from:], x, at, scratch)
		} else {
			l.toAll(dx, g[from:], at, scratch)
		}
	}
}

// toAll adds the gradient g of a site to the members of its window.
func (l *Pool[T]) toAll(dx, g []T, at []int32, part []T) {
	inverse := 1 / T(l.win.Taps)
	for c := range part {
		part[c] = g[c] * inverse
	}
	for _, k := range at {
		kernel.Add(dx[k:][:len(part)], part)
	}
}

// toLargest adds the gradient g of a site, per channel, to the first member of its
// window that is equal to the output y. It is free of branches, because a processor
// cannot predict which member that is.
func (l *Pool[T]) toLargest(dx, g, y, x []T, at []int32, left []T) {
	for c := range left {
		left[c] = 1
	}
	for _, k := range at {
		in, into := x[k:][:len(left)], dx[k:][:len(left)]
		for c, v := range in {
			hit := left[c] * T(oneIf(v == y[c]))
			left[c] -= hit
			into[c] += g[c] * hit
		}
	}
}

// oneIf returns 1 if b is true, else 0.
func oneIf(b bool) int {
	n := 0
	if b {
		n = 1
	}
	return n
}

// ReLU is max(x,0), in ablations.
type ReLU[T tensor.Float] struct {
	stateless[T]
	frame Frame
	shape tensor.Shape
}

// NewReLU compiles a rectifier of feature maps of the given shape.
func NewReLU[T tensor.Float](f Frame, shape tensor.Shape) *ReLU[T] {
	return &ReLU[T]{frame: f, shape: shape}
}

// InPlace implements Layer.
func (l *ReLU[T]) InPlace() bool { return true }

// Forward implements Layer.
func (l *ReLU[T]) Forward(n int, y, x, _ []T) {
	out := data(l.frame, y, n, l.shape)
	for i, v := range data(l.frame, x, n, l.shape) {
		out[i] = max(v, 0)
	}
}

// Backward implements Layer.
func (l *ReLU[T]) Backward(n int, dx, dy, _, x, _, _ []T) {
	if dx == nil {
		return
	}
	out, g := data(l.frame, dx, n, l.shape), data(l.frame, dy, n, l.shape)
	for i, v := range data(l.frame, x, n, l.shape) {
		out[i] = g[i] * T(oneIf(v > 0)) // free of branches, which nothing would foresee
	}
}
