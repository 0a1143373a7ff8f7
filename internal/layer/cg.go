package layer

import (
	"github.com/coarsegrain/taylornet/internal/kernel"
	"github.com/coarsegrain/taylornet/poly"
	"github.com/coarsegrain/taylornet/tensor"
)

// CG is coarse-graining: per channel, a polynomial of the window's members.
type CG[T tensor.Float] struct {
	frame   Frame
	in, out tensor.Shape
	window  Window
	win     kernel.Window // of window, once the layer has parameters
	order   int
	coefs   int // offset of the coefficients [terms,C]
	terms   int
	params  []T
}

// NewCG compiles polynomials of a window of the given order, from feature maps of shape
// in to out. coefs is the offset of the coefficients.
func NewCG[T tensor.Float](f Frame, w Window, order int, in, out tensor.Shape, coefs int) *CG[T] {
	return &CG[T]{
		frame: f, in: in, out: out, window: w,
		order: order, coefs: coefs, terms: poly.NumMonomials(w.L1*w.L2, order),
	}
}

// Refresh implements Layer.
func (l *CG[T]) Refresh(params []T) {
	l.params = params
	if l.win.Index == nil {
		l.win = l.window.window(l.frame, l.in, l.out)
	}
}

// Bytes implements Layer.
func (l *CG[T]) Bytes() float64 { return l.window.bytes(l.frame, l.in, l.out) }

// Scratch implements Layer.
func (l *CG[T]) Scratch() int { return 0 }

// InPlace implements Layer.
func (l *CG[T]) InPlace() bool { return false }

func (l *CG[T]) coefficients(v []T) []T { return v[l.coefs:][:l.terms*l.in.C] }

// Forward implements Layer.
func (l *CG[T]) Forward(n int, y, x, _ []T) { l.forward(n, y, x, nil, l.coefficients(l.params)) }

// forward is Forward with the given coefficients and a mean that is subtracted from x,
// or nil.
func (l *CG[T]) forward(n int, y, x, mean, coefs []T) {
	win := l.win.First(n * l.out.H * l.out.W)
	kernel.CG(data(l.frame, y, n, l.out), x, mean, win, coefs, l.in.C, l.order)
}

// Backward implements Layer.
func (l *CG[T]) Backward(n int, dx, dy, _, x, grads, _ []T) {
	l.backward(n, dx, dy, x, nil, l.coefficients(grads), l.coefficients(l.params))
}

// backward is the backward pass of forward.
func (l *CG[T]) backward(n int, dx, dy, x, mean, dcoefs, coefs []T) {
	win := l.win.First(n * l.out.H * l.out.W)
	if dx != nil && !win.Partition {
		clear(data(l.frame, dx, n, l.in))
	}
	kernel.CGGrad(dx, dcoefs, x, mean, win, data(l.frame, dy, n, l.out), coefs, l.in.C, l.order)
}
