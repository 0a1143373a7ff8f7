package optim

import "fmt"

// Optimiser makes the steps of a gradient descent.
type Optimiser interface {
	// Step updates params once, given the gradient of the loss at them and the
	// learning rate. It panics unless both have the length given to New.
	Step(params, grads []float32, rate float64)
	// State returns the optimiser's memory itself, not a copy: a checkpoint
	// saves it, and a resumed run writes into it.
	State() *State
}

// State is what an optimiser remembers from step to step.
type State struct {
	Steps int    // steps made
	Slots []Slot // always in the same order
}

// Slot is one named vector of a state, as long as the parameters.
type Slot struct {
	Name string
	Data []float32
}

// Range is the part [Start,End) of the vector of parameters.
type Range struct{ Start, End int }

// Decay is decoupled weight decay on parts of the parameters. The optimisers have their own.
type Decay struct {
	Weight float64
	Ranges []Range
}

// newDecay panics in the name of a function unless the ranges ascend without
// overlap within n parameters.
func newDecay(function string, weight float64, n int, ranges []Range) Decay {
	last := 0
	for _, r := range ranges {
		if r.Start < last || r.End < r.Start || r.End > n {
			panic(fmt.Sprintf("%s: decay range %v is out of order or outside %d parameters", function, r, n))
		}
		last = r.End
	}
	return Decay{weight, ranges}
}

// Apply multiplies the parameters in the ranges by 1 - rate Weight.
func (d Decay) Apply(params []float32, rate float64) {
	keep := float32(1 - rate*d.Weight)
	for _, r := range d.Ranges {
		part := params[r.Start:r.End]
		for i := range part {
			part[i] *= keep
		}
	}
}

func checkLengths(params, grads []float32, n int) {
	if len(params) != n || len(grads) != n {
		panic(fmt.Sprintf("optim.Optimiser.Step: %d parameters and %d gradients, want %d", len(params), len(grads), n))
	}
}
