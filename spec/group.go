package spec

import "slices"

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

// group is an operation that reads the outputs of its branches.
type group interface {
	Op
	branches() [][]Op
	// with returns the same operation with other branches.
	with(branches [][]Op) Op
}

func (*Sum) name() string { return "Sum" }
func (*Cat) name() string { return "Cat" }

func (op *Sum) branches() [][]Op { return op.Branches }
func (op *Cat) branches() [][]Op { return op.Branches }

func (op *Sum) with(branches [][]Op) Op { return &Sum{op.Pos, branches} }
func (op *Cat) with(branches [][]Op) Op { return &Cat{op.Pos, branches} }

func (*Sum) fields() []field { return nil }
func (*Cat) fields() []field { return nil }

func (*Sum) out(in []Shape, fault faultFunc) Shape {
	for _, s := range in[1:] {
		if s != in[0] {
			fault("branches of Sum give %v and %v, want one shape", in[0], s)
			return Shape{}
		}
	}
	return in[0]
}

func (*Cat) out(in []Shape, fault faultFunc) Shape {
	out := in[0]
	for _, s := range in[1:] {
		switch {
		case s.H != out.H || s.W != out.W:
			fault("branches of Cat give %v and %v, want one lattice", in[0], s)
			return Shape{}
		case s.C > maxSize-out.C:
			fault("the branches of Cat have more than %d channels", maxSize)
			return Shape{}
		}
		out.C += s.C
	}
	return out
}

func (*Sum) degree(in []int) int { return joined(in) }
func (*Cat) degree(in []int) int { return joined(in) }

// joined returns the highest degree, or 0 if a branch is not a polynomial.
func joined(degrees []int) int {
	if slices.Min(degrees) == 0 {
		return 0
	}
	return slices.Max(degrees)
}

func (*Sum) params(string, Shape) []Param { return nil }
func (*Cat) params(string, Shape) []Param { return nil }

func (*Sum) macs(_, _ Shape) int { return 0 }
func (*Cat) macs(_, _ Shape) int { return 0 }
