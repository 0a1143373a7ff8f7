package train

import (
	"math"
	"slices"
	"testing"

	"github.com/coarsegrain/taylornet/dataset"
)

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
		if got := limit(tt.y, tt.spread); got != tt.want {
			t.Errorf("limit of %v to %v: factor %v, want %v", tt.y, tt.spread, got, tt.want)
		}
	}
}

// TestMixup holds a batch's inputs and targets against images and labels mixed by
// hand, and checks that another seed mixes otherwise.
func TestMixup(t *testing.T) {
	cfg := small()
	cfg.Mixup, cfg.Augment = 0.4, dataset.Augment{}
	inputs := func(cfg Config) (*run, [][]float32) {
		r, err := newRun(cfg, digits(t), Options{})
		if err != nil {
			t.Fatal(err)
		}
		for i := range r.order {
			r.order[i] = int32(i)
		}
		x := make([][]float32, r.batch.N)
		for i := range x {
			x[i] = make([]float32, r.net.Input.Size())
			r.batch.Input(i, x[i])
		}
		return r, x
	}
	r, x := inputs(cfg)
	plain, other := make([]float32, len(x[0])), make([]float32, len(x[0]))
	var sum float64
	for i, got := range x {
		target := r.targets[i]
		partner := (i + r.batch.N/2) % r.batch.N
		if target.Label != r.training.Label(i) || target.Other != r.training.Label(partner) || !(target.Share >= 0 && target.Share < cfg.Mixup) {
			t.Fatalf("target of image %d: %+v", i, target)
		}
		sum += target.Share
		r.norm.Apply(plain, r.training.Image(i))
		r.norm.Apply(other, r.training.Image(partner))
		for k := range got {
			want := (1-target.Share)*float64(plain[k]) + target.Share*float64(other[k])
			if !(math.Abs(float64(got[k])-want) <= 1e-5) {
				t.Fatalf("image %d, pixel %d: got %v, want %v", i, k, got[k], want)
			}
		}
	}
	if mean := sum / float64(len(x)); !(mean > 0.1 && mean < 0.3) {
		t.Errorf("shares are %v on average, want about %v", mean, cfg.Mixup/2)
	}
	cfg.Seed++
	if again, _ := inputs(cfg); again.targets[0].Share == r.targets[0].Share {
		t.Error("another seed mixes in the same share")
	}
}

// TestCalm compares the images before and after augmentation ends with those of the set.
func TestCalm(t *testing.T) {
	cfg := small()
	cfg.Mixup, cfg.Calm = 0, 0.4
	r, err := newRun(cfg, digits(t), Options{})
	if err != nil {
		t.Fatal(err)
	}
	got, want := make([]float32, r.net.Input.Size()), make([]float32, r.net.Input.Size())
	total := cfg.Epochs * r.perEpoch
	for step := range total {
		r.Step = step
		r.input(3, got)
		r.norm.Apply(want, r.training.Image(int(r.order[step%r.perEpoch*r.batch.N+3])))
		if calm := step >= total-int(0.4*float64(total)); slices.Equal(got, want) != calm {
			t.Errorf("step %d of %d: the image is as it is: %v", step, total, !calm)
		}
	}
}
