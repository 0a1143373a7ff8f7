package engine

import (
	"fmt"

	"github.com/coarsegrain/taylornet/internal/layer"
	"github.com/coarsegrain/taylornet/spec"
	"github.com/coarsegrain/taylornet/tensor"
)

// Fold returns the network without norms, and its parameters with the norms'
// statistics in them: the same function at inference, with nothing left but the
// polynomial. A norm that directly follows a convolution, a linear layer, a
// coarse-graining or a Taylor expansion is multiplied into it; any other becomes a
// coarse-graining of order 1 of single sites. Coarse-grainings that share
// coefficients get copies of their own.
func Fold[T tensor.Float](net *spec.Net, params []T) (*spec.Net, []T, error) {
	list := net.Params()
	if want := VectorLen(list); len(params) != want {
		return nil, nil, fmt.Errorf("%w: %d values, the network has %d", ErrParams, len(params), want)
	}
	f := folder[T]{from: make(map[string][]T), to: make(map[string][]T)}
	for _, p := range list {
		f.from[p.Name] = params[p.Offset:][:p.Size()]
	}
	folded := &spec.Net{Input: net.Input, Ops: f.ops(net.Ops, "", "")}
	list = folded.Params()
	values := tensor.Alloc[T](VectorLen(list))
	for _, p := range list {
		copy(values[p.Offset:], f.to[p.Name])
	}
	return folded, values, nil
}

// folder holds tensors by name, in the given network and in the folded one.
type folder[T tensor.Float] struct{ from, to map[string][]T }

// ops folds a chain of operations; the prefixes are its paths in the given
// and the folded network.
func (f folder[T]) ops(ops []spec.Op, from, to string) []spec.Op {
	var out []spec.Op
	for i, op := range ops {
		fromPath, next := fmt.Sprint(from, i), fmt.Sprint(to, len(out))
		if _, ok := op.(*spec.Norm); !ok {
			out = append(out, f.op(op, fromPath, next))
			continue
		}
		if len(out) > 0 && f.fold(out[len(out)-1], fmt.Sprint(to, len(out)-1), fromPath) {
			continue
		}
		out = append(out, f.affine(fromPath, next))
	}
	return out
}

// op copies an operation's tensors to their new names and folds within groups.
func (f folder[T]) op(op spec.Op, from, to string) spec.Op {
	branches := func(list [][]spec.Op) [][]spec.Op {
		out := make([][]spec.Op, len(list))
		for b, ops := range list {
			out[b] = f.ops(ops, fmt.Sprintf("%s.%d.", from, b), fmt.Sprintf("%s.%d.", to, b))
		}
		return out
	}
	switch op := op.(type) {
	case *spec.Sum:
		return &spec.Sum{Pos: op.Pos, Branches: branches(op.Branches)}
	case *spec.Cat:
		return &spec.Cat{Pos: op.Pos, Branches: branches(op.Branches)}
	}
	owner := spec.Layer{Path: from, Op: op}.Owner()
	for _, name := range tensors(op) {
		f.to[to+name] = append([]T(nil), f.from[owner+name]...)
	}
	if cg, ok := op.(*spec.CG); ok && cg.Tie > 0 {
		untied := *cg
		untied.Tie = 0
		return &untied
	}
	return op
}

// tensors lists the names of an operation's parameters, less its path.
func tensors(op spec.Op) []string {
	switch op.(type) {
	case *spec.Conv:
		return []string{".conv.weight", ".conv.bias"}
	case *spec.Linear:
		return []string{".linear.weight", ".linear.bias"}
	case *spec.CG:
		return []string{".cg.coefficients"}
	case *spec.Taylor:
		return []string{".taylor.coefficients"}
	}
	return nil
}

// fold multiplies the norm at path from into the operation at path to, if its
// output is linear in its parameters with channels innermost. All tensors of
// such an operation are scaled; the constant term is also shifted.
func (f folder[T]) fold(into spec.Op, to, from string) bool {
	var constant string
	switch into.(type) {
	case *spec.Conv:
		constant = ".conv.bias"
	case *spec.Linear:
		constant = ".linear.bias"
	case *spec.CG:
		constant = ".cg.coefficients"
	case *spec.Taylor:
		constant = ".taylor.coefficients"
	default:
		return false
	}
	scale, shift := f.norm(from)
	for c := range scale {
		for _, name := range tensors(into) {
			v := f.to[to+name]
			for i := c; i < len(v); i += len(scale) {
				v[i] *= scale[c]
			}
		}
		f.to[to+constant][c] += shift[c]
	}
	return true
}

// norm is the scale and shift of each channel by the norm at a path.
func (f folder[T]) norm(from string) (scale, shift []T) {
	gamma, beta := f.from[from+".norm.scale"], f.from[from+".norm.shift"]
	mean, variance := f.from[from+".norm.mean"], f.from[from+".norm.variance"]
	scale, shift = make([]T, len(gamma)), make([]T, len(gamma))
	for c := range gamma {
		scale[c], shift[c] = layer.FoldNorm(gamma[c], beta[c], mean[c], variance[c])
	}
	return scale, shift
}

// affine puts at path to what the norm at path from is.
func (f folder[T]) affine(from, to string) spec.Op {
	scale, shift := f.norm(from)
	f.to[to+".cg.coefficients"] = append(shift, scale...)
	return &spec.CG{L1: 1, L2: 1, C: len(scale), S1: 1, S2: 1, D: 1, Order: 1}
}
