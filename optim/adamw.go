package optim

import (
	"math"

	"github.com/coarsegrain/taylornet/internal/check"
	"github.com/coarsegrain/taylornet/internal/kernel"
)

// AdamW is the settings of Adam with decoupled weight decay: with gradient g
// and rate r, at step t counted from 1,
//
//	p -= r WeightDecay p                          (in the decayed ranges)
//	m  = Beta1 m + (1-Beta1) g
//	v  = Beta2 v + (1-Beta2) g^2
//	p -= r m / (1-Beta1^t) / (sqrt(v / (1-Beta2^t)) + Eps)
type AdamW struct {
	Beta1       float64 `json:"beta1"`
	Beta2       float64 `json:"beta2"`
	Eps         float64 `json:"eps"`
	WeightDecay float64 `json:"weight_decay"`
}

// DefaultAdamW returns the usual settings: 0.9, 0.999, 1e-8 and 0.01.
func DefaultAdamW() AdamW {
	return AdamW{Beta1: 0.9, Beta2: 0.999, Eps: 1e-8, WeightDecay: 0.01}
}

// Validate reports every setting that is out of its bounds.
func (c AdamW) Validate() error {
	return check.All(
		within("AdamW.Beta1", c.Beta1, 0, 1),
		within("AdamW.Beta2", c.Beta2, 0, 1),
		positive("AdamW.Eps", c.Eps),
		within("AdamW.WeightDecay", c.WeightDecay, 0, math.Inf(1)),
	)
}

// New returns an optimiser of n parameters, of which the ranges, ascending and
// without overlap, are decayed. Its state is "first_moment" and
// "second_moment".
func (c AdamW) New(n int, decayed []Range) Optimiser { return c.build(n, decayed) }

func (c AdamW) build(n int, decayed []Range) *adamW {
	a := &adamW{AdamW: c, decay: newDecay(c.WeightDecay, n, decayed), m: make([]float32, n), v: make([]float32, n)}
	a.state.Slots = []Slot{{"first_moment", a.m}, {"second_moment", a.v}}
	return a
}

type adamW struct {
	AdamW
	decay decay
	m, v  []float32
	state State
}

func (a *adamW) State() *State { return &a.state }

func (a *adamW) Step(params, grads []float32, rate float64) {
	a.begin(params, grads, rate)
	a.update(params, grads, Range{0, len(a.m)}, rate)
}

// begin decays the parameters and counts a step.
func (a *adamW) begin(params, grads []float32, rate float64) {
	if len(params) != len(a.m) || len(grads) != len(a.m) {
		panic("optim.Step: wrong number of parameters or gradients")
	}
	a.decay.apply(params, rate)
	a.state.Steps++
}

// update makes the step of the parameters in r.
func (a *adamW) update(params, grads []float32, r Range, rate float64) {
	t := float64(a.state.Steps)
	kernel.AdamW(params[r.Start:r.End], a.m[r.Start:r.End], a.v[r.Start:r.End], grads[r.Start:r.End], kernel.AdamWStep[float32]{
		Keep1: float32(a.Beta1), New1: float32(1 - a.Beta1),
		Keep2: float32(a.Beta2), New2: float32(1 - a.Beta2),
		Size:    float32(rate / (1 - math.Pow(a.Beta1, t))),
		Unbias:  float32(1 / math.Sqrt(1-math.Pow(a.Beta2, t))),
		Epsilon: float32(a.Eps),
	})
}
