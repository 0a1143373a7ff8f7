package spec

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
	// Name is the path of its operation and what it is: "0.conv.weight";
	// within groups "4.1.0.cg.coefficients" is op 0 of branch 1 of op 4. What CGs
	// with tie=1 share is "tie1.cg.coefficients". See Layer.Owner.
	Name string
	// Shape is [L1,L2,Cin,C] for a convolution's weight, [Cin,N] for a linear
	// layer's, [terms,C] for the coefficients of a CG or Taylor with terms in the order
	// of Monomials, [C] for the others.
	Shape []int
	Role  Role
	// FanIn is the number of inputs that one output sums over.
	FanIn int
	// Offset is the place of the first element in the network's flat parameter
	// vector. Trained parameters come before statistics.
	Offset int
}

// Size is the number of elements.
func (p Param) Size() int {
	n := 1
	for _, d := range p.Shape {
		n *= d
	}
	return n
}
