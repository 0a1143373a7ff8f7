package spec

// Conv is Conv(l1,l2,c,s1,s2,p): a convolution with bias, kernel L1 x L2,
// C output channels, strides S1 x S2, zero padding P on every side.
type Conv struct {
	Pos
	L1, L2, C, S1, S2, P int
}

func (*Conv) name() string { return "Conv" }

func (op *Conv) fields() []field {
	return []field{
		required("l1", &op.L1), required("l2", &op.L2), required("c", &op.C),
		required("s1", &op.S1), required("s2", &op.S2),
		{name: "p", value: &op.P, max: maxValue, optional: true},
	}
}

func (op *Conv) out(in []Shape, fault faultFunc) Shape {
	return slide(in[0], op.C, window{l1: op.L1, l2: op.L2, s1: op.S1, s2: op.S2, p: op.P, d: 1}, fault)
}

func (*Conv) degree(in []int) int { return in[0] }

func (op *Conv) params(path string, in Shape) []Param {
	fanIn := op.L1 * op.L2 * in.C
	return []Param{
		{Name: path + ".conv.weight", Role: Weight, FanIn: fanIn, Shape: []int{op.L1, op.L2, in.C, op.C}},
		{Name: path + ".conv.bias", Role: Bias, FanIn: fanIn, Shape: []int{op.C}},
	}
}

func (op *Conv) macs(in, out Shape) int { return out.H * out.W * op.L1 * op.L2 * in.C * op.C }
