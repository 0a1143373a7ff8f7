package layer

import "github.com/coarsegrain/taylornet/tensor"

// Graded is an operation in a graded pass that computes the full values by its plain
// layer and their orders by another.
type Graded[T tensor.Float] struct {
	frame   Frame
	in      tensor.Shape
	full    Layer[T]
	orders  Layer[T] // of buffers that begin with order 0
	out     tensor.Shape
	penalty Penaliser[T]
}

// newGraded returns a graded layer from feature maps of shape in to out. The layer full
// has the plain frame. The layer orders has ordersFrame(f).
func newGraded[T tensor.Float](f Frame, in, out tensor.Shape, full, orders Layer[T]) *Graded[T] {
	l := &Graded[T]{frame: f, in: in, full: full, orders: orders, out: out}
	l.penalty, _ = full.(Penaliser[T])
	return l
}

// ordersFrame returns the frame without the full values.
func (f Frame) ordersFrame() Frame {
	f.Lanes.Full, f.Out.Full = false, false
	return f
}

// Refresh implements Layer.
func (l *Graded[T]) Refresh(params []T) {
	if l.frame.Out.full() {
		l.full.Refresh(params)
	}
	l.orders.Refresh(params)
}

// Bytes implements Layer.
func (l *Graded[T]) Bytes() float64 {
	if l.frame.Out.full() {
		return l.full.Bytes() + l.orders.Bytes()
	}
	return l.orders.Bytes()
}

// Scratch implements Layer.
func (l *Graded[T]) Scratch() int {
	return fullScratch(l.frame, l.in) + l.full.Scratch() + l.orders.Scratch()
}

// InPlace implements Layer.
func (l *Graded[T]) InPlace() bool { return false }

// Forward implements Layer.
func (l *Graded[T]) Forward(n int, y, x, scratch []T) {
	full, _, rest := fullParts(l.frame, l.in, x, nil, scratch)
	if l.frame.Out.full() {
		sumOrders(l.frame, n, x, full, l.in)
		l.full.Forward(n, y, full, rest)
	}
	from, to := l.frame.Lanes.At(n, 0), l.frame.Out.At(n, 0)
	l.orders.Forward(n, lane(y, to, l.out), lane(x, from, l.in), rest[l.full.Scratch():])
}

// Backward implements Layer.
func (l *Graded[T]) Backward(n int, dx, dy, y, x, grads, scratch []T) {
	full, dfull, rest := fullParts(l.frame, l.in, x, dx, scratch)
	if l.frame.Out.full() {
		l.full.Backward(n, dfull, dy, y, full, grads, rest)
	}
	from, to := l.frame.Lanes.At(n, 0), l.frame.Out.At(n, 0)
	l.orders.Backward(n, lane(dx, from, l.in), lane(dy, to, l.out), lane(y, to, l.out), lane(x, from, l.in), grads, rest[l.full.Scratch():])
	if dx != nil && l.frame.Out.full() {
		spread(l.frame, n, dx, dfull, l.in)
	}
}

// Penalise implements Penaliser: only the full values are penalised.
func (l *Graded[T]) Penalise(n int, dx, x, scratch []T, weight T) {
	if l.penalty == nil || !l.frame.Out.full() {
		return
	}
	full, dfull, rest := fullParts(l.frame, l.in, x, dx, scratch)
	if !l.frame.Lanes.full() {
		clear(data(l.frame, dfull, n, l.in))
	}
	l.penalty.Penalise(n, dfull, full, rest, weight)
	spread(l.frame, n, dx, dfull, l.in)
}
