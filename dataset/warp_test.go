package dataset

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/coarsegrain/taylornet/internal/rng"
)

// A warp does what the sampler does unless splines overshoot the range of pixels, and
// ApplyTransposed applies the transpose: <Wx, y> = <x, W'y>.
func TestWarp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h, w, c := rapid.IntRange(1, 9).Draw(t, "h"), rapid.IntRange(1, 9).Draw(t, "w"), rapid.IntRange(1, 3).Draw(t, "c")
		a := Augment{Shift: 2, Rotate: 30, Scale: 0.2, Shear: 10, Elastic: 1, Flip: true, Crop: 1}
		seed := rapid.Uint64().Draw(t, "seed")
		warp := a.Warp(h, w, c, seed, "warp")
		var s rng.Stream
		s.Reset(seed, "warp")
		m := a.draw(&s, h, w).inverse(h, w)

		r := rng.New(seed, "pixels")
		pixels := make([]uint8, h*w*c)
		x, y := make([]float32, len(pixels)), make([]float32, len(pixels))
		for i := range pixels {
			pixels[i] = uint8(r.IntN(256))
			x[i], y[i] = float32(pixels[i]), float32(r.NormFloat64())
		}
		wx, resampled, wy := make([]float32, len(x)), make([]float32, len(x)), make([]float32, len(x))
		warp.Apply(wx, x)
		m.resample(resampled, pixels, h, w, c)
		warp.ApplyTransposed(wy, y)
		var left, right float64
		for i, v := range wx {
			if clipped := min(255, max(0, v)); math.Abs(float64(clipped-resampled[i])) > 0.01 {
				t.Fatalf("value %d: %v, the sampler has %v", i, clipped, resampled[i])
			}
			left += float64(v) * float64(y[i])
			right += float64(x[i]) * float64(wy[i])
		}
		if math.Abs(left-right) > 1e-3*(1+math.Abs(left)) {
			t.Fatalf("<Wx, y> = %v, <x, W'y> = %v", left, right)
		}
	})
}
