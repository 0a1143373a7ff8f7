package spec

// Flatten reads [H,W,C] as [1,1,H*W*C].
type Flatten struct{ Pos }

func (*Flatten) name() string { return "Flatten" }

func (*Flatten) fields() []field { return nil }

func (*Flatten) out(in []Shape, _ faultFunc) Shape {
	if in[0] == (Shape{}) {
		return in[0]
	}
	return Shape{H: 1, W: 1, C: in[0].Size()}
}

func (*Flatten) degree(in []int) int { return in[0] }

func (*Flatten) params(string, Shape) []Param { return nil }

func (*Flatten) macs(_, _ Shape) int { return 0 }
