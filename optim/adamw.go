package optim

import (
	"cmp"
	"math"

	"github.com/coarsegrain/taylornet/internal/check"
	"github.com/coarsegrain/taylornet/internal/kernel"
)

// AdamW holds the settings of Adam with decoupled weight decay. With gradient g
// and rate r, step t counted from 1 is
//
//	p -= r WeightDecay p                          (in the decayed ranges)
//	m  = Beta1 m + (1-Beta1) g
//	v  = Beta2 v + (1-Beta2) g^2
//	p -= r m / (1-Beta1^t) / (sqrt(v / (1-Beta2^t)) + Eps)
type AdamW struct {
	Beta1       float64 // 0 means 0.9
	Beta2       float64 // 0 means 0.999
	Eps         float64 // 0 means 1e-8
	WeightDecay float64
}

// Validate reports every setting that is out of its bounds.
func (c AdamW) Validate() error {
	return check.All(
		check.Below("AdamW.Beta1", c.Beta1, 0, 1),
		check.Below("AdamW.Beta2", c.Beta2, 0, 1),
		check.Below("AdamW.Eps", c.Eps, 0, math.Inf(1)),
		check.Below("AdamW.WeightDecay", c.WeightDecay, 0, math.Inf(1)),
	)
}

// New returns an optimiser of n parameters. Those in the ranges, which ascend
// without overlap, are decayed. The slots of the state are
// "first_moment" and "second_moment".
func (c AdamW) New(n int, decayed []Range) Optimiser { return c.build("optim.AdamW.New", n, decayed) }

func (c AdamW) build(function string, n int, decayed []Range) *adamW {
	c.Beta1, c.Beta2, c.Eps = cmp.Or(c.Beta1, 0.9), cmp.Or(c.Beta2, 0.999), cmp.Or(c.Eps, 1e-8)
	a := &adamW{AdamW: c, decay: newDecay(function, c.WeightDecay, n, decayed), m: make([]float32, n), v: make([]float32, n)}
	a.state.Slots = []Slot{{"first_moment", a.m}, {"second_moment", a.v}}
	return a
}

type adamW struct {
	AdamW
	decay Decay
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
	checkLengths(params, grads, len(a.m))
	a.decay.Apply(params, rate)
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
