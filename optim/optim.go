package optim

import "fmt"

// Optimiser makes the steps of a gradient descent.
type Optimiser interface {
	// Step makes one update of params, given the gradient of the loss at them
	// and the learning rate. It panics if the lengths are not those of New.
	Step(params, grads []float32, rate float64)
	// State is the optimiser's memory, not a copy of it: a checkpoint saves
	// it, and a resume writes into it.
	State() *State
}

// State is what an optimiser remembers from step to step.
type State struct {
	Steps int    // number of steps made
	Slots []Slot // in an order that does not change
}

// Slot is one named vector of a state, as long as the parameters.
type Slot struct {
	Name string
	Data []float32
}

// Range is the part [Start,End) of the vector of parameters.
type Range struct{ Start, End int }

// decay is decoupled weight decay on parts of the parameters.
type decay struct {
	weight float64
	ranges []Range
}

// newDecay panics unless the ranges ascend without overlap within n parameters.
func newDecay(weight float64, n int, ranges []Range) decay {
	last := 0
	for _, r := range ranges {
		if r.Start < last || r.End < r.Start || r.End > n {
			panic(fmt.Sprintf("optim.New: decay range %v is out of order or outside %d parameters", r, n))
		}
		last = r.End
	}
	return decay{weight, ranges}
}

func (d decay) apply(params []float32, rate float64) {
	keep := float32(1 - rate*d.weight)
	for _, r := range d.ranges {
		part := params[r.Start:r.End]
		for i := range part {
			part[i] *= keep
		}
	}
}
