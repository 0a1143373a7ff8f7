package dataset

import (
	"math"
	"slices"
	"testing"

	"github.com/coarsegrain/taylornet/internal/rng"
)

// An image of two halves keeps its mean, and contrast and noise give it its spread.
func TestTone(t *testing.T) {
	const n = 20000
	for _, tt := range []struct {
		v          variation
		half, bell float64 // factor of the difference of the halves' means; sigma within one
	}{
		{variation{contrast: 1}, 40, 0},
		{variation{contrast: 0.5}, 20, 0},
		{variation{contrast: 1.5}, 60, 0},
		{variation{contrast: 1, noise: 0.1}, 40, 25.5},
		{variation{contrast: 0.5, noise: 0.05}, 20, 12.75},
	} {
		image := slices.Concat(slices.Repeat([]float32{88}, n), slices.Repeat([]float32{168}, n))
		var s rng.Stream
		s.Reset(1, "tone")
		tt.v.tone(image, &s)
		for i, want := range []float64{128 - tt.half, 128 + tt.half} {
			var sum, squares float64
			for _, x := range image[i*n:][:n] {
				sum, squares = sum+float64(x), squares+float64(x)*float64(x)
			}
			mean := sum / n
			sigma := math.Sqrt(max(0, squares/n-mean*mean))
			if math.Abs(mean-want) > 1e-3+tt.bell/30 || math.Abs(sigma-tt.bell) > 1e-3+tt.bell/30 {
				t.Errorf("%+v: half %d has mean %.2f and sigma %.2f, want %.2f and %.2f", tt.v, i, mean, sigma, want, tt.bell)
			}
		}
	}
	image := []float32{0, 255}
	(&variation{contrast: 1.9}).tone(image, nil)
	if !slices.Equal(image, []float32{0, 255}) {
		t.Errorf("%v is not cut to the range", image)
	}
}

// Contrast and noise are drawn for each image, up to their bounds, and leave the other
// draws alone.
func TestDrawsOfTone(t *testing.T) {
	a := Augment{Shift: 2, Rotate: 10, Elastic: 1, Contrast: 0.3, Noise: 0.2}
	still := a
	still.Elastic = 0
	var s rng.Stream
	least, most, loudest := float32(1), float32(1), float32(0)
	for i := range uint64(1000) {
		s.Reset(1, "test", i)
		v := a.draw(&s, 8, 8)
		least, most, loudest = min(least, v.contrast), max(most, v.contrast), max(loudest, v.noise)
		s.Reset(1, "test", i)
		if w := (Augment{Shift: 2, Rotate: 10, Elastic: 1}).draw(&s, 8, 8); w.rotate != v.rotate || w.cutY != v.cutY || w.bend != v.bend {
			t.Fatalf("contrast and noise change other draws: %+v, %+v", v, w)
		}
		s.Reset(1, "test", i)
		if w := still.draw(&s, 8, 8); w.elastic || w.contrast != v.contrast || w.noise != v.noise {
			t.Fatalf("elastic distortion changes other draws: %+v, %+v", v, w)
		}
	}
	if least < 0.7 || least > 0.71 || most > 1.3 || most < 1.29 || loudest > 0.2 || loudest < 0.19 {
		t.Errorf("contrast from %g to %g, noise up to %g", least, most, loudest)
	}
}
