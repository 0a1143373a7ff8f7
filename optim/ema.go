package optim

import "github.com/coarsegrain/taylornet/internal/check"

// EMA is an exponential moving average of weights. Its decay warms up, so that
// an average of few steps forgets the first ones.
type EMA struct {
	Decay float64
}

// Validate reports a decay outside [0,1).
func (e EMA) Validate() error { return check.Below("EMA.Decay", e.Decay, 0, 1) }

// Update moves avg towards params after step t, counted from 0:
//
//	avg = d avg + (1-d) params,   d = min(Decay, (1+t)/(10+t))
//
// It panics if the lengths differ.
func (e EMA) Update(avg, params []float32, t int) {
	if len(avg) != len(params) {
		panic("optim.EMA.Update: different numbers of averages and parameters")
	}
	part := float32(1 - min(e.Decay, float64(1+t)/float64(10+t)))
	avg = avg[:len(params)]
	for i, p := range params {
		avg[i] += part * (p - avg[i])
	}
}
