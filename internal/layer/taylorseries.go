package layer

import (
	"github.com/coarsegrain/taylornet/internal/kernel"
	"github.com/coarsegrain/taylornet/poly"
	"github.com/coarsegrain/taylornet/tensor"
)

// taylorSeries is the direct Taylor expansion of power series: the orders of a graded
// pass. The monomials are series, and a linear layer works on each of their orders.
type taylorSeries[T tensor.Float] struct {
	frame    Frame
	in       tensor.Shape
	order    int
	products []poly.Product // once the layer has parameters
	linear   *Conv[T]
}

// NewGradedTaylor compiles NewTaylor for graded passes.
func NewGradedTaylor[T tensor.Float](f Frame, order int, in, out tensor.Shape, coefs int, inputGrad bool) *Graded[T] {
	orders := &taylorSeries[T]{frame: f.ordersFrame(), in: in, order: order}
	of := orders.frame
	of.Lanes = of.Out
	monomials := tensor.Shape{H: 1, W: 1, C: poly.NumMonomials(in.Size(), order) - 1}
	orders.linear = NewLinear[T](of, monomials, out, coefs+out.C, coefs, inputGrad)
	return newGraded[T](f, in, out, NewTaylor[T](f.plain(), order, in, out, coefs, inputGrad), orders)
}

// Refresh implements Layer.
func (l *taylorSeries[T]) Refresh(params []T) {
	if l.products == nil {
		l.products = poly.Products(l.in.Size(), l.order)
	}
	l.linear.Refresh(params)
}

// Bytes implements Layer.
func (l *taylorSeries[T]) Bytes() float64 {
	const product = 8 + 4 // of the list, and while it is made
	return product*float64(l.linear.cin) + l.linear.Bytes()
}

// Scratch implements Layer. It holds the monomials, behind a zero pixel, and their
// gradients.
func (l *taylorSeries[T]) Scratch() int { return 2 * l.linear.frame.Len(l.linear.in) }

// InPlace implements Layer.
func (l *taylorSeries[T]) InPlace() bool { return false }

// at returns order k of image i of shape s.
func (l *taylorSeries[T]) at(b []T, lanes Lanes, n, k, i int, s tensor.Shape) []T {
	return b[l.frame.Head+lanes.Place(n, k, i)*s.Size():][:s.Size()]
}

func (l *taylorSeries[T]) input(b []T, n, k, i int) []T {
	return l.at(b, l.frame.Lanes, n, k, i, l.in)
}

func (l *taylorSeries[T]) monomials(b []T, n, k, i int) []T {
	return l.at(b, l.frame.Out, n, k, i, l.linear.in)
}

// Forward implements Layer. A product of monomial p and variable x has the orders
// sum_b p_(k-b) x_b.
func (l *taylorSeries[T]) Forward(n int, y, x, scratch []T) {
	size, in := l.in.Size(), l.frame.Lanes.Orders
	for i := range n {
		for k := range l.frame.Out.Orders + 1 {
			m := l.monomials(scratch, n, k, i)
			clear(m)
			if k <= in {
				copy(m, l.input(x, n, k, i))
			}
			for j, p := range l.products {
				for b := range min(k, in) + 1 {
					m[size+j] += l.monomials(scratch, n, k-b, i)[p.Lower] * l.input(x, n, b, i)[p.Factor]
				}
			}
		}
	}
	l.linear.Forward(n, y, scratch, nil)
}

// Backward implements Layer. Order 0 is the same for all images, so a product's gradient
// is complete once those of higher products are, of all images.
func (l *taylorSeries[T]) Backward(n int, dx, dy, y, x, grads, scratch []T) {
	dm := scratch[l.linear.frame.Len(l.linear.in):]
	if dx == nil {
		l.linear.Backward(n, nil, dy, y, scratch, grads, nil)
		return
	}
	l.linear.Backward(n, dm, dy, y, scratch, grads, nil)
	size := l.in.Size()
	clear(data(l.frame, dx, l.frame.Lanes.Images(n), l.in))
	for j := len(l.products) - 1; j >= 0; j-- {
		for i := range n {
			l.backward(n, i, size+j, l.products[j], dx, dm, x, scratch)
		}
	}
	for i := range n {
		for k := min(i, 1); k <= l.frame.Lanes.Orders; k++ {
			kernel.Add(l.input(dx, n, k, i), l.monomials(dm, n, k, i)[:size])
		}
	}
}

// backward takes the gradient of image i back through the product p, which is monomial
// at. Order 0 counts with the first image.
func (l *taylorSeries[T]) backward(n, i, at int, p poly.Product, dx, dm, x, m []T) {
	for k := min(i, 1); k <= l.frame.Out.Orders; k++ {
		d := l.monomials(dm, n, k, i)[at]
		for b := range min(k, l.frame.Lanes.Orders) + 1 {
			l.monomials(dm, n, k-b, i)[p.Lower] += d * l.input(x, n, b, i)[p.Factor]
			l.input(dx, n, b, i)[p.Factor] += d * l.monomials(m, n, k-b, i)[p.Lower]
		}
	}
}
