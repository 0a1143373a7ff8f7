package spec

// ReLU is max(x, 0). Only ablations have it: a network with it is not a polynomial.
type ReLU struct{ Pos }

func (*ReLU) name() string { return "ReLU" }

func (*ReLU) fields() []field { return nil }

func (*ReLU) out(in []Shape, _ faultFunc) Shape { return in[0] }

func (*ReLU) degree([]int) int { return 0 }

func (*ReLU) params(string, Shape) []Param { return nil }

func (*ReLU) macs(_, _ Shape) int { return 0 }
