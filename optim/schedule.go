package optim

import (
	"fmt"
	"math"

	"github.com/coarsegrain/taylornet/internal/check"
)

// Schedule is a learning rate that depends on the step.
type Schedule interface {
	// At is the learning rate of a step, counted from 0, of a run of total
	// steps. It panics unless 0 <= step < total.
	At(step, total int) float64
	// Validate reports every setting that is out of its bounds.
	Validate() error
}

var (
	_ Schedule = Constant{}
	_ Schedule = Linear{}
	_ Schedule = Cosine{}
	_ Schedule = OneCycle{}
)

// Constant is the same rate throughout.
type Constant struct {
	Rate float64 `json:"rate"`
}

// At is the learning rate of a step.
func (c Constant) At(step, total int) float64 {
	checkStep(step, total)
	return c.Rate
}

// Validate reports a rate that is no positive number.
func (c Constant) Validate() error { return positive("Constant.Rate", c.Rate) }

// Linear rises in a straight line to Peak over the fraction WarmUp of the
// steps, then falls towards 0 in another.
type Linear struct {
	Peak   float64 `json:"peak"`
	WarmUp float64 `json:"warm_up"`
}

// At is the learning rate of a step. It is never 0, so that no step is lost.
func (l Linear) At(step, total int) float64 {
	rise, fall := straightRise(l.WarmUp, step, total)
	return l.Peak * rise * (1 - fall)
}

// Validate reports every setting that is out of its bounds.
func (l Linear) Validate() error {
	return check.All(positive("Linear.Peak", l.Peak), within("Linear.WarmUp", l.WarmUp, 0, 1))
}

// Cosine rises in a straight line to Peak over the fraction WarmUp of the
// steps, then falls towards 0 along half a cosine.
type Cosine struct {
	Peak   float64 `json:"peak"`
	WarmUp float64 `json:"warm_up"`
}

// At is the learning rate of a step. It is never 0, so that no step is lost.
func (c Cosine) At(step, total int) float64 {
	rise, fall := straightRise(c.WarmUp, step, total)
	return anneal(c.Peak*rise, 0, fall)
}

// Validate reports every setting that is out of its bounds.
func (c Cosine) Validate() error {
	return check.All(positive("Cosine.Peak", c.Peak), within("Cosine.WarmUp", c.WarmUp, 0, 1))
}

// straightRise returns the part of the rate's rise that is done in a step, which grows
// to 1 over the fraction warmUp of the steps, and the part of the fall.
func straightRise(warmUp float64, step, total int) (rise, fall float64) {
	checkStep(step, total)
	warm := warmUp * float64(total)
	if next := float64(step + 1); next < warm {
		return next / warm, 0
	}
	return 1, max(0, float64(step)-warm) / (float64(total) - warm)
}

// OneCycle rises along half a cosine from Peak/StartDivisor to Peak over the
// fraction WarmUp of the steps, then falls along another to
// Peak/StartDivisor/FinalDivisor at the last step.
type OneCycle struct {
	Peak         float64 `json:"peak"`
	WarmUp       float64 `json:"warm_up"`
	StartDivisor float64 `json:"start_divisor"`
	FinalDivisor float64 `json:"final_divisor"`
}

// DefaultOneCycle returns the usual cycle with the given peak: a warm-up of
// 0.3 from peak/25, and an end at peak/25/10,000.
func DefaultOneCycle(peak float64) OneCycle {
	return OneCycle{Peak: peak, WarmUp: 0.3, StartDivisor: 25, FinalDivisor: 1e4}
}

// At is the learning rate of a step.
func (c OneCycle) At(step, total int) float64 {
	checkStep(step, total)
	var (
		at    = float64(step)
		last  = float64(total - 1)
		top   = max(0, c.WarmUp*float64(total)-1) // where the peak is
		start = c.Peak / c.StartDivisor
	)
	switch {
	case at < top:
		return anneal(start, c.Peak, at/top)
	case at > top:
		return anneal(c.Peak, start/c.FinalDivisor, (at-top)/(last-top))
	}
	return c.Peak
}

// Validate reports every setting that is out of its bounds.
func (c OneCycle) Validate() error {
	return check.All(
		positive("OneCycle.Peak", c.Peak),
		within("OneCycle.WarmUp", c.WarmUp, 0, 1),
		within("OneCycle.StartDivisor", c.StartDivisor, 1, math.Inf(1)),
		within("OneCycle.FinalDivisor", c.FinalDivisor, 1, math.Inf(1)),
	)
}

// anneal goes from one rate to another along half a cosine, as x goes from 0
// to 1.
func anneal(from, to, x float64) float64 {
	return to + (from-to)*(1+math.Cos(math.Pi*x))/2
}

func checkStep(step, total int) {
	if step < 0 || step >= total {
		panic(fmt.Sprintf("optim.Schedule.At: step %d of %d", step, total))
	}
}
