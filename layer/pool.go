package layer

import (
	"github.com/coarsegrain/taylornet/internal/kernel"
	"github.com/coarsegrain/taylornet/spec"
	"github.com/coarsegrain/taylornet/tensor"
)

// Pool is average pooling, or max pooling for controls.
type Pool[T tensor.Float] struct {
	stateless[T]
	frame   Frame
	in, out spec.Shape
	win     kernel.Window
	max     bool
}

// NewPool compiles op for inputs of shape in.
func NewPool[T tensor.Float](f Frame, op *spec.Pool, in, out spec.Shape) *Pool[T] {
	g := geometry{l1: op.L1, l2: op.L2, s1: op.S1, s2: op.S2, dilation: op.D}
	if op.Global {
		g = geometry{l1: in.H, l2: in.W, s1: 1, s2: 1, dilation: 1}
	}
	return &Pool[T]{frame: f, in: in, out: out, win: g.window(f, in, out), max: op.Max}
}

// Forward implements Layer.
func (l *Pool[T]) Forward(n int, y, x, _ []T) {
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
				if v > row[c] || v != v {
					row[c] = v
				}
			}
		}
		if !l.max {
			for c := range row {
				row[c] *= inverse
			}
		}
	}
}

// Backward implements Layer. The gradient of a maximum goes to the window's
// first member that attains it.
func (l *Pool[T]) Backward(n int, dx, dy, y, x, _, _ []T) {
	if dx == nil {
		return
	}
	clear(data(l.frame, dx, n, l.in))
	out, g := data(l.frame, y, n, l.out), data(l.frame, dy, n, l.out)
	inverse := 1 / T(l.win.Taps)
	for s := range n * l.out.H * l.out.W {
		at := l.win.Index[s*l.win.Taps:][:l.win.Taps]
		for c, v := range g[s*l.out.C:][:l.out.C] {
			if !l.max {
				for _, k := range at {
					dx[int(k)+c] += v * inverse
				}
				continue
			}
			for _, k := range at {
				if x[int(k)+c] == out[s*l.out.C+c] {
					dx[int(k)+c] += v
					break
				}
			}
		}
	}
}

// ReLU is max(x,0), for controls.
type ReLU[T tensor.Float] struct {
	stateless[T]
	frame Frame
	shape spec.Shape
}

// NewReLU compiles a rectifier of feature maps of the given shape.
func NewReLU[T tensor.Float](f Frame, shape spec.Shape) *ReLU[T] {
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
		if v > 0 {
			out[i] = g[i]
		} else {
			out[i] = 0
		}
	}
}
