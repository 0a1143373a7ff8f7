package train

import (
	"math"
	"slices"
	"testing"

	"github.com/coarsegrain/taylornet/engine"
	"github.com/coarsegrain/taylornet/layer"
)

func TestMiddle(t *testing.T) {
	for _, tt := range []struct {
		values []float32
		want   float32
	}{
		{[]float32{3}, 3},
		{[]float32{1, 4}, 2.5},
		{[]float32{1e30, 2, -1e30}, 2},
		{[]float32{5, 4, 1e20, 2, 1}, 4},
		{[]float32{9, 0, 1, 8, 3, 1e30, 2, 7, 5, 4}, 4.5},
	} {
		if got := middle(slices.Clone(tt.values)); got != tt.want {
			t.Errorf("middle(%v) = %v, want %v", tt.values, got, tt.want)
		}
	}
}

func TestLimit(t *testing.T) {
	for _, tt := range []struct {
		y      []float32
		spread float64
		want   float64
	}{
		{[]float32{1, -2, 3}, 0, 1},
		{[]float32{1, -2, 3}, 5, 1},
		{[]float32{1, -2, 3}, 4, 0.8},
		{[]float32{1e20, 0, 0}, 20, 20 / float64(float32(1e20))},
	} {
		dy := []float32{1, 2, -3}
		if got := limit(dy, tt.y, tt.spread); got != tt.want || dy[2] != float32(-3*tt.want) && dy[2] != -3*float32(tt.want) {
			t.Errorf("limit of %v to %v: factor %v, gradient %v, want a factor of %v", tt.y, tt.spread, got, dy, tt.want)
		}
	}
}

// TestFreeze holds the loss that training with fixed statistics sees against that
// of the model: it is the same network.
func TestFreeze(t *testing.T) {
	cfg := small()
	cfg.Average, cfg.Spread = 0, 0
	r, err := newRun(cfg, digits(t), Options{})
	if err != nil {
		t.Fatal(err)
	}
	losses := func() (training, inference float64) {
		training = r.trainer.Gradient(r.grads, r.params, &engine.Batch[float32]{
			N:     r.training.N(),
			Input: func(i int, x []float32) { r.norm.Apply(x, r.training.Image(i)) },
			Loss: func(i int, dy, y []float32) float64 {
				return layer.CrossEntropy(dy, y, r.training.Label(i), 0)
			},
		})
		m, err := r.model(r.params, nil)
		if err != nil {
			t.Fatal(err)
		}
		e, err := m.Evaluate(r.training)
		if err != nil {
			t.Fatal(err)
		}
		return training, e.Loss
	}
	for range cfg.Epochs {
		frozen := r.frozen()
		if err := r.epoch(t.Context()); err != nil {
			t.Fatal(err)
		}
		training, inference := losses()
		if same := math.Abs(training-inference) <= 1e-5*inference; same != r.frozen() {
			t.Errorf("loss %v in training, %v at inference; frozen: %v", training, inference, r.frozen())
		}
		if frozen && !r.frozen() {
			t.Error("thawed")
		}
	}
}
