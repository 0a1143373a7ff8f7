package engine_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"

	"github.com/coarsegrain/taylornet/engine"
)

func ExampleCrossEntropy() {
	gradient := make([]float64, 2)
	loss := engine.CrossEntropy(gradient, []float64{0, 0}, engine.Target{Label: 1})
	fmt.Printf("%.4f %.1f\n", loss, gradient)
	// Output: 0.6931 [0.5 -0.5]
}

func logits(t *rapid.T, n int) []float64 {
	src := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
	y := make([]float64, n)
	for i := range y {
		y[i] = src.NormFloat64()
	}
	return y
}

func TestCrossEntropyGradient(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		k := rapid.IntRange(2, 6).Draw(t, "classes")
		y := logits(t, k)
		target := engine.Target{
			Label: rapid.IntRange(0, k-1).Draw(t, "label"), Smoothing: rapid.Float64Range(0, 0.5).Draw(t, "smoothing"),
			Other: rapid.IntRange(0, k-1).Draw(t, "other"), Share: rapid.Float64Range(0, 0.5).Draw(t, "share"),
		}
		if rapid.Bool().Draw(t, "teacher") {
			target.Teacher = make([]float32, k)
			for i, v := range logits(t, k) {
				target.Teacher[i] = float32(v)
			}
			engine.Softmax(target.Teacher, target.Teacher)
			rest := float32(1) // of a sum that float32 holds exactly, as the gradient takes it for 1
			for i, v := range target.Teacher[1:] {
				target.Teacher[i+1] = float32(math.Floor(float64(v)*(1<<16)) / (1 << 16))
				rest -= target.Teacher[i+1]
			}
			target.Teacher[0] = rest
		}
		dy, unused := make([]float64, k), make([]float64, k)
		engine.CrossEntropy(dy, y, target)
		const h = 1e-5
		for i, old := range y {
			y[i] = old + h
			up := engine.CrossEntropy(unused, y, target)
			y[i] = old - h
			down := engine.CrossEntropy(unused, y, target)
			y[i] = old
			if want := (up - down) / (2 * h); !(math.Abs(dy[i]-want) <= 1e-6*max(1, math.Abs(want))) {
				t.Fatalf("gradient of logit %d: got %v, central difference %v", i, dy[i], want)
			}
		}
	})
}

// TestGradedCrossEntropy compares the loss with its definition, and the gradient with
// central differences.
func TestGradedCrossEntropy(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		classes, orders := rapid.IntRange(2, 5).Draw(t, "classes"), rapid.IntRange(0, 4).Draw(t, "orders")
		y := logits(t, (orders+2)*classes)
		weights := make([]float64, orders)
		for k := range weights {
			weights[k] = rapid.Float64Range(0, 2).Draw(t, "weight")
		}
		target := engine.Target{Label: rapid.IntRange(0, classes-1).Draw(t, "label"), Smoothing: 0.1}
		define := func() float64 {
			unused, sum := make([]float64, classes), make([]float64, classes)
			loss := engine.CrossEntropy(unused, y[:classes], target)
			for k := range orders + 1 {
				for c, v := range y[(1+k)*classes:][:classes] {
					sum[c] += v
				}
				if k > 0 {
					loss += weights[k-1] * engine.CrossEntropy(unused, sum, target)
				}
			}
			return loss
		}
		dy := logits(t, len(y)) // which is overwritten
		if got, want := engine.GradedCrossEntropy(dy, y, target, weights), define(); !(math.Abs(got-want) <= 1e-12*max(1, want)) {
			t.Fatalf("loss: got %v, want %v", got, want)
		}
		const h = 1e-5
		for i, old := range y {
			y[i] = old + h
			up := define()
			y[i] = old - h
			down := define()
			y[i] = old
			if want := (up - down) / (2 * h); !(math.Abs(dy[i]-want) <= 1e-6*max(1, math.Abs(want))) {
				t.Fatalf("gradient of element %d: got %v, central difference %v", i, dy[i], want)
			}
		}
	})
}

func TestCrossEntropyFarLogits(t *testing.T) {
	dy := make([]float32, 2)
	if got := engine.CrossEntropy(dy, []float32{1000, -1000}, engine.Target{Label: 0}); got != 0 {
		t.Errorf("loss of a certain right answer = %v, want 0", got)
	}
	if got := engine.CrossEntropy(dy, []float32{1000, -1000}, engine.Target{Label: 1}); got != 2000 {
		t.Errorf("loss of a certain wrong answer = %v, want 2000", got)
	}
}
