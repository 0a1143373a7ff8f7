package layer

import (
	"github.com/coarsegrain/taylornet/internal/kernel"
	"github.com/coarsegrain/taylornet/tensor"
)

// In a graded plan the full values of n feature maps are followed by their series: the
// one map of order 0, the n of order 1, and so on.

// SeriesScratch returns the length of scratch that ForwardSeries and BackwardSeries
// need. It keeps nothing from one to the other.
func (l *CG[T]) SeriesScratch(in, out int) int {
	return kernel.CGSeriesScratch(l.window.taps(), l.out.H*l.out.W, l.in.C, l.series(1, in, out))
}

func (l *CG[T]) series(n, in, out int) kernel.Series {
	return kernel.Series{Images: n, In: in, Out: out, Map: l.in.Size()}
}

// orders returns the maps of orders 0 to order of n images in buffer b, and before them
// as many elements as a zero pixel has.
func (l *CG[T]) orders(n, order int, b []T, s tensor.Shape) []T {
	return b[n*s.Size():][:l.frame.Head+(1+order*n)*s.Size()]
}

// ForwardSeries computes orders 0 to out of the output y of the first n images from
// orders 0 to in of the input x. The full values are left alone.
func (l *CG[T]) ForwardSeries(n, in, out int, y, x, scratch []T) {
	win, head := l.win.First(l.out.H*l.out.W), l.frame.Head
	kernel.CGSeries(l.orders(n, out, y, l.out)[head:], l.orders(n, in, x, l.in), win,
		l.series(n, in, out), l.coefficients(l.params), scratch, l.in.C, l.order)
}

// BackwardSeries is the backward pass of ForwardSeries: it computes orders 0 to in of
// the gradient dx, unless dx is nil, from orders 0 to out of dy, and adds the gradients
// of the parameters to grads.
func (l *CG[T]) BackwardSeries(n, in, out int, dx, dy, x, grads, scratch []T) {
	win, head := l.win.First(l.out.H*l.out.W), l.frame.Head
	if dx != nil {
		dx = l.orders(n, in, dx, l.in)
		if !win.Partition {
			clear(dx[head:])
		}
	}
	kernel.CGSeriesGrad(dx, l.coefficients(grads), l.orders(n, in, x, l.in), win, l.series(n, in, out),
		l.orders(n, out, dy, l.out)[head:], l.coefficients(l.params), scratch, l.in.C, l.order)
}
