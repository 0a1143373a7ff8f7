package check

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// OneOf wants a value that is one of the names.
func OneOf(name, value string, names []string) error {
	if slices.Contains(names, value) {
		return nil
	}
	return fmt.Errorf("%s %q: want one of %s", name, value, strings.Join(names, ", "))
}

// Within wants a value from lo to hi; NaN is not.
func Within(name string, v, lo, hi float64) error {
	if v >= lo && v <= hi {
		return nil
	}
	return fmt.Errorf("%s %s: want %s to %s", name, number(v), number(lo), number(hi))
}

// number writes whole numbers without an exponent, as long as that is shorter.
func number(v float64) string {
	if v == math.Trunc(v) && math.Abs(v) < 1e15 {
		return strconv.FormatFloat(v, 'f', 0, 64)
	}
	return strconv.FormatFloat(v, 'g', -1, 64)
}
