package layer

import (
	"github.com/coarsegrain/taylornet/internal/kernel"
	"github.com/coarsegrain/taylornet/internal/memory"
	"github.com/coarsegrain/taylornet/poly"
	"github.com/coarsegrain/taylornet/tensor"
)

// Taylor is the direct Taylor expansion, with polynomials of the whole feature map. It
// is a linear layer on the monomials.
type Taylor[T tensor.Float] struct {
	frame    Frame
	in       tensor.Shape
	order    int
	products []poly.Product // once the layer has parameters
	linear   *Conv[T]       // from the monomials of degree 1 and above
	chains   []chain[T]     // what linear computes, if it has more monomials than one chain
}

// Up to longest monomials are added up one after another. Of more, the sums of chainLength
// each are added up: in float32, one chain of the 308,504 monomials of 28x28 pixels is off by
// several times as much.
const (
	longest     = 1 << 15
	chainLength = 1 << 12
)

// chain is the sum over some monomials.
type chain[T tensor.Float] struct {
	win    kernel.Window
	filter *kernel.Filter[T]
}

// NewTaylor compiles out.C polynomials of the given order of a whole feature map of
// shape in. coefs is the offset of the coefficients [terms,out.C].
func NewTaylor[T tensor.Float](f Frame, order int, in, out tensor.Shape, coefs int, inputGrad bool) *Taylor[T] {
	l := &Taylor[T]{frame: f, in: in, order: order}
	monomials := tensor.Shape{H: 1, W: 1, C: poly.NumMonomials(in.Size(), order) - 1}
	l.linear = NewLinear[T](f, monomials, out, coefs+out.C, coefs, inputGrad)
	return l
}

// Refresh implements Layer.
func (l *Taylor[T]) Refresh(params []T) {
	if l.products == nil {
		l.products = poly.Products(l.in.Size(), l.order)
	}
	l.linear.Refresh(params)
	if l.long() {
		l.refreshChains(params[l.linear.weight:][:l.linear.cin*l.linear.out.C])
	}
}

// long reports whether there are several chains. Their sums must fit where gradients are.
func (l *Taylor[T]) long() bool { return l.linear.cin > max(longest, l.linear.out.C) }

func (l *Taylor[T]) refreshChains(weights []T) {
	for i := 0; i*chainLength < l.linear.cin; i++ {
		first := i * chainLength
		n := min(chainLength, l.linear.cin-first)
		if i == len(l.chains) {
			index := make([]int32, l.frame.Images)
			for image := range index {
				index[image] = int32(l.frame.Head + image*l.linear.cin + first)
			}
			l.chains = append(l.chains, chain[T]{kernel.Window{Taps: 1, Index: index}, kernel.NewFilter[T](1, n, l.linear.out.C)})
		}
		l.chains[i].filter.Pack(weights[first*l.linear.out.C:][:n*l.linear.out.C])
	}
}

// Bytes implements Layer.
func (l *Taylor[T]) Bytes() float64 {
	const product = 8 + 4 // of the list, and while it is made
	n := product*float64(l.linear.cin) + l.linear.Bytes()
	if l.long() {
		n += memory.Of[T](kernel.FilterLen[T](1, 1, l.linear.cin, l.linear.out.C))
	}
	return n
}

// Scratch implements Layer. It holds the monomials, behind a zero pixel, and their
// gradients. The sum of a chain takes the place of gradients.
func (l *Taylor[T]) Scratch() int { return 2 * l.frame.Len(l.linear.in) }

// InPlace implements Layer.
func (l *Taylor[T]) InPlace() bool { return false }

func (l *Taylor[T]) parts(scratch []T) (monomials, grads []T) {
	size := l.frame.Len(l.linear.in)
	return scratch[:size], scratch[size:][:size]
}

// image returns the part of buffer b that holds image i of shape s.
func (l *Taylor[T]) image(b []T, i int, s tensor.Shape) []T {
	return b[l.frame.Head+i*s.Size():][:s.Size()]
}

// Forward implements Layer.
func (l *Taylor[T]) Forward(n int, y, x, scratch []T) {
	monomials, part := l.parts(scratch)
	for i := range n {
		x, m := l.image(x, i, l.in), l.image(monomials, i, l.linear.in)
		copy(m, x)
		for k, p := range l.products {
			m[len(x)+k] = m[p.Lower] * x[p.Factor]
		}
	}
	if l.chains == nil {
		l.linear.Forward(n, y, monomials, nil)
		return
	}
	sum, bias := data(l.frame, y, n, l.linear.out), l.linear.params[l.linear.bias:][:l.linear.out.C]
	for i, c := range l.chains {
		if i == 0 {
			kernel.Product(sum, bias, monomials, c.win.First(n), c.filter)
			continue
		}
		kernel.Product(part[:len(sum)], nil, monomials, c.win.First(n), c.filter)
		kernel.Add(sum, part[:len(sum)])
	}
}

// Backward implements Layer.
func (l *Taylor[T]) Backward(n int, dx, dy, y, x, grads, scratch []T) {
	monomials, dm := l.parts(scratch)
	if dx == nil {
		dm = nil
	}
	l.linear.Backward(n, dm, dy, y, monomials, grads, nil)
	if dx == nil {
		return
	}
	for i := range n {
		x, dx := l.image(x, i, l.in), l.image(dx, i, l.in)
		m, dm := l.image(monomials, i, l.linear.in), l.image(dm, i, l.linear.in)
		clear(dx)
		for k := len(l.products) - 1; k >= 0; k-- {
			p, d := l.products[k], dm[len(x)+k]
			dm[p.Lower] += d * x[p.Factor]
			dx[p.Factor] += d * m[p.Lower]
		}
		kernel.Add(dx, dm[:len(x)])
	}
}
