package approx

import (
	"fmt"
	"math"
)

// Close reports whether got is within tol of want. If want is not finite, got must
// be the same: NaN or the same infinity.
func Close(got, want, tol float64) bool {
	switch {
	case math.IsNaN(want):
		return math.IsNaN(got)
	case math.IsInf(want, 0):
		return got == want
	}
	return math.Abs(got-want) <= tol
}

// Slices returns nil if each element i of got is within tol(i) of want. Otherwise the
// error counts the ones that are not and describes the first.
func Slices[T float32 | float64](got []T, want []float64, tol func(i int) float64) error {
	if len(got) != len(want) {
		return fmt.Errorf("%d elements, want %d", len(got), len(want))
	}
	first, wrong := -1, 0
	for i, w := range want {
		if !Close(float64(got[i]), w, tol(i)) {
			if wrong == 0 {
				first = i
			}
			wrong++
		}
	}
	if wrong == 0 {
		return nil
	}
	g, w := float64(got[first]), want[first]
	return fmt.Errorf("%d of %d elements differ, first [%d] = %g, want %g: off by %g, tolerance %g",
		wrong, len(want), first, g, w, math.Abs(g-w), tol(first))
}
