package train

import (
	"math"
	"testing"

	"github.com/coarsegrain/taylornet/engine"
)

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
			N:     r.training.Len(),
			Input: func(i int, x []float32) { r.norm.Apply(x, r.training.Image(i)) },
			Loss: func(i int, dy, y []float32) float64 {
				return engine.CrossEntropy(dy, y, engine.Target{Label: r.training.Label(i)})
			},
		})
		m, err := r.model(r.params, nil)
		if err != nil {
			t.Fatal(err)
		}
		e, err := m.Evaluate(t.Context(), r.training)
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
