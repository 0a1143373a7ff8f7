package spec

import (
	"fmt"
	"slices"
	"strings"
)

// control makes of a coarse-graining what stands in its place in a control, which
// keeps the gains or has none.
type control struct {
	name  string
	make  func(*CG) []Op
	gains bool
}

// controls holds all of them, in the order of Controls.
var controls = []control{
	{"relu-avg", func(g *CG) []Op { return pooled(g, false) }, false},
	{"relu-max", func(g *CG) []Op { return pooled(g, true) }, false},
	{"linear", func(g *CG) []Op {
		linear := *g
		linear.Order = 1
		return []Op{&linear}
	}, false},
	{"undilated", func(g *CG) []Op {
		dense := *g
		if g.D > 1 {
			dense.D, dense.S1, dense.S2 = 1, g.L1, g.L2
		}
		return []Op{&dense}
	}, true},
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
// All but undilated are without gains, which rectifiers do not need and which are no
// more linear than products. Nothing else changes, so it has a few parameters fewer. It is an error if there
// is nothing to replace, or if the lattice becomes too small for what follows.
func (n *Net) Control(name string) (*Net, error) {
	at := slices.IndexFunc(controls, func(c control) bool { return c.name == name })
	if at < 0 {
		return nil, fmt.Errorf("unknown control %q: want %s", name, strings.Join(Controls(), ", "))
	}
	twin := &Net{Input: n.Input, Ops: controls[at].replace(n.Ops)}
	if twin.String() == n.String() {
		return nil, fmt.Errorf("control %s: the network has nothing to replace", name)
	}
	if err := twin.Validate(); err != nil {
		return nil, fmt.Errorf("control %s: %w", name, err)
	}
	return twin, nil
}

// replace returns the operations that stand in the place of ops.
func (c *control) replace(ops []Op) []Op {
	branches := func(list [][]Op) [][]Op {
		var out [][]Op
		for _, branch := range list {
			out = append(out, c.replace(branch))
		}
		return out
	}
	var out []Op
	for _, op := range ops {
		switch op := op.(type) {
		case *CG:
			out = append(out, c.make(op)...)
		case *Gain:
			if c.gains {
				out = append(out, op)
			}
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
