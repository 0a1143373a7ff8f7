package dataset

import (
	"math"

	"github.com/coarsegrain/taylornet/internal/rng"
)

// Disturbance changes images as a careless camera would, to see what a classifier
// makes of it. The zero value leaves them as they are.
type Disturbance struct {
	// Shift moves an image by so many pixels along both axes, each up or down at
	// random, over a background of 0.
	Shift int
	// Noise is the standard deviation of normal noise, in parts of the range of
	// pixels; the sum is cut to that range.
	Noise float64
	// Contrast multiplies the difference of pixels from their mean over the image,
	// cut to the range; 0 is 1.
	Contrast float64
}

// Apply returns disturbed copies of images as a set of their own. What is random
// depends on the seed and on the image's place in its set.
func (d Disturbance) Apply(images Subset, seed uint64) *Set {
	set := images.Copy(images.Set.Name)
	size := set.H * set.W * set.C
	for i, at := range images.Index {
		r := rng.New(seed, "disturb", uint64(at))
		image := set.Pixels[i*size:][:size]
		dy, dx := d.Shift*(2*r.IntN(2)-1), d.Shift*(2*r.IntN(2)-1)
		shift(image, images.Image(i), set.H, set.W, set.C, dy, dx)
		if d.Contrast == 0 && d.Noise == 0 {
			continue
		}
		factor := d.Contrast
		if factor == 0 {
			factor = 1
		}
		var mean float64
		for _, v := range image {
			mean += float64(v) / float64(size)
		}
		for j, v := range image {
			x := mean + factor*(float64(v)-mean) + 255*d.Noise*r.NormFloat64()
			image[j] = uint8(math.Round(min(255, max(0, x))))
		}
	}
	return set
}

// shift writes an image, moved by dy rows and dx columns, to dst, all [h,w,c].
func shift(dst, src []uint8, h, w, c, dy, dx int) {
	clear(dst)
	for y := max(0, dy); y < min(h, h+dy); y++ {
		for x := max(0, dx); x < min(w, w+dx); x++ {
			copy(dst[(y*w+x)*c:][:c], src[((y-dy)*w+x-dx)*c:])
		}
	}
}
