package check

import (
	"slices"
	"strings"
)

// All returns the faults that are not nil as one error of one line, or nil if
// there are none.
func All(faults ...error) error {
	found := slices.DeleteFunc(slices.Clone(faults), func(err error) bool { return err == nil })
	if len(found) == 0 {
		return nil
	}
	return list(found)
}

type list []error

func (l list) Error() string {
	texts := make([]string, len(l))
	for i, err := range l {
		texts[i] = err.Error()
	}
	return strings.Join(texts, "; ")
}

func (l list) Unwrap() []error { return l }
