package spec

// Net is a network: an input shape and the operations applied to it in turn.
type Net struct {
	Input Shape
	Ops   []Op
}

// Shape is the shape of one feature map, [H,W,C]: the lattice H x W with C
// channels at each site.
type Shape struct{ H, W, C int }

// Size is the number of values, H*W*C: the degrees of freedom at this scale.
func (s Shape) Size() int { return s.H * s.W * s.C }

// Op is an operation: *Conv, *CG, *Taylor, *Norm, *Gain, *Linear, *Flatten,
// *Pool, *ReLU, *Sum or *Cat.
type Op interface {
	// Position is where the operation was read.
	Position() Pos
	op()
}

// Pos is a place in a source, line and column counted from 1. The zero Pos is
// no place: the operation was made by a program.
type Pos struct{ Line, Col int }

// Position returns p itself; operations embed a Pos.
func (p Pos) Position() Pos { return p }

// Conv is Conv(l1,l2,c,s1,s2,p): a convolution with bias, kernel L1 x L2,
// C output channels, strides S1 x S2, zero padding P on every side.
type Conv struct {
	Pos
	L1, L2, C, S1, S2, P int
}

// CG is CG(l1,l2,c,s1,s2,d): coarse-graining. Per channel, over the window's
// n = L1*L2 members x_1..x_n, which lie D apart, it computes the polynomial
//
//	y = c + sum_i a_i x_i + sum_{i<=j} b_ij x_i x_j   (order 2)
//
// with all coefficients learned. C equals the number of input channels. Order
// is 1, 2 or 3; written CG(2,2,64,2,2,order=3) when it is not 2. All CGs of a net
// with the same Tie share their coefficients, written CG(2,2,64,2,2,tie=1): the
// same coarse-graining at every scale. 0 is a CG of its own.
type CG struct {
	Pos
	L1, L2, C, S1, S2, D int
	Order, Tie           int
}

// Taylor is Taylor(n,order=k): the direct Taylor expansion, N polynomials of
// degree Order of all n values x_i of the feature map, [1,1,N]. Of order 2, with
// all coefficients learned,
//
//	y = c + sum_i a_i x_i + sum_{i<=j} b_ij x_i x_j
type Taylor struct {
	Pos
	N     int
	Order int // 1, 2 or 3
}

// Norm is batch normalisation with a learned scale and shift per channel; an
// affine map at inference.
type Norm struct{ Pos }

// Gain is Gain(e): gain control. All values x_k of a site are multiplied by one
// polynomial of its energy u, the mean of their squares in units of E:
//
//	y_k = x_k (1 - 5/3 u + u^2), u = (sum_k x_k^2) / (C e)
//
// What is large becomes smaller, much as if the values were divided by their length,
// as long as u is at most 1, or a little more. It has no parameters; of order 5 in x.
type Gain struct {
	Pos
	E int
}

// A gain's polynomial is 1 + GainLinear u + GainSquare u^2, and GainOrder its order in x.
const (
	GainLinear = -5. / 3
	GainSquare = 1.
	GainOrder  = 5
)

// Linear is Linear(n): a dense layer with bias from the flattened feature map
// to N values, [1,1,N].
type Linear struct {
	Pos
	N int
}

// Flatten reads [H,W,C] as [1,1,H*W*C].
type Flatten struct{ Pos }

// Pool is AvgPool(l1,l2,s1,s2,d), or MaxPool for controls only. AvgPool
// without arguments averages over the whole lattice: Global is set and the
// window fields are zero.
type Pool struct {
	Pos
	Max               bool
	Global            bool
	L1, L2, S1, S2, D int
}

// ReLU is max(x, 0): for controls only; a net with it is no polynomial.
type ReLU struct{ Pos }

// Sum is Sum{ a | b }: the sum of its branches' outputs. An empty branch is
// the identity.
type Sum struct {
	Pos
	Branches [][]Op
}

// Cat is Cat{ a | b }: the branches' outputs side by side as channels.
type Cat struct {
	Pos
	Branches [][]Op
}

func (*Conv) op()    {}
func (*CG) op()      {}
func (*Taylor) op()  {}
func (*Norm) op()    {}
func (*Gain) op()    {}
func (*Linear) op()  {}
func (*Flatten) op() {}
func (*Pool) op()    {}
func (*ReLU) op()    {}
func (*Sum) op()     {}
func (*Cat) op()     {}
