package cpu_test

import (
	"fmt"

	"github.com/coarsegrain/taylornet/engine"
	"github.com/coarsegrain/taylornet/engine/cpu"
	"github.com/coarsegrain/taylornet/spec"
)

// Descent by the full gradient, for two images of two pixels with one class each.
func ExampleNew() {
	net, err := spec.Parse("Input(1,2,1) Linear(2)")
	if err != nil {
		fmt.Println(err)
		return
	}
	trainer, err := cpu.New().CompileTraining(net, engine.TrainingOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	images := [][]float32{{1, 0}, {0, 1}}
	batch := &engine.Batch[float32]{
		N:     len(images),
		Input: func(i int, x []float32) { copy(x, images[i]) },
		Loss: func(i int, dy, y []float32) float64 {
			return engine.CrossEntropy(dy, y, engine.Target{Label: i})
		},
	}
	params := engine.Init(net, 1)
	grads := make([]float32, len(params))
	for range 100 {
		trainer.Gradient(grads, params, batch)
		for i, g := range grads {
			params[i] -= g
		}
	}
	fmt.Printf("loss %.2f\n", trainer.Gradient(grads, params, batch))
	// Output: loss 0.01
}
