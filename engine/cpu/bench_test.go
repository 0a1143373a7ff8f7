package cpu

import (
	"testing"

	"github.com/coarsegrain/taylornet/engine"
	"github.com/coarsegrain/taylornet/internal/rng"
	"github.com/coarsegrain/taylornet/spec"
)

// readable are networks of the kind whose orders are trained.
const (
	narrow = "Input(28,28,1) Conv(3,3,12,1,1,1) Norm CG(2,2,12,2,2) Conv(3,3,12,1,1,1) Norm CG(2,2,12,2,2)" +
		" Conv(3,3,24,1,1,1) Norm CG(2,2,24,1,1,3) Conv(3,3,24,1,1,1) Norm CG(2,2,24,2,2) Linear(10)"
	broad = "Input(28,28,1) Conv(3,3,28,1,1,1) Norm CG(2,2,28,2,2) Conv(3,3,28,1,1,1) Norm CG(2,2,28,2,2)" +
		" Conv(3,3,56,1,1,1) Norm CG(2,2,56,1,1,3) Conv(3,3,56,1,1,1) Norm CG(2,2,56,2,2) Linear(10)"
)

// BenchmarkStep is a step of training of 64 images on one worker, with plain passes and
// with graded ones.
func BenchmarkStep(b *testing.B) {
	paper, _ := spec.PresetSource("mnist-paper")
	for _, bb := range []struct {
		name, net string
		orders    int
	}{
		{"12 channels/plain", narrow, 0},
		{"12 channels/graded, K = 3", narrow, 3},
		{"28 channels/plain", broad, 0},
		{"28 channels/graded, K = 1", broad, 1},
		{"28 channels/graded, K = 2", broad, 2},
		{"28 channels/graded, K = 3", broad, 3},
		{"28 channels/graded, K = 4", broad, 4},
		{"28 channels/graded, K = 8", broad, 8},
		{"mnist-paper/plain", paper, 0},
		{"mnist-paper/graded, K = 3", paper, 3},
	} {
		b.Run(bb.name, func(b *testing.B) { benchmarkStep(b, bb.net, bb.orders) })
	}
}

func benchmarkStep(b *testing.B, source string, orders int) {
	net, err := spec.Parse(source)
	if err != nil {
		b.Fatal(err)
	}
	trainer, err := New().CompileTraining(net, engine.TrainingOptions{Options: engine.Options{Workers: 1}, Orders: orders})
	if err != nil {
		b.Fatal(err)
	}
	const images = 64
	pixels := make([]float32, net.Input.Size()+images)
	r := rng.New(1, "benchmark")
	for i := range pixels {
		pixels[i] = float32(r.NormFloat64())
	}
	weights := make([]float64, orders)
	for k := range weights {
		weights[k] = 0.2
	}
	batch := &engine.Batch[float32]{
		N:     images,
		Input: func(i int, x []float32) { copy(x, pixels[i:]) },
		Loss: func(i int, dy, y []float32) float64 {
			t := engine.Target{Label: i % 10}
			if orders == 0 {
				return engine.CrossEntropy(dy, y, t)
			}
			return engine.GradedCrossEntropy(dy, y, t, weights)
		},
	}
	params := engine.Init(net, 1)
	grads := make([]float32, len(params))
	for b.Loop() {
		trainer.Gradient(grads, params, batch)
	}
	b.ReportMetric(float64(b.N*images)/b.Elapsed().Seconds(), "images/s")
}
