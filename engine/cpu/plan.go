package cpu

import (
	"fmt"
	"math"

	"github.com/coarsegrain/taylornet/layer"
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
	layer   layer.Layer[T]    // nil for a join
	measure layer.Measurer[T] // the layer, if it measures statistics
	join    join
	in      []int
	out     int
	scratch int // offset in the worker's scratch
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

// reads is the number of sites that the windows of an operation read in one
// image, forward or backward.
func reads(l spec.Layer) int {
	sites := max(l.In.H*l.In.W, l.Out.H*l.Out.W)
	switch op := l.Op.(type) {
	case *spec.Conv:
		return sites * op.L1 * op.L2
	case *spec.CG:
		return sites * op.L1 * op.L2
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
	for i, op := range ops {
		x = b.op(op, fmt.Sprint(prefix, i), x)
	}
	return x
}

func (b *builder[T]) op(op spec.Op, path string, x int) int {
	info := b.layers[path]
	switch op := op.(type) {
	case *spec.Flatten:
		return x // the same elements in the same order
	case *spec.Sum:
		return b.group(sum, op.Branches, path, x)
	case *spec.Cat:
		return b.group(cat, op.Branches, path, x)
	default:
		l := b.layer(op, path, info, b.inputGrad || x != b.plan.input)
		measure, _ := l.(layer.Measurer[T])
		s := step[T]{layer: l, measure: measure, in: []int{x}, out: b.value(info.Out), scratch: b.plan.scratch}
		b.plan.scratch += l.Scratch()
		b.plan.steps = append(b.plan.steps, s)
		return s.out
	}
}

func (b *builder[T]) layer(op spec.Op, path string, info spec.Layer, inputGrad bool) layer.Layer[T] {
	frame, at := b.plan.frame, func(name string) int { return b.params[path+name] }
	inputGrad = inputGrad && b.training
	switch op := op.(type) {
	case *spec.Conv:
		return layer.NewConv[T](frame, op, info.In, info.Out, at(".conv.weight"), at(".conv.bias"), inputGrad)
	case *spec.Linear:
		return layer.NewLinear[T](frame, info.In, info.Out, at(".linear.weight"), at(".linear.bias"), inputGrad)
	case *spec.CG:
		return layer.NewCG[T](frame, op, info.In, info.Out, at(".cg.coefficients"))
	case *spec.Norm:
		offsets := layer.NormParams{
			Scale: at(".norm.scale"), Shift: at(".norm.shift"), Mean: at(".norm.mean"), Var: at(".norm.variance"),
		}
		if b.training {
			return layer.NewNorm[T](frame, info.In, offsets)
		}
		return layer.NewAffine[T](frame, info.In, offsets)
	case *spec.Pool:
		return layer.NewPool[T](frame, op, info.In, info.Out)
	case *spec.ReLU:
		return layer.NewReLU[T](frame, info.In)
	}
	panic(fmt.Sprintf("cpu.Compile: no layer for %T", op))
}

func (b *builder[T]) group(j join, branches [][]spec.Op, path string, x int) int {
	s := step[T]{join: j}
	for k, ops := range branches {
		s.in = append(s.in, b.chain(ops, fmt.Sprintf("%s.%d.", path, k), x))
	}
	s.out = b.value(b.layers[path].Out)
	b.plan.steps = append(b.plan.steps, s)
	return s.out
}
