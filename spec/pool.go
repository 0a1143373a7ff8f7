package spec

// Pool is AvgPool(l1,l2,s1,s2,d), or MaxPool, which only ablations have. AvgPool
// without values averages over the whole lattice: Global is set and the window
// fields are zero.
type Pool struct {
	Pos
	Max               bool
	Global            bool
	L1, L2, S1, S2, D int
}

// On returns the pool with the window that it has on a feature map: the whole lattice
// if it is global.
func (op *Pool) On(in Shape) Pool {
	if op.Global {
		return Pool{Pos: op.Pos, Max: op.Max, L1: in.H, L2: in.W, S1: 1, S2: 1, D: 1}
	}
	return *op
}

func (op *Pool) name() string {
	if op.Max {
		return "MaxPool"
	}
	return "AvgPool"
}

func (op *Pool) fields() []field {
	if op.Global {
		return nil
	}
	return []field{
		required("l1", &op.L1), required("l2", &op.L2),
		required("s1", &op.S1), required("s2", &op.S2),
		dilation(&op.D),
	}
}

func (op *Pool) out(in []Shape, fault faultFunc) Shape {
	switch {
	case !op.Global:
		return slide(in[0], in[0].C, window{l1: op.L1, l2: op.L2, s1: op.S1, s2: op.S2, d: op.D}, fault)
	case in[0] == (Shape{}):
		return in[0]
	case *op != Pool{Pos: op.Pos, Global: true}:
		fault("a global pool is an AvgPool without a window")
		return Shape{}
	}
	return Shape{H: 1, W: 1, C: in[0].C}
}

func (op *Pool) degree(in []int) int {
	if op.Max {
		return 0
	}
	return in[0]
}

func (*Pool) params(string, Shape) []Param { return nil }

func (*Pool) macs(_, _ Shape) int { return 0 }
