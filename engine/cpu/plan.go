package cpu

import (
	"fmt"
	"math"

	"github.com/coarsegrain/taylornet/internal/layer"
	"github.com/coarsegrain/taylornet/poly"
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
	orders  int // the highest of a graded pass, else 0
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
	lanes layer.Lanes
	slot  int // of its activations
	grad  int // of its gradient in the backward pass
}

// step computes one value: by a layer from one input, or by joining several.
type step[T tensor.Float] struct {
	ops     []spec.Layer      // the operations: one, a norm and a coarse-graining, or gains
	layer   layer.Layer[T]    // nil for a join
	measure layer.Measurer[T] // the layer, if it measures statistics
	// inputOnly is the layer, if the gradient to its parameters is not wanted and
	// it can leave that out.
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
	dx   []int // slot of each input's gradient; -1 if it is not wanted
	// add has, for each input, the slot of a gradient that dx must be added
	// to because another step has begun it; -1 if dx is the place itself.
	add []int
}

// purpose is what a plan is compiled for.
type purpose struct {
	training  bool
	inputGrad bool
	fixed     bool // no gradient to the parameters
	// fixedStats makes norms use the parameters' statistics.
	fixedStats bool
	// limitGains makes gains limited and penalised.
	limitGains bool
	orders     int // of a graded pass, else 0
}

// lanes returns the lanes of the output of steps that are computed together. A value of a
// degree up to the highest order is the sum of its orders, and has no lane of its own,
// unless a gain limits it.
func (b *builder[T]) lanes(s *step[T]) layer.Lanes {
	if b.orders == 0 {
		return layer.Lanes{}
	}
	last := s.ops[len(s.ops)-1]
	full := last.Degree > b.orders || b.limitGains && isGain(last.Op)
	for _, v := range s.in {
		full = full || b.plan.values[v].lanes.Full
	}
	return layer.Lanes{Orders: min(last.Degree, b.orders), Full: full}
}

// newPlan compiles a valid network. It allocates little: the layers make their tables
// when they are given parameters, and workers their maps. Layers choose how to compute
// for usual images. The error says that the windows of so many images have too many
// indices.
func newPlan[T tensor.Float](net *spec.Net, images, usual int, p purpose) (*plan[T], error) {
	steps := net.Steps()
	channels, maps := net.Input.C, images
	if p.orders > 0 {
		maps = images*(p.orders+1) + 1 // order 0 is one map
	}
	for _, s := range steps {
		channels = max(channels, s.In.C, s.Out.C)
		if need := max(s.In.Size(), s.Out.Size(), reads(s)); need > math.MaxInt32/2/maps {
			return nil, fmt.Errorf("%v on the lattice %dx%d is too large to compute for %d images at a time", s, s.In.H, s.In.W, images)
		}
	}
	frame := layer.NewFrame(images, channels)
	frame.Usual = usual
	b := &builder[T]{purpose: p, outputs: make([]int, len(steps)), plan: &plan[T]{frame: frame, orders: p.orders}}
	b.plan.input = b.value(net.Input, layer.Lanes{Orders: min(1, p.orders)})
	for i := 0; i < len(steps); {
		n := b.together(steps[i:])
		b.plan.output = b.add(steps[i : i+n])
		i += n
		b.outputs[i-1] = b.plan.output
	}
	if p.training {
		b.placeTraining()
	} else {
		b.placeInference()
	}
	return b.plan, nil
}

// reads returns the number of places that an operation reads in one image, forward or
// backward: the sites of its windows, or monomials.
func reads(s spec.Step) int {
	sites := max(s.In.H*s.In.W, s.Out.H*s.Out.W)
	switch op := s.Op.(type) {
	case *spec.Conv:
		return sites * op.L1 * op.L2
	case *spec.CG:
		return sites * op.L1 * op.L2
	case *spec.Taylor:
		return poly.NumMonomials(s.In.Size(), op.Order)
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
	outputs []int // the value of each of the network's steps
	plan    *plan[T]
}

// length returns the length of a buffer of value v.
func (p *plan[T]) length(v int) int {
	f := p.frame
	f.Lanes = p.values[v].lanes
	return f.Len(p.values[v].shape)
}

func (b *builder[T]) value(s spec.Shape, l layer.Lanes) int {
	b.plan.values = append(b.plan.values, value{shape: s, lanes: l})
	return len(b.plan.values) - 1
}

// together returns how many of the network's next steps make one step of the plan: a
// norm and a coarse-graining in training, or gains in succession. At inference most
// norms are folded away.
func (b *builder[T]) together(steps []spec.Step) int {
	n := 1
	switch steps[0].Op.(type) {
	case *spec.Gain:
		for n < len(steps) && steps[n].Follows && isGain(steps[n].Op) && b.orders == 0 {
			n++
		}
	case *spec.Norm:
		if len(steps) == 1 || !steps[1].Follows {
			break
		}
		if cg, ok := steps[1].Op.(*spec.CG); ok && b.training && layer.TakesNorm(cg.Order) {
			n = 2
		}
	}
	return n
}

func isGain(op spec.Op) bool {
	_, ok := op.(*spec.Gain)
	return ok
}

// add appends the step that computes steps together, and returns its value.
func (b *builder[T]) add(steps []spec.Step) int {
	first, last := steps[0], steps[len(steps)-1]
	s := step[T]{}
	for _, one := range steps {
		s.ops = append(s.ops, one.Layer)
	}
	for _, i := range first.Inputs {
		if i < 0 {
			s.in = append(s.in, b.plan.input)
		} else {
			s.in = append(s.in, b.outputs[i])
		}
	}
	lanes := b.lanes(&s)
	switch first.Op.(type) {
	case *spec.Flatten:
		return s.in[0] // the same elements in the same order
	case *spec.Sum:
		s.join = sum
	case *spec.Cat:
		s.join = cat
	default:
		frame := b.plan.frame
		frame.Lanes, frame.Out = b.plan.values[s.in[0]].lanes, lanes
		b.compute(&s, b.layer(frame, steps, s.in[0]))
	}
	s.out = b.value(last.Out, lanes)
	b.plan.steps = append(b.plan.steps, s)
	return s.out
}

// compute sets the layer that computes a step.
func (b *builder[T]) compute(s *step[T], l layer.Layer[T]) {
	s.layer, s.scratch = l, b.plan.scratch
	b.plan.scratch += l.Scratch()
	s.measure, _ = l.(layer.Measurer[T])
	if b.limitGains {
		s.penalty, _ = l.(layer.Penaliser[T])
	}
	if b.fixed {
		s.inputOnly, _ = l.(layer.InputGrader[T])
	}
}

// layer compiles operations on value x that make one step.
func (b *builder[T]) layer(frame layer.Frame, steps []spec.Step, x int) layer.Layer[T] {
	s := steps[0]
	at := func(role spec.Role) int { return s.Param(role).Offset }
	inputGrad := b.training && (b.inputGrad || x != b.plan.input)
	switch op := s.Op.(type) {
	case *spec.Conv:
		return layer.NewConv[T](frame, layer.Window{L1: op.L1, L2: op.L2, S1: op.S1, S2: op.S2, P: op.P, D: 1}, s.In, s.Out, at(spec.Weight), at(spec.Bias), inputGrad)
	case *spec.Linear:
		return layer.NewLinear[T](frame, s.In, s.Out, at(spec.Weight), at(spec.Bias), inputGrad)
	case *spec.CG:
		return newCG[T](frame, op, s)
	case *spec.Taylor:
		if b.orders > 0 {
			return layer.NewGradedTaylor[T](frame, op.Order, s.In, s.Out, at(spec.Expansion), inputGrad)
		}
		return layer.NewTaylor[T](frame, op.Order, s.In, s.Out, at(spec.Expansion), inputGrad)
	case *spec.Norm: // in training: Fold leaves none
		norm := layer.NewNorm[T](frame, s.In, layer.NormParams{Scale: at(spec.Scale), Shift: at(spec.Shift), Mean: at(spec.Mean), Var: at(spec.Var)}, b.fixedStats)
		if len(steps) == 1 {
			return norm
		}
		s = steps[1]
		cg, _ := s.Op.(*spec.CG)
		return layer.NewNormCG(norm, newCG[T](frame, cg, s))
	case *spec.Gain:
		if b.orders > 0 {
			return layer.NewGradedGain[T](frame, op.E, spec.GainLinear, spec.GainSquare, s.In, b.limitGains)
		}
		var energies []int
		for _, s := range steps {
			gain, _ := s.Op.(*spec.Gain)
			energies = append(energies, gain.E)
		}
		return layer.NewGain[T](frame, energies, spec.GainLinear, spec.GainSquare, s.In, b.limitGains)
	case *spec.Pool:
		w := op.On(s.In)
		return layer.NewPool[T](frame, layer.Window{L1: w.L1, L2: w.L2, S1: w.S1, S2: w.S2, D: w.D}, op.Max, s.In, s.Out)
	case *spec.ReLU:
		return layer.NewReLU[T](frame, s.In)
	}
	panic(fmt.Sprintf("cpu.newPlan: no layer for %T", s.Op))
}

func newCG[T tensor.Float](frame layer.Frame, op *spec.CG, s spec.Step) *layer.CG[T] {
	w := layer.Window{L1: op.L1, L2: op.L2, S1: op.S1, S2: op.S2, D: op.D}
	return layer.NewCG[T](frame, w, op.Order, s.In, s.Out, s.Param(spec.Coefs).Offset)
}
