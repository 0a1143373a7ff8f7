package dataset

import (
	"fmt"
	"math"
	"slices"

	"github.com/coarsegrain/taylornet/internal/rng"
)

// Split divides the images in two. The second part has the given fraction of them
// (0 <= fraction < 1), and of each class to within one image. A class that has
// images keeps at least one in rest. The choice depends only on the seed and the
// labels, and both parts keep the order of s.
func (s Subset) Split(fraction float64, seed uint64) (rest, part Subset, err error) {
	if !(fraction >= 0 && fraction < 1) {
		return rest, part, fmt.Errorf("splitting %s: fraction %g is not in [0,1)", s.Set.Name, fraction)
	}
	chosen := make([]bool, s.Len())
	total, taken := 0, 0
	for class := range s.Set.Classes {
		of := s.OfClass(class)
		total += len(of)
		// Rounding the running total gives the part as a whole the right size.
		take := min(int(math.Round(fraction*float64(total)))-taken, max(0, len(of)-1))
		taken += take
		order := make([]int32, len(of))
		rng.Permutation(order, seed, "split", uint64(class))
		for _, i := range order[:take] {
			chosen[of[i]] = true
		}
	}
	rest = Subset{Set: s.Set, Index: make([]int32, 0, s.Len()-taken)}
	part = Subset{Set: s.Set, Index: make([]int32, 0, taken)}
	for i, index := range s.Index {
		if chosen[i] {
			part.Index = append(part.Index, index)
		} else {
			rest.Index = append(rest.Index, index)
		}
	}
	return rest, part, nil
}

// Copy returns the images as a set that shares nothing with the subset.
func (s Subset) Copy(name string) *Set {
	set := &Set{
		Name: name, Classes: slices.Clone(s.Set.Classes), H: s.Set.H, W: s.Set.W, C: s.Set.C,
		Pixels: make([]uint8, 0, s.Len()*s.Set.H*s.Set.W*s.Set.C),
		Labels: make([]uint16, 0, s.Len()),
	}
	for i := range s.Index {
		set.Pixels = append(set.Pixels, s.Image(i)...)
		set.Labels = append(set.Labels, uint16(s.Label(i)))
	}
	return set
}
