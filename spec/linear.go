package spec

// Linear is Linear(n): a dense layer with bias from the flattened feature map
// to N values, [1,1,N].
type Linear struct {
	Pos
	N int
}

func (*Linear) name() string { return "Linear" }

func (op *Linear) fields() []field { return []field{required("n", &op.N)} }

func (op *Linear) out([]Shape, faultFunc) Shape { return Shape{H: 1, W: 1, C: op.N} }

func (*Linear) degree(in []int) int { return in[0] }

func (op *Linear) params(path string, in Shape) []Param {
	fanIn := in.Size()
	return []Param{
		{Name: path + ".linear.weight", Role: Weight, FanIn: fanIn, Shape: []int{fanIn, op.N}},
		{Name: path + ".linear.bias", Role: Bias, FanIn: fanIn, Shape: []int{op.N}},
	}
}

func (op *Linear) macs(in, _ Shape) int { return in.Size() * op.N }
