package spec

import (
	"fmt"
	"slices"
	"strings"
)

// ablation says what replaces a coarse-graining, and whether gains are kept.
type ablation struct {
	name  string
	by    func(*CG) []Op
	gains bool
}

// ablations holds all of them, in the order of Ablations.
var ablations = []ablation{
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

// pooled returns ReLU and, unless the window is a single site, pooling of the window.
func pooled(g *CG, largest bool) []Op {
	ops := []Op{&ReLU{g.Pos}}
	if g.L1*g.L2*g.S1*g.S2 > 1 {
		ops = append(ops, &Pool{Pos: g.Pos, Max: largest, L1: g.L1, L2: g.L2, S1: g.S1, S2: g.S2, D: g.D})
	}
	return ops
}

// Ablations lists the names that Net.Ablation takes.
func Ablations() []string {
	var names []string
	for _, a := range ablations {
		names = append(names, a.name)
	}
	return names
}

// Ablation returns the network with its coarse-grainings replaced, to find out by
// comparison what they do:
//
//   - relu-avg and relu-max: ReLU and average or max pooling of the same window
//   - linear: coarse-grainings of order 1
//   - undilated: dilated windows become dense ones, with strides of their own size
//
// All but undilated also drop the gains: rectifiers do not need them, and they are not
// linear. Nothing else changes, so an ablation has a few parameters fewer. Ablation
// returns an error if the name is unknown, if there is nothing to replace, or if the
// lattice becomes too small for what follows.
func (n *Net) Ablation(name string) (*Net, error) {
	at := slices.IndexFunc(ablations, func(a ablation) bool { return a.name == name })
	if at < 0 {
		return nil, fmt.Errorf("unknown ablation %q: want one of %s", name, strings.Join(Ablations(), ", "))
	}
	ablated := n.Replace(func(_ int, s Step) []Op {
		switch op := s.Op.(type) {
		case *CG:
			return ablations[at].by(op)
		case *Gain:
			if !ablations[at].gains {
				return nil
			}
		}
		return []Op{s.Op}
	})
	if ablated.String() == n.String() {
		return nil, fmt.Errorf("ablation %s: the network has nothing to replace", name)
	}
	if err := ablated.Validate(); err != nil {
		return nil, fmt.Errorf("ablation %s: %w", name, err)
	}
	return ablated, nil
}
