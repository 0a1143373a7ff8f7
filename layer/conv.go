package layer

import (
	"github.com/coarsegrain/taylornet/internal/kernel"
	"github.com/coarsegrain/taylornet/spec"
	"github.com/coarsegrain/taylornet/tensor"
)

// Conv is a convolution with bias; a linear layer is one whose single tap is
// the whole flattened feature map.
type Conv[T tensor.Float] struct {
	frame              Frame
	in, out            spec.Shape
	taps, cin          int
	win, back          kernel.Window
	filter, transposed *kernel.Filter[T]
	weight, bias       int // offsets of the parameters
	params             []T
}

// NewConv compiles op for inputs of shape in. weight and bias are the offsets
// of its parameters. Backward computes an input gradient only if inputGrad is
// set.
func NewConv[T tensor.Float](f Frame, op *spec.Conv, in, out spec.Shape, weight, bias int, inputGrad bool) *Conv[T] {
	g := geometry{l1: op.L1, l2: op.L2, s1: op.S1, s2: op.S2, pad: op.P, dilation: 1}
	l := &Conv[T]{frame: f, in: in, out: out, taps: op.L1 * op.L2, cin: in.C, weight: weight, bias: bias}
	l.win = g.window(f, in, out)
	if inputGrad {
		l.back = g.transposed(f, in, out)
	}
	return l.allocate(inputGrad)
}

// NewLinear compiles a dense layer from in, flattened, to out.C values.
func NewLinear[T tensor.Float](f Frame, in, out spec.Shape, weight, bias int, inputGrad bool) *Conv[T] {
	flat := spec.Shape{H: 1, W: 1, C: in.Size()}
	l := &Conv[T]{frame: f, in: flat, out: out, taps: 1, cin: flat.C, weight: weight, bias: bias}
	point := geometry{l1: 1, l2: 1, s1: 1, s2: 1, dilation: 1}
	l.win = point.window(f, flat, out)
	if inputGrad {
		l.back = point.transposed(f, flat, out)
	}
	return l.allocate(inputGrad)
}

func (l *Conv[T]) allocate(inputGrad bool) *Conv[T] {
	l.filter = kernel.NewFilter[T](l.taps, l.cin, l.out.C)
	if inputGrad {
		l.transposed = kernel.NewFilter[T](l.taps, l.out.C, l.cin)
	}
	return l
}

// Refresh implements Layer.
func (l *Conv[T]) Refresh(params []T) {
	l.params = params
	w := params[l.weight:][:l.taps*l.cin*l.out.C]
	l.filter.Pack(w)
	if l.transposed != nil {
		l.transposed.PackTransposed(w)
	}
}

// Scratch implements Layer.
func (l *Conv[T]) Scratch() int { return 0 }

// InPlace implements Layer.
func (l *Conv[T]) InPlace() bool { return false }

// Forward implements Layer.
func (l *Conv[T]) Forward(n int, y, x, _ []T) {
	win := l.win.First(n * l.out.H * l.out.W)
	kernel.Product(data(l.frame, y, n, l.out), l.params[l.bias:][:l.out.C], x, win, l.filter)
}

// Backward implements Layer.
func (l *Conv[T]) Backward(n int, dx, dy, _, x, grads, _ []T) {
	win := l.win.First(n * l.out.H * l.out.W)
	g := data(l.frame, dy, n, l.out)
	kernel.SumRows(grads[l.bias:][:l.out.C], g)
	kernel.ProductGrad(grads[l.weight:][:l.taps*l.cin*l.out.C], x, win, g, l.cin, l.out.C)
	if dx != nil {
		back := l.back.First(n * l.in.H * l.in.W)
		kernel.Product(data(l.frame, dx, n, l.in), nil, dy, back, l.transposed)
	}
}
