package spec

import (
	"fmt"
	"strings"
)

// Fault is one thing that is wrong with a network.
type Fault struct {
	Pos Pos // the zero Pos if no source is known
	Msg string
}

// Error returns the position and the message: "line 3, column 5: ...".
func (f Fault) Error() string {
	if f.Pos == (Pos{}) {
		return f.Msg
	}
	return fmt.Sprintf("line %d, column %d: %s", f.Pos.Line, f.Pos.Col, f.Msg)
}

// Faults is everything wrong with a network, in the order of the source.
type Faults []Fault

// maxListed bounds the length of the error line.
const maxListed = 20

// Error lists the faults on one line. Of more than 20 it lists the first 20.
func (f Faults) Error() string {
	var parts []string
	for _, fault := range f[:min(len(f), maxListed)] {
		parts = append(parts, fault.Error())
	}
	if more := len(f) - maxListed; more > 0 {
		parts = append(parts, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(parts, "; ")
}

// err returns f as an error, or nil if there are no faults.
func (f Faults) err() error {
	if len(f) == 0 {
		return nil
	}
	return f
}
