package optim

import (
	"fmt"
	"math"
)

// within is an error unless lo <= v < hi; NaN is not.
func within(name string, v, lo, hi float64) error {
	if v >= lo && v < hi {
		return nil
	}
	return fmt.Errorf("%s is %v: want a number in [%v,%v)", name, v, lo, hi)
}

// positive is an error unless v is positive and finite.
func positive(name string, v float64) error {
	if v > 0 && v < math.Inf(1) {
		return nil
	}
	return fmt.Errorf("%s is %v: want a positive number", name, v)
}
