package cpu

import "github.com/coarsegrain/taylornet/tensor"

// pool hands out slots and takes them back, so that values whose lives do not
// overlap share memory.
type pool[T tensor.Float] struct {
	plan *plan[T]
	free []int
}

// take returns a slot of at least the value's length. It grows a free one rather than
// making a new one.
func (p *pool[T]) take(v int) int {
	need := p.plan.length(v)
	if len(p.free) == 0 {
		p.plan.slots = append(p.plan.slots, need)
		return len(p.plan.slots) - 1
	}
	best := 0
	for i, s := range p.free {
		if better(p.plan.slots[s], p.plan.slots[p.free[best]], need) {
			best = i
		}
	}
	slot := p.free[best]
	p.free = append(p.free[:best], p.free[best+1:]...)
	p.plan.slots[slot] = max(p.plan.slots[slot], need)
	return slot
}

// better reports whether a slot of length a suits need better than one of length b.
// The best is the smallest that is large enough, or else the largest.
func better(a, b, need int) bool {
	if a >= need && b >= need {
		return a < b
	}
	return a > b
}

func (p *pool[T]) give(slot int) { p.free = append(p.free, slot) }

// placeInference gives each value a slot from its computation to its last use.
func (b *builder[T]) placeInference() {
	p := b.plan
	last := make([]int, len(p.values))
	for i, s := range p.steps {
		for _, v := range s.in {
			last[v] = i
		}
	}
	last[p.output] = len(p.steps)
	slots := &pool[T]{plan: p}
	p.values[p.input].slot = slots.take(p.input)
	for i, s := range p.steps {
		p.values[s.out].slot = slots.take(s.out)
		for k, v := range s.in {
			if last[v] == i && !contains(s.in[:k], v) {
				slots.give(p.values[v].slot)
			}
		}
	}
}

func contains(list []int, v int) bool {
	for _, u := range list {
		if u == v {
			return true
		}
	}
	return false
}

// placeTraining gives each value a slot of its own, since the backward pass reads them
// all. The gradients share slots.
func (b *builder[T]) placeTraining() {
	p := b.plan
	slots := &pool[T]{plan: p}
	for v := range p.values {
		p.values[v].slot = slots.take(v)
		p.values[v].grad = -1
	}
	p.values[p.output].grad = slots.take(p.output)
	for i := len(p.steps) - 1; i >= 0; i-- {
		p.back = append(p.back, b.backStep(i, slots))
	}
}

func (b *builder[T]) backStep(i int, slots *pool[T]) backStep {
	p := b.plan
	s := p.steps[i]
	back := backStep{step: i, dy: p.values[s.out].grad}
	kept := false
	var temporary []int
	for _, v := range s.in {
		dx, add := -1, -1
		grad := &p.values[v].grad
		switch {
		case v == p.input && !b.inputGrad:
		case *grad >= 0:
			add = *grad
			dx = slots.take(v)
			temporary = append(temporary, dx)
		case s.layer != nil && s.layer.InPlace():
			dx, kept = back.dy, true
			*grad = dx
		default:
			dx = slots.take(v)
			*grad = dx
		}
		back.dx, back.add = append(back.dx, dx), append(back.add, add)
	}
	for _, slot := range temporary {
		slots.give(slot)
	}
	if !kept {
		slots.give(back.dy)
	}
	return back
}
