package check

import (
	"fmt"
	"slices"
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
	return fmt.Errorf("%s %v: want %v to %v", name, v, lo, hi)
}
