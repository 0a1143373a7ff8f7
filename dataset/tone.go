package dataset

import "github.com/coarsegrain/taylornet/internal/rng"

// tone changes the contrast of an image's values 0..255 and adds noise from the
// stream s.
func (v *variation) tone(dst []float32, s *rng.Stream) {
	var sum float32
	for _, x := range dst {
		sum += x
	}
	mean := sum / float32(len(dst))
	for i, x := range dst {
		// The conversions prevent fused multiply-adds, as in Normalisation.
		x = mean + float32(v.contrast*(x-mean))
		if v.noise > 0 {
			x += float32(255 * v.noise * s.Bell())
		}
		dst[i] = min(255, max(0, x))
	}
}
