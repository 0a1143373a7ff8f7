package optim

import (
	"math"

	"github.com/coarsegrain/taylornet/internal/check"
)

// SGD is the settings of stochastic gradient descent with momentum and
// decoupled weight decay: with gradient g and rate r,
//
//	p -= r WeightDecay p               (in the decayed ranges)
//	u  = Momentum u + g
//	p -= r u                           or, with Nesterov, r (g + Momentum u)
type SGD struct {
	Momentum    float64 `json:"momentum"`
	Nesterov    bool    `json:"nesterov"`
	WeightDecay float64 `json:"weight_decay"`
}

// DefaultSGD returns the usual settings: momentum 0.9 in Nesterov's form, and a
// weight decay of 5e-4.
func DefaultSGD() SGD { return SGD{Momentum: 0.9, Nesterov: true, WeightDecay: 5e-4} }

// Validate reports every setting that is out of its bounds.
func (c SGD) Validate() error {
	return check.All(
		within("SGD.Momentum", c.Momentum, 0, 1),
		within("SGD.WeightDecay", c.WeightDecay, 0, math.Inf(1)),
	)
}

// New returns an optimiser of n parameters, of which the ranges, ascending and
// without overlap, are decayed. Its state is "momentum".
func (c SGD) New(n int, decayed []Range) Optimiser {
	s := &sgd{SGD: c, decay: newDecay(c.WeightDecay, n, decayed), u: make([]float32, n)}
	s.state.Slots = []Slot{{"momentum", s.u}}
	return s
}

type sgd struct {
	SGD
	decay decay
	u     []float32
	state State
}

func (s *sgd) State() *State { return &s.state }

func (s *sgd) Step(params, grads []float32, rate float64) {
	n := len(s.u)
	if len(params) != n || len(grads) != n {
		panic("optim.SGD.Step: wrong number of parameters or gradients")
	}
	s.decay.apply(params, rate)
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
