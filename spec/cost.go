package spec

import "math"

// Layer is what an operation is and costs within a network.
type Layer struct {
	// Path is the operation's place in the tree, as in the names of
	// parameters: "4.1.0" is op 0 of branch 1 of op 4.
	Path    string
	Op      Op
	Depth   int // of groups around it
	In, Out Shape
	// Params counts the trained parameters, MACs the multiply-adds of one
	// image's inference as Net.MACs has them. A group's are in its branches.
	Params, MACs int
	// Degree is the degree in the network's input of the polynomial up to and
	// with this operation, as Net.Degree has it.
	Degree int
}

// Layers lists the operations in order of computation. A group's own line
// comes before those of its branches.
func (n *Net) Layers() []Layer { return n.walked("Layers").layers }

// NumParams counts the trained parameters.
func (n *Net) NumParams() int {
	total := 0
	for _, l := range n.walked("NumParams").layers {
		total += l.Params
	}
	return total
}

// MACs counts the multiply-adds of one image's inference: L1*L2*Cin*C at each
// site of a convolution, padding included, Cin*N of a linear layer, and one
// for each term but the constant of every polynomial of a CG or Taylor (its
// number in Horner's form; 14 for four variables and order 2), two for each value of a
// Gain. Norms are folded into
// their neighbours and cost none; the additions and comparisons of pools, sums
// and ReLU are not counted.
func (n *Net) MACs() int {
	total := 0
	for _, l := range n.walked("MACs").layers {
		total += l.MACs
	}
	return total
}

// Degree is the degree of the polynomial of its input that the network is:
// the product of the orders of the CGs, Gains and Taylors along the path on which it is largest.
// From MaxDegree on it stays at that. It is 0 if the network is no
// polynomial.
func (n *Net) Degree() int { return n.walked("Degree").out.degree }

// MaxDegree is what Degree counts to, so that every program that reads JSON has the
// same number.
const MaxDegree = math.MaxInt & (1<<53 - 1)

// Polynomial reports whether the network is a polynomial of its input: without
// ReLU and MaxPool.
func (n *Net) Polynomial() bool { return n.walked("Polynomial").out.degree > 0 }

// degreeAfter is the degree of an operation's output for that of its input.
func degreeAfter(op Op, degree int) int {
	switch op := op.(type) {
	case *CG:
		return raised(degree, op.Order)
	case *Taylor:
		return raised(degree, op.Order)
	case *Gain:
		return raised(degree, GainOrder)
	case *Pool:
		if op.Max {
			return 0
		}
	case *ReLU:
		return 0
	}
	return degree
}

// raised is the degree of a polynomial of the given order in a polynomial.
func raised(degree, order int) int {
	if degree > MaxDegree/order {
		return MaxDegree
	}
	return degree * order
}

// joinedDegree is the degree of a group's output for those of two branches.
func joinedDegree(a, b int) int {
	if a == 0 || b == 0 {
		return 0
	}
	return max(a, b)
}

// layerMACs counts a layer's multiply-adds. The bounds on parameters and
// feature maps keep it, and the sum over a network, below 2^60.
func layerMACs(l *Layer) int {
	sites := l.Out.H * l.Out.W
	switch op := l.Op.(type) {
	case *Conv:
		return sites * op.L1 * op.L2 * l.In.C * op.C
	case *CG:
		return sites * (terms(op.L1*op.L2, op.Order) - 1) * op.C
	case *Taylor:
		return (terms(l.In.Size(), op.Order) - 1) * op.N
	case *Gain:
		return 2 * l.In.Size()
	case *Linear:
		return l.In.Size() * op.N
	}
	return 0
}
