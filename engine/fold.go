package engine

import (
	"fmt"

	"github.com/coarsegrain/taylornet/layer"
	"github.com/coarsegrain/taylornet/spec"
	"github.com/coarsegrain/taylornet/tensor"
)

// Fold returns the network without the norms that directly follow a
// convolution, a linear layer, a coarse-graining or a Taylor expansion, and its parameters with
// those norms' statistics multiplied in: the same function at
// inference, with nothing left but the polynomial. Other norms stay. Coarse-grainings
// that share coefficients get copies of their own.
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
		fromPath := fmt.Sprint(from, i)
		if _, ok := op.(*spec.Norm); ok && len(out) > 0 {
			last := fmt.Sprint(to, len(out)-1)
			if f.fold(out[len(out)-1], last, fromPath) {
				continue
			}
		}
		out = append(out, f.op(op, fromPath, fmt.Sprint(to, len(out))))
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
	case *spec.Norm:
		return []string{".norm.scale", ".norm.shift", ".norm.mean", ".norm.variance"}
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
	gamma, beta := f.from[from+".norm.scale"], f.from[from+".norm.shift"]
	mean, variance := f.from[from+".norm.mean"], f.from[from+".norm.variance"]
	for c := range gamma {
		scale, shift := layer.FoldNorm(gamma[c], beta[c], mean[c], variance[c])
		for _, name := range tensors(into) {
			v := f.to[to+name]
			for i := c; i < len(v); i += len(gamma) {
				v[i] *= scale
			}
		}
		f.to[to+constant][c] += shift
	}
	return true
}
