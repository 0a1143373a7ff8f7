package cpu

import (
	"fmt"
	"math"

	"github.com/coarsegrain/taylornet/internal/layer"
	"github.com/coarsegrain/taylornet/spec"
	"github.com/coarsegrain/taylornet/tensor"
)

// plan is a network compiled for a number of images: steps in order, each
// reading and writing values, and the slots of memory that values live in.
//
// A slot is a piece of a worker's memory that begins with the zero pixel and
// holds one value at a time. The zero pixels are never written.
type plan[T tensor.Float] struct {
	frame   layer.Frame
	steps   []step[T]
	back    []backStep // gradients of steps, last step first
	values  []value
	input   int   // value of the images
	output  int   // value of the logits
	slots   []int // lengths
	scratch int
}

// value is a feature map somewhere in the net.
type value struct {
	shape spec.Shape
	slot  int // of its activations
	grad  int // of its gradient in the backward pass
}

// step computes one value: by a layer from one input, or by joining several.
type step[T tensor.Float] struct {
	ops     []spec.Layer      // the operations: one, a norm and a coarse-graining, or gains
	layer   layer.Layer[T]    // nil for a join
	measure layer.Measurer[T] // the layer, if it measures statistics
	// inputOnly is the layer, if the gradient to its parameters is not wanted and
	// it can do without.
	inputOnly layer.InputGrader[T]
	penalty   layer.Penaliser[T] // the layer, if it has one
	join      join
	in        []int
	out       int
	scratch   int // offset in the worker's scratch
}

// join is how a group's branches come together.
type join int

const (
	sum join = iota
	cat
)

// backStep says where a step's backward pass puts its inputs' gradients.
type backStep struct {
	step int
	dy   int   // slot of the output's gradient
	dx   []int // slot of each input's gradient; -1 where it is not wanted
	// add has, for each input, the slot of a gradient that dx must be added
	// to because another step has begun it; -1 where dx is the place itself.
	add []int
}

// purpose is what a plan is compiled for.
type purpose struct {
	training  bool
	inputGrad bool
	fixed     bool // no gradient to the parameters
	// fixedStats has norms use the parameters' statistics.
	fixedStats bool
	// limitGains has gains be limited and penalised.
	limitGains bool
}

// newPlan compiles a valid network. The error says that so many images are too
// many for the indices of its windows.
func newPlan[T tensor.Float](net *spec.Net, images int, p purpose) (*plan[T], error) {
	layers := net.Layers()
	b := &builder[T]{
		purpose: p,
		layers:  make(map[string]spec.Layer, len(layers)),
		params:  make(map[string]int),
		plan:    &plan[T]{},
	}
	channels := net.Input.C
	for _, l := range layers {
		b.layers[l.Path] = l
		channels = max(channels, l.In.C, l.Out.C)
		if need := max(l.In.Size(), l.Out.Size(), reads(l)); need > math.MaxInt32/2/images {
			return nil, fmt.Errorf("%s on the lattice %dx%d is too large for a micro-batch of %d images", l, l.In.H, l.In.W, images)
		}
	}
	for _, param := range net.Params() {
		b.params[param.Name] = param.Offset
	}
	b.plan.frame = layer.NewFrame(images, channels)
	b.plan.input = b.value(net.Input)
	b.plan.output = b.chain(net.Ops, "", b.plan.input)
	if p.training {
		b.placeTraining()
	} else {
		b.placeInference()
	}
	return b.plan, nil
}

// reads is the number of places that an operation reads in one image, forward or
// backward: the sites of its windows, or monomials.
func reads(l spec.Layer) int {
	sites := max(l.In.H*l.In.W, l.Out.H*l.Out.W)
	switch op := l.Op.(type) {
	case *spec.Conv:
		return sites * op.L1 * op.L2
	case *spec.CG:
		return sites * op.L1 * op.L2
	case *spec.Taylor:
		return l.Params / op.N // monomials
	case *spec.Pool:
		if !op.Global {
			return sites * op.L1 * op.L2
		}
	}
	return sites
}

// builder makes a plan.
type builder[T tensor.Float] struct {
	purpose
	layers map[string]spec.Layer
	params map[string]int // offsets by name
	plan   *plan[T]
}

func (b *builder[T]) value(s spec.Shape) int {
	b.plan.values = append(b.plan.values, value{shape: s})
	return len(b.plan.values) - 1
}

// chain appends the steps of ops, applied in turn to value x, and returns the
// last value.
func (b *builder[T]) chain(ops []spec.Op, prefix string, x int) int {
	for i := 0; i < len(ops); i++ {
		info, next := b.layers[fmt.Sprint(prefix, i)], b.layers[fmt.Sprint(prefix, i+1)]
		gains, infos := b.gains(ops[i:], prefix, i)
		switch {
		case b.fused(info.Op, next.Op):
			x = b.step(layer.NewNormCG(b.norm(info), b.cg(next)), x, info, next)
			i++
		case len(gains) > 0:
			x = b.step(layer.NewGain[T](b.plan.frame, gains, info.In, b.limitGains), x, infos...)
			i += len(gains) - 1
		default:
			x = b.op(info, x)
		}
	}
	return x
}

// gains are the gains that ops, which begin at the place first, begin with.
func (b *builder[T]) gains(ops []spec.Op, prefix string, first int) (gains []*spec.Gain, infos []spec.Layer) {
	for i, op := range ops {
		gain, ok := op.(*spec.Gain)
		if !ok {
			break
		}
		gains, infos = append(gains, gain), append(infos, b.layers[fmt.Sprint(prefix, first+i)])
	}
	return gains, infos
}

// fused reports whether an operation and the next make one step: a norm and a
// coarse-graining in training. At inference the norm mostly is folded away.
func (b *builder[T]) fused(op, next spec.Op) bool {
	_, norm := op.(*spec.Norm)
	cg, ok := next.(*spec.CG)
	return b.training && norm && ok && layer.TakesNorm(cg)
}

func (b *builder[T]) op(info spec.Layer, x int) int {
	switch op := info.Op.(type) {
	case *spec.Flatten:
		return x // the same elements in the same order
	case *spec.Sum:
		return b.group(sum, op.Branches, info, x)
	case *spec.Cat:
		return b.group(cat, op.Branches, info, x)
	default:
		return b.step(b.layer(info, x), x, info)
	}
}

// step appends the step of a layer that computes ops from value x.
func (b *builder[T]) step(l layer.Layer[T], x int, ops ...spec.Layer) int {
	measure, _ := l.(layer.Measurer[T])
	penalty, _ := l.(layer.Penaliser[T])
	if !b.limitGains {
		penalty = nil
	}
	s := step[T]{
		ops: ops, layer: l, measure: measure, penalty: penalty, in: []int{x}, out: b.value(ops[len(ops)-1].Out), scratch: b.plan.scratch,
	}
	if b.fixed {
		s.inputOnly, _ = l.(layer.InputGrader[T])
	}
	b.plan.scratch += l.Scratch()
	b.plan.steps = append(b.plan.steps, s)
	return s.out
}

// layer compiles an operation on value x.
func (b *builder[T]) layer(info spec.Layer, x int) layer.Layer[T] {
	frame, at := b.plan.frame, func(name string) int { return b.params[info.Path+name] }
	inputGrad := b.training && (b.inputGrad || x != b.plan.input)
	switch op := info.Op.(type) {
	case *spec.Conv:
		return layer.NewConv[T](frame, op, info.In, info.Out, at(".conv.weight"), at(".conv.bias"), inputGrad)
	case *spec.Linear:
		return layer.NewLinear[T](frame, info.In, info.Out, at(".linear.weight"), at(".linear.bias"), inputGrad)
	case *spec.CG:
		return b.cg(info)
	case *spec.Taylor:
		return layer.NewTaylor[T](frame, op, info.In, at(".taylor.coefficients"), inputGrad)
	case *spec.Norm: // in training: Fold leaves none
		return b.norm(info)
	case *spec.Pool:
		return layer.NewPool[T](frame, op, info.In, info.Out)
	case *spec.ReLU:
		return layer.NewReLU[T](frame, info.In)
	}
	panic(fmt.Sprintf("cpu.Compile: no layer for %T", info.Op))
}

func (b *builder[T]) cg(info spec.Layer) *layer.CG[T] {
	op, _ := info.Op.(*spec.CG)
	return layer.NewCG[T](b.plan.frame, op, info.In, info.Out, b.params[info.Owner()+".cg.coefficients"])
}

func (b *builder[T]) norm(info spec.Layer) *layer.Norm[T] {
	at := func(name string) int { return b.params[info.Path+".norm."+name] }
	return layer.NewNorm[T](b.plan.frame, info.In, layer.NormParams{Scale: at("scale"), Shift: at("shift"), Mean: at("mean"), Var: at("variance")}, b.fixedStats)
}

func (b *builder[T]) group(j join, branches [][]spec.Op, info spec.Layer, x int) int {
	s := step[T]{ops: []spec.Layer{info}, join: j}
	for k, ops := range branches {
		s.in = append(s.in, b.chain(ops, fmt.Sprintf("%s.%d.", info.Path, k), x))
	}
	s.out = b.value(info.Out)
	b.plan.steps = append(b.plan.steps, s)
	return s.out
}
