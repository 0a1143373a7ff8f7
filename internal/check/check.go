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

// Within wants a value from lo to hi, both included.
func Within(name string, v, lo, hi float64) error {
	return want(name, v, v >= lo && v <= hi, number(lo)+" to "+number(hi))
}

// Above wants a value above lo and up to hi.
func Above(name string, v, lo, hi float64) error {
	return want(name, v, v > lo && v <= hi, "above "+number(lo)+", up to "+number(hi))
}

// Below wants a value of at least lo and below hi. A hi of +Inf admits every
// finite one.
func Below(name string, v, lo, hi float64) error {
	text := "at least " + number(lo)
	if hi < math.Inf(1) {
		text += " and below " + number(hi)
	}
	return want(name, v, v >= lo && v < hi, text)
}

// Positive wants a finite value above 0.
func Positive(name string, v float64) error {
	return want(name, v, v > 0 && v < math.Inf(1), "a positive number")
}

func want(name string, v float64, ok bool, text string) error {
	if ok {
		return nil
	}
	return fmt.Errorf("%s %s: want %s", name, number(v), text)
}

// number writes whole numbers without an exponent, as long as that is shorter.
func number(v float64) string {
	if v == math.Trunc(v) && math.Abs(v) < 1e15 {
		return strconv.FormatFloat(v, 'f', 0, 64)
	}
	return strconv.FormatFloat(v, 'g', -1, 64)
}
