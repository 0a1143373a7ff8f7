package spec

import (
	"fmt"
	"slices"
	"strings"
)

// control makes of a coarse-graining what stands in its place in a control.
type control struct {
	name string
	make func(*CG) []Op
}

// controls holds all of them, in the order of Controls.
var controls = []control{
	{"relu-avg", func(g *CG) []Op { return pooled(g, false) }},
	{"relu-max", func(g *CG) []Op { return pooled(g, true) }},
	{"linear", func(g *CG) []Op {
		linear := *g
		linear.Order = 1
		return []Op{&linear}
	}},
	{"undilated", func(g *CG) []Op {
		dense := *g
		if g.D > 1 {
			dense.D, dense.S1, dense.S2 = 1, g.L1, g.L2
		}
		return []Op{&dense}
	}},
}

// pooled is ReLU and, unless the window is a single site, pooling of the window.
func pooled(g *CG, largest bool) []Op {
	ops := []Op{&ReLU{g.Pos}}
	if g.L1*g.L2*g.S1*g.S2 > 1 {
		ops = append(ops, &Pool{Pos: g.Pos, Max: largest, L1: g.L1, L2: g.L2, S1: g.S1, S2: g.S2, D: g.D})
	}
	return ops
}

// Controls lists the names that Net.Control takes.
func Controls() []string {
	var names []string
	for _, c := range controls {
		names = append(names, c.name)
	}
	return names
}

// Control is the network with others in the place of its coarse-grainings, to
// find out by comparison what they do:
//
//   - relu-avg and relu-max: ReLU and average or max pooling of the same window
//   - linear: coarse-grainings of order 1
//   - undilated: dilated windows drawn together, with strides of their own size
//
// Nothing else changes, so it has a few parameters fewer. It is an error if there
// is nothing to replace, or if the lattice becomes too small for what follows.
func (n *Net) Control(name string) (*Net, error) {
	at := slices.IndexFunc(controls, func(c control) bool { return c.name == name })
	if at < 0 {
		return nil, fmt.Errorf("unknown control %q: want %s", name, strings.Join(Controls(), ", "))
	}
	twin := &Net{Input: n.Input, Ops: replaced(n.Ops, controls[at].make)}
	if twin.String() == n.String() {
		return nil, fmt.Errorf("control %s: the network has nothing to replace", name)
	}
	if err := twin.Validate(); err != nil {
		return nil, fmt.Errorf("control %s: %w", name, err)
	}
	return twin, nil
}

// replaced is operations with others in the place of coarse-grainings.
func replaced(ops []Op, by func(*CG) []Op) []Op {
	branches := func(list [][]Op) [][]Op {
		var out [][]Op
		for _, branch := range list {
			out = append(out, replaced(branch, by))
		}
		return out
	}
	var out []Op
	for _, op := range ops {
		switch op := op.(type) {
		case *CG:
			out = append(out, by(op)...)
		case *Sum:
			out = append(out, &Sum{op.Pos, branches(op.Branches)})
		case *Cat:
			out = append(out, &Cat{op.Pos, branches(op.Branches)})
		default:
			out = append(out, op)
		}
	}
	return out
}
