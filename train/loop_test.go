package train

import (
	"math"
	"slices"
	"testing"

	"github.com/coarsegrain/taylornet/engine"
	"github.com/coarsegrain/taylornet/spec"
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

// TestQuadraticDecay compares a step with one without the decay: the coefficients of order 2
// are smaller by rate times decay, and nothing else changes.
func TestQuadraticDecay(t *testing.T) {
	step := func(decay float64) (r *run, before []float32) {
		cfg := small()
		cfg.Optimiser, cfg.Schedule, cfg.Rate, cfg.QuadraticDecay = "sgd", "constant", 0.1, decay
		r, err := newRun(cfg, digits(t), Options{})
		if err != nil {
			t.Fatal(err)
		}
		before = slices.Clone(r.params)
		if err := r.update(t.Context()); err != nil {
			t.Fatal(err)
		}
		return r, before
	}
	plain, before := step(0)
	decayed, _ := step(0.5)
	for _, p := range plain.net.Params() {
		for i := range p.Size() {
			want := plain.params[p.Offset+i]
			if quadratic := p.Role == spec.Coefs && i >= 5*p.Shape[1]; quadratic { // after 1, x_1 ... x_4
				want -= 0.1 * 0.5 * before[p.Offset+i]
			}
			if got := decayed.params[p.Offset+i]; !(math.Abs(float64(got-want)) <= 1e-6) {
				t.Fatalf("%s, element %d: %v, want %v", p.Name, i, got, want)
			}
		}
	}
}
