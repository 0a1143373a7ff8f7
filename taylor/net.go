package taylor

import (
	"errors"
	"fmt"

	"github.com/coarsegrain/taylornet/engine"
	"github.com/coarsegrain/taylornet/internal/layer"
	"github.com/coarsegrain/taylornet/internal/memory"
	"github.com/coarsegrain/taylornet/model"
	"github.com/coarsegrain/taylornet/spec"
)

// ErrNotPolynomial is wrapped by errors about networks that have no finite
// expansion.
var ErrNotPolynomial = errors.New("the network is not a polynomial")

// maxDegree bounds the memory of a whole expansion, since each value has one more
// coefficient on a line than its degree. Of a polynomial of a higher degree, and of one
// whose orders cancel beyond all digits, orders up to lowOrders are computed.
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
	// if the degree is over 1,024 or all orders would take more memory than they may. A
	// line whose orders do not add up also stops at 2.
	Orders int

	frame  layer.Frame
	values []value
	steps  []step
	input  int
	output int
	levels []level

	workers int
	cost    footprint
}

// Options are settings of an analysis that do not change what it finds.
type Options struct {
	Workers int // goroutines; 0 means one per CPU
	// Memory is the number of bytes that an analysis may hold. With 0, New takes half of
	// the machine's, and FromModel what the model may hold.
	Memory int64
}

// level is a coarse-graining of the network, and the step that computes it.
type level struct {
	layer spec.Layer
	op    *spec.CG
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

// FromModel returns the network of a model, compiled for analysis. Its inputs are pixels,
// 0 to 1, before the normalisation. The error wraps ErrNotPolynomial, or tensor.ErrMemory if
// the network does not fit.
func FromModel(m *model.Model, opts Options) (*Net, error) {
	single := m.Params()
	if opts.Memory == 0 {
		opts.Memory = m.Memory()
	}
	params := make([]float64, len(single))
	for i, v := range single {
		params[i] = float64(v)
	}
	c, norm := m.Net().Input.C, m.Normalisation()
	scale, shift := make([]float64, c), make([]float64, c)
	for i := range c {
		scale[i] = 1 / float64(norm.Std[i])
		shift[i] = -float64(norm.Mean[i]) * scale[i]
	}
	return compile(m.Net(), params, &affine{scale: scale, shift: shift}, opts)
}

// Mean returns the mean of the training images as an expansion point, [H,W,C]. Each
// channel is uniform, and the network's normalised input is zero there. About a point
// amid the images the orders of a high degree cancel less than about one far from them,
// such as black. Their rounding errors are then smaller.
func Mean(m *model.Model) []float64 {
	mean, point := m.Normalisation().Mean, make([]float64, m.Net().Input.Size())
	for i := range point {
		point[i] = float64(mean[i%len(mean)])
	}
	return point
}

// New returns a network with the given parameters, laid out as in net.Params, compiled for
// analysis. Norms are affine maps, as at inference. The error wraps ErrNotPolynomial,
// spec.Faults, engine.ErrParams, or tensor.ErrMemory if the network does not fit.
func New(net *spec.Net, params []float64, opts Options) (*Net, error) {
	return compile(net, params, nil, opts)
}

func compile(net *spec.Net, params []float64, first *affine, opts Options) (*Net, error) {
	if err := net.Validate(); err != nil {
		return nil, err
	}
	if !net.Polynomial() {
		return nil, fmt.Errorf("%w: %s would make it an infinite series", ErrNotPolynomial, notPolynomial(net))
	}
	folded, err := engine.Fold(net, params)
	if err != nil {
		return nil, err
	}
	n := &Net{Input: net.Input, K: net.Out().Size(), Degree: net.Degree(), workers: opts.Workers}
	b := &builder{Net: n, params: folded.Params, weights: make([]float64, len(folded.Params))}
	steps, channels := folded.Net.Steps(), net.Input.C
	for _, s := range steps {
		channels = max(channels, s.In.C, s.Out.C)
		for _, p := range s.Params {
			if p.Role == spec.Weight {
				copy(b.weights[p.Offset:], b.tensor(p))
			}
		}
	}
	n.frame = layer.NewFrame(1, channels) // a power of a series at once
	n.input = b.value(net.Input, 1)
	n.output = n.input
	if first != nil {
		n.output = b.affine(first, n.input, net.Input)
	}
	b.place(steps)
	if err := n.limit(opts.Memory); err != nil {
		return nil, err
	}
	original := net.Steps()
	for i, s := range steps {
		b.add(s, i)
		// Folding makes coarse-grainings of norms, which are not levels.
		own := original[folded.From[i]].Layer
		if op, ok := own.Op.(*spec.CG); ok {
			step, _ := b.steps[len(b.steps)-1].(*polynomial)
			n.levels = append(n.levels, level{own, op, step})
		}
	}
	return n, nil
}

// notPolynomial names an operation that is not a polynomial. In the order of
// computation it comes before the groups around it.
func notPolynomial(net *spec.Net) string {
	for _, s := range net.Steps() {
		if s.Degree == 0 {
			return s.Name()
		}
	}
	return "an operation"
}

// builder makes a Net of a folded network.
type builder struct {
	*Net
	params  []float64
	weights []float64 // the parameters with all but the weights zero
	outputs []int     // the value of the folded network's input, then of each of its steps
}

func (b *builder) tensor(p spec.Param) []float64 { return b.params[p.Offset:][:p.Size()] }

func (b *builder) value(s spec.Shape, degree int) int {
	b.values = append(b.values, value{s.Size(), degree})
	return len(b.values) - 1
}

// place makes the values of all steps, and counts what they will hold.
func (b *builder) place(steps []spec.Step) {
	b.outputs = []int{b.output}
	b.cost = footprint{net: b.Net}
	for _, info := range steps {
		x := b.outputs[1+info.Inputs[0]]
		y := x
		if _, ok := info.Op.(*spec.Flatten); !ok { // has the same elements in the same order
			y = b.value(info.Out, info.Degree)
			b.cost.add(info, x)
		}
		b.outputs = append(b.outputs, y)
	}
	b.output = b.outputs[len(steps)]
}

// limit sets the budget, and the highest order of lines by what fits.
func (n *Net) limit(budget int64) error {
	n.cost.budget = float64(memory.Or(budget))
	n.Orders = n.Degree
	if n.Degree > maxDegree || n.cost.held+n.cost.explain(n.Degree) > n.cost.budget {
		n.Orders = min(n.Degree, lowOrders)
	}
	what := fmt.Sprintf("reading this network's polynomial of images of %dx%dx%d", n.Input.H, n.Input.W, n.Input.C)
	return n.cost.check(n.cost.pass(0), what, "a smaller lattice")
}

// add appends the step at index i, if it has one.
func (b *builder) add(info spec.Step, i int) {
	var in []int
	for _, at := range info.Inputs {
		in = append(in, b.outputs[1+at])
	}
	if y := b.outputs[1+i]; y != in[0] {
		b.steps = append(b.steps, b.step(info, in, in[0], y))
	}
}

// step compiles an operation that computes value y from the values in, of which x is
// the first.
func (b *builder) step(info spec.Step, in []int, x, y int) step {
	switch op := info.Op.(type) {
	case *spec.Conv:
		w, c := info.Param(spec.Weight), info.Param(spec.Bias)
		return b.linear(layer.NewConv[float64](b.frame, layer.Window{L1: op.L1, L2: op.L2, S1: op.S1, S2: op.S2, P: op.P, D: 1}, info.In, info.Out, w.Offset, c.Offset, true), op, info, x, y)
	case *spec.Linear:
		w, c := info.Param(spec.Weight), info.Param(spec.Bias)
		whole := &spec.Conv{L1: info.In.H, L2: info.In.W, C: op.N, S1: 1, S2: 1}
		return b.linear(layer.NewLinear[float64](b.frame, info.In, info.Out, w.Offset, c.Offset, true), whole, info, x, y)
	case *spec.CG:
		members := slide(info.Layer, op.L1, op.L2, op.S1, op.S2, op.D)
		return newPolynomial(members, op.L1*op.L2, op.Order, info.Out.C, b.tensor(info.Param(spec.Coefs)), x, y)
	case *spec.Taylor:
		members := make([]int, info.In.Size())
		for i := range members {
			members[i] = i
		}
		s := newPolynomial(members, len(members), op.Order, info.Out.C, b.tensor(info.Param(spec.Expansion)), x, y)
		s.width = 1
		return s
	case *spec.Pool:
		return mean(op, info.Layer, x, y)
	case *spec.Gain:
		return &gain{in: x, out: y, channels: info.In.C, most: float64(op.E * info.In.C)}
	case *spec.Sum:
		return &join{in: in, out: y, sites: info.Out.H * info.Out.W}
	case *spec.Cat:
		return &join{in: in, out: y, sites: info.Out.H * info.Out.W, cat: true}
	}
	panic(fmt.Sprintf("taylor.New: no step for %T", info.Op))
}

func (b *builder) linear(conv *layer.Conv[float64], op *spec.Conv, info spec.Step, x, y int) *linear {
	conv.Refresh(b.weights)
	weight, bias := b.tensor(info.Param(spec.Weight)), b.tensor(info.Param(spec.Bias))
	inputs, dense := info.In.H*info.In.W, op != info.Op
	if dense {
		inputs = 1
	}
	return &linear{in: x, out: y, conv: conv, bias: bias, op: op, info: info.Layer, weight: weight, inputs: inputs, dense: dense}
}

// mean compiles an average pool, which is a polynomial of order 1.
func mean(op *spec.Pool, info spec.Layer, x, y int) *polynomial {
	window := op.On(info.In)
	taps, c := window.L1*window.L2, info.In.C
	coefs := make([]float64, (1+taps)*c)
	for i := c; i < len(coefs); i++ {
		coefs[i] = 1 / float64(taps)
	}
	members := slide(info, window.L1, window.L2, window.S1, window.S2, window.D)
	return newPolynomial(members, taps, 1, c, coefs, x, y)
}

func (b *builder) affine(s *affine, x int, shape spec.Shape) int {
	s.in, s.out = x, b.value(shape, b.values[x].degree)
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
