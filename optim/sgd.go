package optim

import (
	"math"

	"github.com/coarsegrain/taylornet/internal/check"
)

// SGD holds the settings of stochastic gradient descent with momentum and
// decoupled weight decay. With gradient g and rate r, a step is
//
//	p -= r WeightDecay p               (in the decayed ranges)
//	u  = Momentum u + g
//	p -= r u                           or, with Nesterov, r (g + Momentum u)
type SGD struct {
	Momentum    float64
	Nesterov    bool
	WeightDecay float64
}

// Validate reports every setting that is out of its bounds.
func (c SGD) Validate() error {
	return check.All(
		check.Below("SGD.Momentum", c.Momentum, 0, 1),
		check.Below("SGD.WeightDecay", c.WeightDecay, 0, math.Inf(1)),
	)
}

// New returns an optimiser of n parameters. Those in the ranges, which ascend
// without overlap, are decayed. The state has the slot "momentum".
func (c SGD) New(n int, decayed []Range) Optimiser {
	s := &sgd{SGD: c, decay: newDecay("optim.SGD.New", c.WeightDecay, n, decayed), u: make([]float32, n)}
	s.state.Slots = []Slot{{"momentum", s.u}}
	return s
}

type sgd struct {
	SGD
	decay Decay
	u     []float32
	state State
}

func (s *sgd) State() *State { return &s.state }

func (s *sgd) Step(params, grads []float32, rate float64) {
	n := len(s.u)
	checkLengths(params, grads, n)
	s.decay.Apply(params, rate)
	s.state.Steps++
	momentum, size := float32(s.Momentum), float32(rate)
	// The update is fromGrad g + fromMomentum u.
	fromGrad, fromMomentum := float32(0), size
	if s.Nesterov {
		fromGrad, fromMomentum = size, size*momentum
	}
	u := s.u[:n]
	params, grads = params[:n], grads[:n]
	for i, g := range grads {
		u[i] = momentum*u[i] + g
		params[i] -= fromGrad*g + fromMomentum*u[i]
	}
}
