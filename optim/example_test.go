package optim_test

import (
	"fmt"

	"github.com/coarsegrain/taylornet/optim"
)

// The minimum of (x-1)^2 + (y+2)^2, with the first parameter decayed.
func Example() {
	params := []float32{0, 0}
	grads := make([]float32, 2)
	average := []float32{0, 0}

	const steps = 300
	opt := optim.AdamW{Beta2: 0.99, WeightDecay: 0.001}.New(2, []optim.Range{{Start: 0, End: 1}})
	schedule := optim.OneCycle{Peak: 0.1, WarmUp: 0.3}
	for step := range steps {
		grads[0] = 2 * (params[0] - 1)
		grads[1] = 2 * (params[1] + 2)
		optim.ClipNorm(grads, 1)
		opt.Step(params, grads, schedule.At(step, steps))
		optim.EMA{Decay: 0.9}.Update(average, params, step)
	}
	fmt.Printf("%.2f after %d steps\n", average, opt.State().Steps)
	// Output: [1.00 -2.00] after 300 steps
}
