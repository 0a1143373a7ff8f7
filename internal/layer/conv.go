package layer

import (
	"github.com/coarsegrain/taylornet/internal/kernel"
	"github.com/coarsegrain/taylornet/internal/memory"
	"github.com/coarsegrain/taylornet/tensor"
)

// Conv is a convolution with bias. A linear layer is a convolution whose single tap is
// the whole flattened feature map.
type Conv[T tensor.Float] struct {
	frame              Frame
	in, out            tensor.Shape
	window             Window
	inputGrad          bool
	taps, cin          int
	win, back          kernel.Window
	filter, transposed *kernel.Filter[T]
	weight, bias       int // offsets of the parameters
	params             []T
	fast, fastBack     *winograd[T] // in place of filter and transposed where they pay
	turned             []T          // weights [9][cout][cin] of fastBack
}

// NewConv compiles a convolution from feature maps of shape in to out. weight and
// bias are the offsets of its parameters. Backward computes an input gradient only if inputGrad is
// set.
func NewConv[T tensor.Float](f Frame, w Window, in, out tensor.Shape, weight, bias int, inputGrad bool) *Conv[T] {
	l := &Conv[T]{frame: f, in: in, out: out, window: w, inputGrad: inputGrad, taps: w.taps(), cin: in.C, weight: weight, bias: bias}
	if w == (Window{L1: 3, L2: 3, S1: 1, S2: 1, P: w.P, D: 1}) {
		l.fast = newWinograd[T](f, w.P, in, out)
		if inputGrad {
			l.fastBack = newWinograd[T](f, 2-w.P, out, in)
		}
	}
	return l
}

// NewLinear compiles a dense layer from in, flattened, to out.C values.
func NewLinear[T tensor.Float](f Frame, in, out tensor.Shape, weight, bias int, inputGrad bool) *Conv[T] {
	flat := tensor.Shape{H: 1, W: 1, C: in.Size()}
	return &Conv[T]{
		frame: f, in: flat, out: out, window: Window{L1: 1, L2: 1, S1: 1, S2: 1, D: 1}, inputGrad: inputGrad,
		taps: 1, cin: flat.C, weight: weight, bias: bias,
	}
}

// build allocates what the passes need.
func (l *Conv[T]) build() {
	if l.fast != nil {
		l.fast.build()
	} else {
		l.win = l.window.window(l.frame, l.in, l.out)
		l.filter = kernel.NewFilter[T](l.taps, l.cin, l.out.C)
	}
	switch {
	case l.fastBack != nil:
		l.fastBack.build()
		l.turned = make([]T, l.taps*l.cin*l.out.C)
	case l.inputGrad:
		l.back = l.window.transposed(l.frame, l.in, l.out)
		l.transposed = kernel.NewFilter[T](l.taps, l.out.C, l.cin)
	}
}

// Bytes implements Layer.
func (l *Conv[T]) Bytes() float64 {
	n := 0.
	if l.fast != nil {
		n += l.fast.bytes()
	} else {
		n += l.window.bytes(l.frame, l.in, l.out) + memory.Of[T](kernel.FilterLen[T](1, l.taps, l.cin, l.out.C))
	}
	switch {
	case l.fastBack != nil:
		n += l.fastBack.bytes() + memory.Of[T](float64(l.taps*l.cin*l.out.C))
	case l.inputGrad:
		n += l.window.bytes(l.frame, l.out, l.in) + memory.Of[T](kernel.FilterLen[T](1, l.taps, l.out.C, l.cin))
	}
	return n
}

// Refresh implements Layer.
func (l *Conv[T]) Refresh(params []T) {
	if l.params == nil {
		l.build()
	}
	l.params = params
	w := params[l.weight:][:l.taps*l.cin*l.out.C]
	if l.fast != nil {
		kernel.PackWinograd(l.fast.filters, w)
	} else {
		l.filter.Pack(w)
	}
	switch {
	case l.fastBack != nil:
		turn(l.turned, w, l.cin, l.out.C)
		kernel.PackWinograd(l.fastBack.filters, l.turned)
	case l.transposed != nil:
		l.transposed.PackTransposed(w)
	}
}

// turn writes the weights w [taps][cin][cout] as those of the convolution that
// takes the gradient back, [taps][cout][cin] with the taps in reverse.
func turn[T tensor.Float](to, w []T, cin, cout int) {
	size := cin * cout
	for into := len(to); len(w) > 0; w = w[size:] {
		into -= size
		for i := range cin {
			for o, v := range w[i*cout:][:cout] {
				to[into+o*cin+i] = v
			}
		}
	}
}

// Scratch implements Layer.
func (l *Conv[T]) Scratch() int {
	n := 0
	if l.fast != nil {
		n = l.fast.scratch() + l.fast.gradient()
	}
	if l.fastBack != nil {
		n = max(n, l.fastBack.scratch())
	}
	return n
}

// InPlace implements Layer.
func (l *Conv[T]) InPlace() bool { return false }

// Forward implements Layer.
func (l *Conv[T]) Forward(n int, y, x, scratch []T) {
	constants, all := l.frame.Lanes.constants(n), l.frame.Lanes.Images(n)
	l.forward(0, constants, y, l.params[l.bias:][:l.out.C], x, scratch)
	if all > constants {
		l.forward(constants, all-constants, y, nil, x, scratch)
	}
}

// forward computes n images from first onwards.
func (l *Conv[T]) forward(first, n int, y, bias, x, scratch []T) {
	if l.fast != nil {
		l.fast.forward(first, n, y, bias, x, scratch)
		return
	}
	sites := l.out.H * l.out.W
	kernel.Product(data(l.frame, lane(y, first, l.out), n, l.out), bias, x, l.win.Slice(first*sites, n*sites), l.filter)
}

// Backward implements Layer.
func (l *Conv[T]) Backward(n int, dx, dy, _, x, grads, scratch []T) {
	l.parameterGrad(n, dy, x, grads, scratch)
	if dx != nil {
		l.InputGrad(n, dx, dy, scratch)
	}
}

func (l *Conv[T]) parameterGrad(n int, dy, x, grads, scratch []T) {
	kernel.SumRows(grads[l.bias:][:l.out.C], data(l.frame, dy, l.frame.Lanes.constants(n), l.out))
	n = l.frame.Lanes.Images(n)
	dw := grads[l.weight:][:l.taps*l.cin*l.out.C]
	if l.fast != nil {
		work := l.fast.scratch()
		l.fast.weightGrad(n, dw, scratch[work:][:l.fast.gradient()], dy, x, scratch[:work])
	} else {
		kernel.ProductGrad(dw, x, l.win.First(n*l.out.H*l.out.W), data(l.frame, dy, n, l.out), l.cin, l.out.C)
	}
}

// InputGrad implements InputGrader.
func (l *Conv[T]) InputGrad(n int, dx, dy, scratch []T) {
	n = l.frame.Lanes.Images(n)
	if l.fastBack != nil {
		l.fastBack.forward(0, n, dx, nil, dy, scratch)
		return
	}
	back := l.back.First(n * l.in.H * l.in.W)
	kernel.Product(data(l.frame, dx, n, l.in), nil, dy, back, l.transposed)
}

// ForwardSites computes the first image's output y at n sites from site first onwards.
// It is for layers in float64, which do not use Winograd's planes.
func (l *Conv[T]) ForwardSites(first, n int, y, x []T) {
	c := l.out.C
	kernel.Product(y[l.frame.Head+first*c:][:n*c], l.params[l.bias:][:c], x, l.win.Slice(first, n), l.filter)
}

// InputGradSites computes what InputGrad does, as ForwardSites, at sites of the input.
func (l *Conv[T]) InputGradSites(first, n int, dx, dy []T) {
	c := l.in.C
	kernel.Product(dx[l.frame.Head+first*c:][:n*c], nil, dy, l.back.Slice(first, n), l.transposed)
}
