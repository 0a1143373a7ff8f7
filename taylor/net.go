package taylor

import (
	"errors"
	"fmt"

	"github.com/coarsegrain/taylornet/engine"
	"github.com/coarsegrain/taylornet/internal/layer"
	"github.com/coarsegrain/taylornet/model"
	"github.com/coarsegrain/taylornet/spec"
)

// ErrNotPolynomial is wrapped by errors about networks that have no finite
// expansion.
var ErrNotPolynomial = errors.New("the network is not a polynomial")

// maxDegree bounds the memory of a whole expansion: each value has as many
// coefficients on a line as its degree, and one. Of a polynomial of a higher degree,
// and of one whose orders cancel beyond all digits, the first lowOrders are computed.
const (
	maxDegree = 1 << 10
	lowOrders = 2
)

// Net is a network compiled for analysis in float64. It is safe for concurrent
// use.
type Net struct {
	Input  spec.Shape
	K      int // logits
	Degree int
	// Orders is the highest order that lines and attributions can have: the degree, or 2
	// where that is over 1,024. Those whose orders do not add up have 2 as well.
	Orders int

	frame  layer.Frame
	values []value
	steps  []step
	input  int
	output int
	work   int // elements of scratch that a step needs
	levels []level

	workers int
}

// Options are settings of an analysis that do not change what it finds.
type Options struct {
	Workers int // goroutines; 0 means one per CPU
}

// level is a coarse-graining.
type level struct {
	name  string
	op    *spec.CG
	layer spec.Layer
	step  *polynomial
}

// value is a feature map somewhere in the net.
type value struct {
	size   int
	degree int // in the image
}

// step computes one value from others.
type step interface {
	// forward computes the output's series.
	forward(p *pass)
	// backward adds to the inputs' adjoints what the output's has.
	backward(p *pass, a *adjoint)
	// expand computes the output's polynomials.
	expand(e *expansion) error
}

// FromModel compiles a model. Its input are pixels, 0 to 1.
func FromModel(m *model.Model, opts Options) (*Net, error) {
	var params []float64
	for _, v := range m.Params() {
		params = append(params, float64(v))
	}
	c, norm := m.Net().Input.C, m.Normalisation()
	scale, shift := make([]float64, c), make([]float64, c)
	for i := range c {
		scale[i] = 1 / float64(norm.Std[i])
		shift[i] = -float64(norm.Mean[i]) * scale[i]
	}
	return compile(m.Net(), params, &affine{scale: scale, shift: shift}, opts)
}

// Mean is the expansion point of the training images' mean, [H,W,C]: each channel
// even, where the network's normalised input is zero. About a point amid the
// images the orders of a high degree cancel less than about one aside, such as
// black, and so does their rounding.
func Mean(m *model.Model) []float64 {
	mean, point := m.Normalisation().Mean, make([]float64, m.Net().Input.Size())
	for i := range point {
		point[i] = float64(mean[i%len(mean)])
	}
	return point
}

// New compiles a network with the given parameters, laid out as net.Params says.
// Norms are the affine maps that they are at inference.
func New(net *spec.Net, params []float64, opts Options) (*Net, error) {
	return compile(net, params, nil, opts)
}

func compile(net *spec.Net, params []float64, first *affine, opts Options) (*Net, error) {
	if err := net.Validate(); err != nil {
		return nil, err
	}
	if !net.Polynomial() {
		return nil, fmt.Errorf("%w: %s makes an infinite series of it", ErrNotPolynomial, notPolynomial(net))
	}
	folded, params, err := engine.Fold(net, params)
	if err != nil {
		return nil, err
	}
	n := &Net{Input: net.Input, K: net.Out().Size(), Degree: folded.Degree(), workers: opts.Workers}
	n.Orders = n.Degree
	if n.Degree > maxDegree {
		n.Orders = lowOrders
	}
	b := &builder{Net: n, layers: make(map[string]spec.Layer), params: make(map[string][]float64), weights: make([]float64, len(params))}
	channels := net.Input.C
	for _, l := range folded.Layers() {
		b.layers[l.Path] = l
		channels = max(channels, l.In.C, l.Out.C)
	}
	for _, p := range folded.Params() {
		b.params[p.Name] = params[p.Offset:][:p.Size()]
		if p.Role == spec.Weight {
			copy(b.weights[p.Offset:], b.params[p.Name])
		}
	}
	b.offsets = folded.Params()
	n.frame = layer.NewFrame(n.Orders+1, channels)
	n.input = b.value(net.Input, 1)
	x := n.input
	if first != nil {
		x = b.affine(first, x, net.Input)
	}
	n.output = b.chain(folded.Ops, "", x)
	// As they were written: folding gives those that share coefficients their own.
	written := 0
	for _, l := range net.Layers() {
		if _, ok := l.Op.(*spec.CG); ok {
			n.levels[written].name = l.String()
			written++
		}
	}
	return n, nil
}

// notPolynomial names an operation that is no polynomial.
func notPolynomial(net *spec.Net) string {
	for _, l := range net.Layers() {
		if l.Degree == 0 {
			if _, group := l.Op.(*spec.Sum); group {
				continue
			}
			if _, group := l.Op.(*spec.Cat); group {
				continue
			}
			return l.Name()
		}
	}
	return "an operation"
}

// builder makes a Net of a folded network.
type builder struct {
	*Net
	layers  map[string]spec.Layer
	params  map[string][]float64
	weights []float64 // the parameters with all others zero
	offsets []spec.Param
}

func (b *builder) value(s spec.Shape, degree int) int {
	b.values = append(b.values, value{s.Size(), degree})
	return len(b.values) - 1
}

func (b *builder) chain(ops []spec.Op, prefix string, x int) int {
	for i, op := range ops {
		x = b.op(op, b.layers[fmt.Sprint(prefix, i)], x)
	}
	return x
}

// op appends the step of an operation on value x.
func (b *builder) op(op spec.Op, info spec.Layer, x int) int {
	at := func(name string) []float64 { return b.params[info.Path+name] }
	out := func(s step, y int) int {
		b.steps = append(b.steps, s)
		return y
	}
	same := func() int { return b.value(info.Out, b.values[x].degree) }
	switch op := op.(type) {
	case *spec.Conv:
		y := same()
		w, c := b.offset(info.Path+".conv.weight"), b.offset(info.Path+".conv.bias")
		return out(b.linearStep(layer.NewConv[float64](b.frame, op, info.In, info.Out, w, c, true), op, info, at(".conv.weight"), at(".conv.bias"), x, y), y)
	case *spec.Linear:
		y := same()
		w, c := b.offset(info.Path+".linear.weight"), b.offset(info.Path+".linear.bias")
		whole := &spec.Conv{L1: info.In.H, L2: info.In.W, C: op.N, S1: 1, S2: 1}
		return out(b.linearStep(layer.NewLinear[float64](b.frame, info.In, info.Out, w, c, true), whole, info, at(".linear.weight"), at(".linear.bias"), x, y), y)
	case *spec.CG:
		y := b.value(info.Out, b.values[x].degree*op.Order)
		members := slide(info, op.L1, op.L2, op.S1, op.S2, op.D)
		s := b.polynomial(members, op.L1*op.L2, op.Order, info, at(".cg.coefficients"), x, y)
		b.levels = append(b.levels, level{op: op, layer: info, step: s})
		return out(s, y)
	case *spec.Taylor:
		y := b.value(info.Out, b.values[x].degree*op.Order)
		members := make([]int, info.In.Size())
		for i := range members {
			members[i] = i
		}
		s := b.polynomial(members, len(members), op.Order, info, at(".taylor.coefficients"), x, y)
		s.width = 1
		return out(s, y)
	case *spec.Pool:
		y := same()
		return out(b.mean(op, info, x, y), y)
	case *spec.Norm:
		scale, shift := make([]float64, info.In.C), make([]float64, info.In.C)
		for c := range scale {
			scale[c], shift[c] = layer.FoldNorm(at(".norm.scale")[c], at(".norm.shift")[c], at(".norm.mean")[c], at(".norm.variance")[c])
		}
		return b.affine(&affine{scale: scale, shift: shift}, x, info.In)
	case *spec.Gain:
		y := b.value(info.Out, b.values[x].degree*spec.GainOrder)
		return out(&gain{in: x, out: y, channels: info.In.C, most: float64(op.E * info.In.C)}, y)
	case *spec.Flatten:
		return x // the same elements in the same order
	case *spec.Sum:
		return b.group(op.Branches, info, x, false)
	case *spec.Cat:
		return b.group(op.Branches, info, x, true)
	}
	panic(fmt.Sprintf("taylor: no step for %T", op))
}

// mean is a pool, which is a polynomial of order 1.
func (b *builder) mean(op *spec.Pool, info spec.Layer, x, y int) *polynomial {
	window := *op
	if op.Global {
		window = spec.Pool{L1: info.In.H, L2: info.In.W, S1: 1, S2: 1, D: 1}
	}
	taps, c := window.L1*window.L2, info.In.C
	coefs := make([]float64, (1+taps)*c)
	for i := c; i < len(coefs); i++ {
		coefs[i] = 1 / float64(taps)
	}
	members := slide(info, window.L1, window.L2, window.S1, window.S2, window.D)
	return b.polynomial(members, taps, 1, info, coefs, x, y)
}

func (b *builder) offset(name string) int {
	for _, p := range b.offsets {
		if p.Name == name {
			return p.Offset
		}
	}
	panic("taylor: no parameter " + name)
}

func (b *builder) affine(s *affine, x int, shape spec.Shape) int {
	s.in, s.out = x, b.value(shape, b.values[x].degree)
	b.steps = append(b.steps, s)
	return s.out
}

func (b *builder) group(branches [][]spec.Op, info spec.Layer, x int, cat bool) int {
	s := &join{sites: info.Out.H * info.Out.W}
	degree := 0
	for k, ops := range branches {
		y := b.chain(ops, fmt.Sprintf("%s.%d.", info.Path, k), x)
		s.in = append(s.in, y)
		degree = max(degree, b.values[y].degree)
	}
	s.out, s.cat = b.value(info.Out, degree), cat
	b.steps = append(b.steps, s)
	return s.out
}

// slide lists the places in the input map of a window's members, [sites][l1 l2].
func slide(info spec.Layer, l1, l2, s1, s2, d int) []int {
	members := make([]int, 0, info.Out.H*info.Out.W*l1*l2)
	for r := range info.Out.H {
		for c := range info.Out.W {
			for m := range l1 * l2 {
				members = append(members, ((r*s1+m/l2*d)*info.In.W+c*s2+m%l2*d)*info.In.C)
			}
		}
	}
	return members
}

func (b *builder) linearStep(conv *layer.Conv[float64], op *spec.Conv, info spec.Layer, weight, bias []float64, x, y int) step {
	conv.Refresh(b.weights)
	b.work = max(b.work, conv.Scratch())
	return &linear{in: x, out: y, conv: conv, bias: bias, op: op, info: info, weight: weight}
}
