package spec

import "fmt"

// Step is one operation of a network in the order of computation.
type Step struct {
	Layer
	// Inputs are the steps whose outputs it reads, by their places in Net.Steps; -1
	// is the network's input. A group has one for each branch, any other operation one.
	Inputs []int
	// Follows reports whether the operation directly follows that of the step before in
	// the notation. It then reads the output of that step, and no other step does. It is
	// false for a group.
	Follows bool
	// Params are the parameters as in Net.Params, the one with the constant term last.
	// For a Norm they are the scale, the shift, the mean and the variance. Operations
	// that share parameters list the same ones.
	Params []Param
}

// Param returns the parameter of the given role. It panics if there is none.
func (s Step) Param(role Role) Param {
	for _, p := range s.Params {
		if p.Role == role {
			return p
		}
	}
	panic(fmt.Sprintf("spec.Step.Param: %v has no parameter of role %d", s, role))
}

// Steps lists the operations in the order of computation: a group comes after its
// branches. Each step computes one feature map, and the last one the network's output.
// This is the form from which engines, exporters and analyses compile a network.
func (n *Net) Steps() []Step {
	w := n.walked("Steps")
	offsets := make(map[string]int, len(w.params))
	for _, p := range layout(w.params) {
		offsets[p.Name] = p.Offset
	}
	for _, s := range w.steps {
		for i, p := range s.Params {
			s.Params[i].Offset = offsets[p.Name]
		}
	}
	return w.steps
}

// Replace returns the network with each operation that is not a group replaced by
// those that by returns for it, none or several. by is called in the order of Net.Steps,
// with the place of the step there. The result may have faults: see Validate.
func (n *Net) Replace(by func(i int, s Step) []Op) *Net {
	steps := n.Steps()
	next := 0
	var chain func(ops []Op) []Op
	chain = func(ops []Op) (out []Op) {
		for _, op := range ops {
			g, grouped := op.(group)
			if !grouped {
				out = append(out, by(next, steps[next])...)
			} else {
				branches := make([][]Op, len(g.branches()))
				for b, ops := range g.branches() {
					branches[b] = chain(ops)
				}
				out = append(out, g.with(branches))
			}
			next++
		}
		return out
	}
	return &Net{Input: n.Input, Ops: chain(n.Ops)}
}
