package spec

import "slices"

// Role says what a parameter does, which decides its initial value, its weight
// decay and its update.
type Role int

// The roles of parameters.
const (
	Weight    Role = iota // of a convolution or linear layer: decayed
	Bias                  // of a convolution or linear layer
	Scale                 // of a norm, gamma
	Shift                 // of a norm, beta
	Coefs                 // of a CG
	Expansion             // coefficients of a Taylor
	Mean                  // of a norm's input over the data: a statistic, not trained
	Var                   // of a norm's input over the data: a statistic, not trained
)

// Statistic reports whether the parameter is measured rather than trained.
func (r Role) Statistic() bool { return r == Mean || r == Var }

// Param is one parameter tensor of a network.
type Param struct {
	// Name is the path of the operation and what the parameter is, as in
	// "0.conv.weight". Within groups "4.1.0.cg.coefficients" belongs to op 0 of branch 1
	// of op 4. CGs with tie=1 share "tie1.cg.coefficients".
	Name string
	// Shape is [L1,L2,Cin,C] for a convolution's weight, [Cin,N] for a linear
	// layer's, [terms,C] for the coefficients of a CG or Taylor with terms in the order
	// of poly.Monomials, and [C] for the others.
	Shape []int
	Role  Role
	// FanIn is the number of inputs that one output sums over.
	FanIn int
	// Offset is the place of the first element in the network's flat parameter
	// vector. Trained parameters come before statistics.
	Offset int
}

// Size returns the number of elements.
func (p Param) Size() int {
	n := 1
	for _, d := range p.Shape {
		n *= d
	}
	return n
}

// Params lists the parameters in the layout of the flat vector: the trained
// ones in order of layers, then the statistics in order of layers.
func (n *Net) Params() []Param { return layout(n.walked("Params").params) }

// layout orders parameters for the flat vector and sets their offsets.
func layout(params []Param) []Param {
	slices.SortStableFunc(params, func(a, b Param) int {
		switch sa, sb := a.Role.Statistic(), b.Role.Statistic(); {
		case sa == sb:
			return 0
		case sa:
			return 1
		}
		return -1
	})
	offset := 0
	for i := range params {
		params[i].Offset = offset
		offset += params[i].Size()
	}
	return params
}
