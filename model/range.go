package model

import (
	"context"
	"math"
	"slices"

	"github.com/coarsegrain/taylornet/dataset"
)

// A polynomial of high degree grows fast outside the range that it was trained
// on, and its answer there means nothing, however sure it looks. The spread of the
// logits, the largest minus the smallest, gives it away. An answer is outside the
// range if its spread is more than outsideFactor times the one that nearly all
// training images stay within.
const outsideFactor = 2

// MeasureRange returns the spread of the logits, the largest minus the smallest, that
// 999 in 1,000 of the images stay within. It is meant for Config.LogitRange, and 0 if it
// is not a finite number.
func (m *Model) MeasureRange(ctx context.Context, images dataset.Subset) (float32, error) {
	if err := m.CheckFits(images.Set); err != nil {
		return 0, err
	}
	spreads := make([]float32, images.Len())
	err := m.run(ctx, images.Len(), func(i int, x []float32) {
		m.cfg.Normalisation.Apply(x, images.Image(i))
	}, func(i int, y []float32) {
		if spreads[i] = spread(y); !finite(spreads[i]) {
			spreads[i] = float32(math.Inf(1)) // NaN would be sorted as the least
		}
	})
	if err != nil || len(spreads) == 0 {
		return 0, err
	}
	slices.Sort(spreads)
	if most := spreads[(999*len(spreads)+999)/1000-1]; finite(most) {
		return most, nil
	}
	return 0, nil
}

func spread(logits []float32) float32 { return slices.Max(logits) - slices.Min(logits) }

// outside reports whether the logits of an image overflow or are far beyond those of
// training images, or the image is unlike them by the guard.
func (m *Model) outside(pixels []uint8, logits []float32) bool {
	s := spread(logits)
	return !finite(s) || m.cfg.LogitRange > 0 && s > outsideFactor*m.cfg.LogitRange || m.unlike(pixels, logits)
}
