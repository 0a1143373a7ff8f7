package spec

import "github.com/coarsegrain/taylornet/poly"

// Taylor is Taylor(n,order=k): the direct Taylor expansion, N polynomials of
// degree Order of all values x_i of the feature map, [1,1,N]. Order 2 is
//
//	y = c + sum_i a_i x_i + sum_{i<=j} b_ij x_i x_j
//
// with all coefficients learned.
type Taylor struct {
	Pos
	N     int
	Order int // 1, 2 or 3
}

func (*Taylor) name() string { return "Taylor" }

func (op *Taylor) fields() []field { return []field{required("n", &op.N), order(&op.Order)} }

func (op *Taylor) out([]Shape, faultFunc) Shape { return Shape{H: 1, W: 1, C: op.N} }

func (op *Taylor) degree(in []int) int { return raised(in[0], op.Order) }

func (op *Taylor) params(path string, in Shape) []Param {
	n := in.Size()
	return []Param{{Name: path + ".taylor.coefficients", Role: Expansion, FanIn: n, Shape: []int{poly.NumMonomials(n, op.Order), op.N}}}
}

func (op *Taylor) macs(in, _ Shape) int { return (poly.NumMonomials(in.Size(), op.Order) - 1) * op.N }
