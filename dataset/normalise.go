package dataset

import (
	"fmt"
	"math"

	"github.com/coarsegrain/taylornet/internal/check"
)

// Normalisation maps pixels to network inputs, per channel:
// (pixel/255 - Mean) / Std.
type Normalisation struct {
	Mean []float32 `json:"mean"` // [C], of pixels scaled to 0..1
	Std  []float32 `json:"std"`  // [C], positive
}

// MeasureNormalisation returns the mean and standard deviation of the images, which should be
// the training part only. A constant channel gets Std 1.
func MeasureNormalisation(s Subset) Normalisation {
	c := s.Set.C
	// Integer sums: exact, and the same in any order.
	sum, squares := make([]uint64, c), make([]uint64, c)
	for i := range s.Index {
		for j, p := range s.Image(i) {
			v := uint64(p)
			sum[j%c] += v
			squares[j%c] += v * v
		}
	}
	n := Normalisation{Mean: make([]float32, c), Std: make([]float32, c)}
	count := float64(max(1, s.Len()*s.Set.H*s.Set.W))
	for ch := range c {
		mean := float64(sum[ch]) / count
		variance := float64(squares[ch])/count - mean*mean
		n.Mean[ch] = float32(mean / 255)
		n.Std[ch] = 1
		if sd := math.Sqrt(max(0, variance)) / 255; sd > 1e-6 {
			n.Std[ch] = float32(sd)
		}
	}
	return n
}

// Validate returns an error about every fault of a normalisation for images of c
// channels.
func (n Normalisation) Validate(c int) error {
	if len(n.Mean) != c || len(n.Std) != c {
		return fmt.Errorf("normalisation has %d means and %d standard deviations, images have %d channels", len(n.Mean), len(n.Std), c)
	}
	var faults []error
	for ch := range c {
		if mean := float64(n.Mean[ch]); math.IsNaN(mean) || math.IsInf(mean, 0) {
			faults = append(faults, fmt.Errorf("normalisation: mean of channel %d is %g", ch, mean))
		}
		if std := float64(n.Std[ch]); !(std > 0) || math.IsInf(std, 0) {
			faults = append(faults, fmt.Errorf("normalisation: standard deviation of channel %d is %g", ch, std))
		}
	}
	return check.All(faults...)
}

// Apply writes the normalised pixels, [...,C], to dst, of the same length.
func (n Normalisation) Apply(dst []float32, pixels []uint8) {
	if len(dst) != len(pixels) {
		panic("dataset.Normalisation.Apply: dst and pixels differ in length")
	}
	for i, p := range pixels {
		dst[i] = float32(p)
	}
	n.scale(dst)
}

// scale maps values 0..255, [...,C], to network inputs in place.
func (n Normalisation) scale(dst []float32) {
	c := len(n.Mean)
	for ch := range c {
		factor := 1 / (255 * n.Std[ch])
		shift := -n.Mean[ch] / n.Std[ch]
		for i := ch; i < len(dst); i += c {
			// The conversion prevents a fused multiply-add, so that every
			// architecture gives the same inputs.
			dst[i] = float32(dst[i]*factor) + shift
		}
	}
}
