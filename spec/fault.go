package spec

import (
	"fmt"
	"strings"
)

// Fault is one thing wrong with a network.
type Fault struct {
	Pos Pos // the zero Pos where no source is known
	Msg string
}

// Error gives the position and the message: "line 3, column 5: ...".
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

// Error lists the faults on one line, the first 20 of them if there are more.
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

// err is f as an error, nil if there are no faults.
func (f Faults) err() error {
	if len(f) == 0 {
		return nil
	}
	return f
}
