package spec

import "math"

// Layer says what an operation is and costs within a network.
type Layer struct {
	// Path is the operation's place in the tree, as in the names of
	// parameters: "4.1.0" is op 0 of branch 1 of op 4.
	Path    string
	Op      Op
	Depth   int // number of groups around it
	In, Out Shape
	// NumParams counts the trained parameters, and MACs the multiply-adds per image as
	// Net.MACs does. Both are 0 for a group, whose branches are layers of their own.
	NumParams, MACs int
	// Degree is the degree of the operation's output as a polynomial of the network's
	// input, counted as Net.Degree does.
	Degree int
}

// Name returns the operation's name in the notation, as in "CG".
func (l Layer) Name() string { return l.Op.name() }

// values returns the values of the layer's operation by their names in the
// notation, with those that may be left out: for CG(2,2,64,2,2) l1, l2, c, s1,
// s2, d, order and tie.
func (l Layer) values() map[string]int {
	values := make(map[string]int)
	for _, f := range l.Op.fields() {
		values[f.name] = *f.value
	}
	return values
}

// String returns the operation in the notation, as in "CG(2,2,64,2,2)". For a group it
// returns the name alone, since the branches are layers of their own.
func (l Layer) String() string { return call(l.Op.name(), l.Op.fields()) }

// Layers lists the operations in the order in which they are written: a group
// comes before its branches. See Net.Steps for the order of computation.
func (n *Net) Layers() []Layer { return n.walked("Layers").layers }

// Out returns the shape of the network's output, [1,1,K]. Like every method that
// computes something of a network it panics if Validate finds a fault.
func (n *Net) Out() Shape { return n.walked("Out").out.shape }

// NumParams returns the number of trained parameters.
func (n *Net) NumParams() int {
	total := 0
	for _, l := range n.walked("NumParams").layers {
		total += l.NumParams
	}
	return total
}

// MACs returns the number of multiply-adds that inference takes per image:
//
//   - L1*L2*Cin*C at each site of a convolution, padding included
//   - Cin*N of a linear layer
//   - one for each term but the constant of every polynomial of a CG or Taylor,
//     which is their number in Horner's form: 14 for four variables and order 2
//   - two for each value of a Gain
//
// Norms cost none, because they are folded into their neighbours. The additions and
// comparisons of pools, sums and ReLU are not counted. The bounds on parameters and
// feature maps keep the sum below 2^60.
func (n *Net) MACs() int {
	total := 0
	for _, l := range n.walked("MACs").layers {
		total += l.MACs
	}
	return total
}

// Degree returns the degree of the network as a polynomial of its input. That is the
// product of the orders of the CGs, Gains and Taylors along the path on which it is
// largest. Degree returns at most MaxDegree, and 0 if the network is not a polynomial.
func (n *Net) Degree() int { return n.walked("Degree").out.degree }

// MaxDegree is the largest number that Degree returns. It is the largest integer that
// every reader of JSON represents exactly.
const MaxDegree = math.MaxInt & (1<<53 - 1)

// Polynomial reports whether the network is a polynomial of its input: whether it is
// without ReLU and MaxPool.
func (n *Net) Polynomial() bool { return n.walked("Polynomial").out.degree > 0 }

// raised returns the degree of a polynomial of the given order in a polynomial.
func raised(degree, order int) int {
	if degree > MaxDegree/order {
		return MaxDegree
	}
	return degree * order
}
