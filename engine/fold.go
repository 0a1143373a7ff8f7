package engine

import (
	"fmt"

	"github.com/coarsegrain/taylornet/internal/layer"
	"github.com/coarsegrain/taylornet/spec"
	"github.com/coarsegrain/taylornet/tensor"
)

// Folded is a network without norms.
type Folded[T tensor.Float] struct {
	Net    *spec.Net
	Params []T // laid out as in Net.Params
	// From lists, for each of Net.Steps, the step that it was made from, by its place
	// in the Steps of the original network.
	From []int
}

// Fold returns the network with the statistics of its norms in the parameters: the
// same function at inference, with nothing left but the polynomial. A norm that
// directly follows a convolution, a linear layer, a coarse-graining or a Taylor
// expansion is multiplied into it. Any other norm becomes a coarse-graining of order 1
// of single sites. Coarse-grainings that share coefficients get copies of their own.
// The error wraps ErrParams.
func Fold[T tensor.Float](net *spec.Net, params []T) (*Folded[T], error) {
	if want := VectorLen(net.Params()); len(params) != want {
		return nil, fmt.Errorf("%w: %d values, the network has %d", ErrParams, len(params), want)
	}
	f := folder[T]{params: params}
	gone := make([]bool, len(net.Steps()))
	out := &Folded[T]{Net: net.Replace(func(i int, s spec.Step) []spec.Op {
		op := f.replace(i, s)
		gone[i] = op == nil
		return op
	})}
	for i := range gone {
		if !gone[i] {
			out.From = append(out.From, i)
		}
	}
	out.Params = tensor.Alloc[T](VectorLen(out.Net.Params()))
	at := 0
	for _, v := range f.kept {
		at += copy(out.Params[at:], v)
	}
	return out, nil
}

// folder folds a network step by step.
type folder[T tensor.Float] struct {
	params []T
	kept   [][]T // tensors of the folded network, in order
	last   [][]T // of these, what the last step uses
	step   int   // the last step that is not a group
}

// replace returns what replaces an operation in the folded network: one operation, or
// none for a norm that was multiplied into another.
func (f *folder[T]) replace(i int, s spec.Step) []spec.Op {
	adjacent := i > 0 && f.step == i-1
	f.step = i
	if _, ok := s.Op.(*spec.Norm); ok {
		return f.norm(s, s.Follows && adjacent)
	}
	f.last = nil
	for _, p := range s.Params {
		f.last = append(f.last, append([]T(nil), f.values(p)...))
	}
	f.kept = append(f.kept, f.last...)
	if cg, ok := s.Op.(*spec.CG); ok && cg.Tie > 0 {
		untied := *cg
		untied.Tie = 0
		return []spec.Op{&untied}
	}
	return []spec.Op{s.Op}
}

// norm multiplies a norm into the operation that it follows, or else returns a
// coarse-graining that does the same. An operation with parameters is linear in them,
// with channels innermost: all are scaled, and the constant term is also shifted.
func (f *folder[T]) norm(s spec.Step, foldable bool) []spec.Op {
	gamma, beta := f.values(s.Param(spec.Scale)), f.values(s.Param(spec.Shift))
	mean, variance := f.values(s.Param(spec.Mean)), f.values(s.Param(spec.Var))
	scale, shift := make([]T, len(gamma)), make([]T, len(gamma))
	for c := range gamma {
		scale[c], shift[c] = layer.FoldNorm(gamma[c], beta[c], mean[c], variance[c])
	}
	if !foldable || len(f.last) == 0 {
		f.last = [][]T{append(shift, scale...)}
		f.kept = append(f.kept, f.last...)
		return []spec.Op{&spec.CG{L1: 1, L2: 1, C: len(scale), S1: 1, S2: 1, D: 1, Order: 1}}
	}
	constant := f.last[len(f.last)-1]
	for c := range scale {
		for _, v := range f.last {
			for i := c; i < len(v); i += len(scale) {
				v[i] *= scale[c]
			}
		}
		constant[c] += shift[c]
	}
	return nil
}

func (f *folder[T]) values(p spec.Param) []T { return f.params[p.Offset:][:p.Size()] }
