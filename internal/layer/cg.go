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
		l.win = l.window.window(l.frame.plain(), l.in, l.out)
	}
}

// Bytes implements Layer.
func (l *CG[T]) Bytes() float64 { return l.window.bytes(l.frame.plain(), l.in, l.out) }

// Scratch implements Layer. It holds what a graded pass needs: the full values of the
// input and their gradient if they have no lane, and what the kernel works in.
func (l *CG[T]) Scratch() int {
	if l.frame.Lanes.Orders == 0 {
		return 0
	}
	return fullScratch(l.frame, l.in) + l.work()
}

// work returns the number of elements that a graded pass works in.
func (l *CG[T]) work() int {
	return kernel.CGSeriesScratch(l.window.taps(), l.out.H*l.out.W, l.in.C, l.series(l.frame.Images))
}

// series describes the orders of n images.
func (l *CG[T]) series(n int) kernel.Series {
	return kernel.Series{Images: n, In: l.frame.Lanes.Orders, Out: l.frame.Out.Orders, Map: l.in.Size()}
}

// InPlace implements Layer.
func (l *CG[T]) InPlace() bool { return false }

func (l *CG[T]) coefficients(v []T) []T { return v[l.coefs:][:l.terms*l.in.C] }

// Forward implements Layer.
func (l *CG[T]) Forward(n int, y, x, scratch []T) {
	full, _, work := fullParts(l.frame, l.in, x, nil, scratch)
	if l.frame.Out.full() {
		sumOrders(l.frame, n, x, full, l.in)
	}
	l.forward(n, y, x, full, nil, l.coefficients(l.params), work)
}

// forward is Forward with the full values of x, with the given coefficients, and with a
// mean that is subtracted from full, or nil.
func (l *CG[T]) forward(n int, y, x, full, mean, coefs, work []T) {
	sites := l.out.H * l.out.W
	if l.frame.Out.full() {
		kernel.CG(data(l.frame, y, n, l.out), full, mean, l.win.First(n*sites), coefs, l.in.C, l.order)
	}
	if l.frame.Lanes.Orders > 0 {
		kernel.CGSeries(l.orders(n, y), lane(x, l.frame.Lanes.At(n, 0), l.in), l.win.First(sites), l.series(n), coefs, work, l.in.C, l.order)
	}
}

// orders returns the orders of an output of n images.
func (l *CG[T]) orders(n int, y []T) []T {
	return data(l.frame, lane(y, l.frame.Out.At(n, 0), l.out), Lanes{Orders: l.frame.Out.Orders}.Images(n), l.out)
}

// Backward implements Layer.
func (l *CG[T]) Backward(n int, dx, dy, _, x, grads, scratch []T) {
	full, dfull, work := fullParts(l.frame, l.in, x, dx, scratch)
	l.backward(n, dx, dfull, dy, x, full, nil, l.coefficients(grads), l.coefficients(l.params), work)
	if dx != nil && l.frame.Out.full() {
		spread(l.frame, n, dx, dfull, l.in)
	}
}

// backward is the backward pass of forward. The gradient of the full values, if the
// output has any, goes to dfull.
func (l *CG[T]) backward(n int, dx, dfull, dy, x, full, mean, dcoefs, coefs, work []T) {
	sites, from := l.out.H*l.out.W, l.frame.Lanes
	if dx != nil && !l.win.Partition {
		clear(data(l.frame, dx, from.Images(n), l.in))
		if !from.full() && l.frame.Out.full() {
			clear(data(l.frame, dfull, n, l.in))
		}
	}
	if l.frame.Out.full() {
		kernel.CGGrad(dfull, dcoefs, full, mean, l.win.First(n*sites), data(l.frame, dy, n, l.out), coefs, l.in.C, l.order)
	}
	if from.Orders > 0 {
		first := from.At(n, 0)
		kernel.CGSeriesGrad(lane(dx, first, l.in), dcoefs, lane(x, first, l.in), l.win.First(sites), l.series(n), l.orders(n, dy), coefs, work, l.in.C, l.order)
	}
}
