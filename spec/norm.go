package spec

// Norm is batch normalisation with a learned scale and shift per channel. At
// inference it is an affine map.
type Norm struct{ Pos }

func (*Norm) name() string { return "Norm" }

func (*Norm) fields() []field { return nil }

func (*Norm) out(in []Shape, _ faultFunc) Shape { return in[0] }

func (*Norm) degree(in []int) int { return in[0] }

func (*Norm) params(path string, in Shape) []Param {
	return []Param{
		{Name: path + ".norm.scale", Role: Scale, FanIn: 1, Shape: []int{in.C}},
		{Name: path + ".norm.shift", Role: Shift, FanIn: 1, Shape: []int{in.C}},
		{Name: path + ".norm.mean", Role: Mean, FanIn: 1, Shape: []int{in.C}},
		{Name: path + ".norm.variance", Role: Var, FanIn: 1, Shape: []int{in.C}},
	}
}

func (*Norm) macs(_, _ Shape) int { return 0 }
