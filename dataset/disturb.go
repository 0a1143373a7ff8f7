package dataset

import (
	"cmp"
	"fmt"
	"math"
	"strings"

	"github.com/coarsegrain/taylornet/internal/rng"
)

// Disturbance changes images as a careless camera would, to measure how robust a
// classifier is. The zero value leaves them as they are.
type Disturbance struct {
	// Shift moves an image by this number of pixels along both axes, in a random
	// direction along each, over a background of 0.
	Shift int
	// Noise is the standard deviation of normal noise, as a fraction of the range of
	// pixels. The sum is clipped to that range.
	Noise float64
	// Contrast multiplies the difference of pixels from their mean over the image,
	// clipped to the range; 0 leaves it as it is.
	Contrast float64
}

// Disturbances returns the disturbances that robustness is measured by.
func Disturbances() []Disturbance {
	var list []Disturbance
	for _, pixels := range []int{1, 2, 3} {
		list = append(list, Disturbance{Shift: pixels})
	}
	for _, sigma := range []float64{0.1, 0.2, 0.3} {
		list = append(list, Disturbance{Noise: sigma})
	}
	for _, factor := range []float64{0.5, 0.75, 1.5, 2} {
		list = append(list, Disturbance{Contrast: factor})
	}
	return list
}

// String describes the disturbance, as in "shifted by 2 pixels".
func (d Disturbance) String() string {
	var parts []string
	switch {
	case d.Shift == 1:
		parts = append(parts, "shifted by 1 pixel")
	case d.Shift != 0:
		parts = append(parts, fmt.Sprintf("shifted by %d pixels", d.Shift))
	}
	if d.Noise != 0 {
		parts = append(parts, fmt.Sprintf("noise of deviation %g", d.Noise))
	}
	if d.Contrast != 0 {
		parts = append(parts, fmt.Sprintf("contrast %g", d.Contrast))
	}
	return cmp.Or(strings.Join(parts, ", "), "as they are")
}

// Apply returns disturbed copies of the images as a new set. What is random depends
// on the seed and on the image's position in its set only.
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
