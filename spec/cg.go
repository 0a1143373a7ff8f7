package spec

import (
	"strconv"

	"github.com/coarsegrain/taylornet/poly"
)

// CG is CG(l1,l2,c,s1,s2,d): coarse-graining. Per channel, over the window's
// n = L1*L2 members x_1..x_n, which lie D apart, it computes the polynomial
//
//	y = c + sum_i a_i x_i + sum_{i<=j} b_ij x_i x_j   (order 2)
//
// with all coefficients learned. C equals the number of input channels. Order
// is 1, 2 or 3; it is written CG(2,2,64,2,2,order=3) unless it is 2. All CGs of a
// network with the same Tie share their coefficients, written
// CG(2,2,64,2,2,tie=1): the same coarse-graining at every scale. With Tie 0 a CG
// has coefficients of its own.
type CG struct {
	Pos
	L1, L2, C, S1, S2, D int
	Order, Tie           int
}

func (*CG) name() string { return "CG" }

func (op *CG) fields() []field {
	return []field{
		required("l1", &op.L1), required("l2", &op.L2), required("c", &op.C),
		required("s1", &op.S1), required("s2", &op.S2),
		dilation(&op.D),
		order(&op.Order),
		{name: "tie", value: &op.Tie, max: maxValue, optional: true, named: true},
	}
}

func (op *CG) out(in []Shape, fault faultFunc) Shape {
	out := slide(in[0], in[0].C, window{l1: op.L1, l2: op.L2, s1: op.S1, s2: op.S2, d: op.D}, fault)
	if in[0] != (Shape{}) && op.C != in[0].C {
		fault("c of CG is %d, want %d, the channels of its input %v", op.C, in[0].C, in[0])
	}
	return out
}

func (op *CG) degree(in []int) int { return raised(in[0], op.Order) }

func (op *CG) params(path string, _ Shape) []Param {
	if op.Tie > 0 {
		path = "tie" + strconv.Itoa(op.Tie)
	}
	taps := op.L1 * op.L2
	return []Param{{Name: path + ".cg.coefficients", Role: Coefs, FanIn: taps, Shape: []int{poly.NumMonomials(taps, op.Order), op.C}}}
}

func (op *CG) macs(_, out Shape) int {
	return out.H * out.W * (poly.NumMonomials(op.L1*op.L2, op.Order) - 1) * op.C
}
