package optim

import (
	"cmp"
	"fmt"
	"math"

	"github.com/coarsegrain/taylornet/internal/check"
)

// Schedule is a learning rate that depends on the step.
type Schedule interface {
	// At returns the learning rate of a step, counted from 0, in a run of total
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

// Constant is a schedule with the same rate in every step.
type Constant struct {
	Rate float64
}

// At returns the learning rate of a step.
func (c Constant) At(step, total int) float64 {
	checkStep(step, total)
	return c.Rate
}

// Validate reports a rate that is not positive.
func (c Constant) Validate() error { return check.Positive("Constant.Rate", c.Rate) }

// Linear is a schedule that rises in a straight line to Peak, then falls in another
// towards 0.
type Linear struct {
	Peak   float64
	WarmUp float64 // the rise, as a fraction of all steps
}

// At returns the learning rate of a step. It is never 0, so that no step is lost.
func (l Linear) At(step, total int) float64 {
	rise, fall := straightRise(l.WarmUp, step, total)
	return l.Peak * rise * (1 - fall)
}

// Validate reports every setting that is out of its bounds.
func (l Linear) Validate() error {
	return check.All(check.Positive("Linear.Peak", l.Peak), check.Below("Linear.WarmUp", l.WarmUp, 0, 1))
}

// Cosine is a schedule that rises in a straight line to Peak, then falls along half a
// cosine towards 0.
type Cosine struct {
	Peak   float64
	WarmUp float64 // the rise, as a fraction of all steps
}

// At returns the learning rate of a step. It is never 0, so that no step is lost.
func (c Cosine) At(step, total int) float64 {
	rise, fall := straightRise(c.WarmUp, step, total)
	return anneal(c.Peak*rise, 0, fall)
}

// Validate reports every setting that is out of its bounds.
func (c Cosine) Validate() error {
	return check.All(check.Positive("Cosine.Peak", c.Peak), check.Below("Cosine.WarmUp", c.WarmUp, 0, 1))
}

// straightRise returns which fractions of the rate's rise and of its fall are done
// in a step. The rise is complete after the fraction warmUp of all steps.
func straightRise(warmUp float64, step, total int) (rise, fall float64) {
	checkStep(step, total)
	warm := warmUp * float64(total)
	if next := float64(step + 1); next < warm {
		return next / warm, 0
	}
	return 1, max(0, float64(step)-warm) / (float64(total) - warm)
}

// OneCycle is a schedule that rises along half a cosine from Peak/StartDivisor to Peak,
// then falls along another to Peak/StartDivisor/FinalDivisor at the last step.
type OneCycle struct {
	Peak         float64
	WarmUp       float64 // the rise, as a fraction of all steps, usually 0.3
	StartDivisor float64 // 0 means 25
	FinalDivisor float64 // 0 means 10,000
}

// At returns the learning rate of a step.
func (c OneCycle) At(step, total int) float64 {
	checkStep(step, total)
	var (
		at    = float64(step)
		last  = float64(total - 1)
		top   = max(0, c.WarmUp*float64(total)-1) // where the peak is
		start = c.Peak / cmp.Or(c.StartDivisor, 25)
	)
	switch {
	case at < top:
		return anneal(start, c.Peak, at/top)
	case at > top:
		return anneal(c.Peak, start/cmp.Or(c.FinalDivisor, 1e4), (at-top)/(last-top))
	}
	return c.Peak
}

// Validate reports every setting that is out of its bounds.
func (c OneCycle) Validate() error {
	return check.All(
		check.Positive("OneCycle.Peak", c.Peak),
		check.Below("OneCycle.WarmUp", c.WarmUp, 0, 1),
		check.Below("OneCycle.StartDivisor", cmp.Or(c.StartDivisor, 25), 1, math.Inf(1)),
		check.Below("OneCycle.FinalDivisor", cmp.Or(c.FinalDivisor, 1e4), 1, math.Inf(1)),
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
