package spec

// Gain is Gain(e): gain control. All values x_k of a site are multiplied by one
// polynomial of its energy u, the mean of their squares in units of E:
//
//	y_k = x_k (1 - 5/3 u + u^2), u = (sum_k x_k^2) / (C e)
//
// Large values become smaller, much as if they were divided by their length, as long
// as u is at most 1 or a little more. A gain has no parameters. Its order in x is 5.
type Gain struct {
	Pos
	E int
}

// A gain's polynomial is 1 + GainLinear u + GainSquare u^2. gainOrder is its order in x.
const (
	GainLinear = -5. / 3
	GainSquare = 1.
	gainOrder  = 5
)

func (*Gain) name() string { return "Gain" }

func (op *Gain) fields() []field { return []field{required("e", &op.E)} }

func (*Gain) out(in []Shape, _ faultFunc) Shape { return in[0] }

func (*Gain) degree(in []int) int { return raised(in[0], gainOrder) }

func (*Gain) params(string, Shape) []Param { return nil }

func (*Gain) macs(in, _ Shape) int { return 2 * in.Size() }
