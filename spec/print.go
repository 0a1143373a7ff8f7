package spec

import (
	"fmt"
	"strings"
)

// String writes the network in the notation: the input on the first line,
// then a line up to each coarse-graining, pool or group. Parse reads it back
// as the same network.
func (n *Net) String() string {
	var s strings.Builder
	s.WriteString(call(inputName, inputFields(&n.Input)))
	sep := "\n"
	for _, op := range n.Ops {
		s.WriteString(sep)
		write(&s, op)
		switch op.(type) {
		case *CG, *Pool, *Sum, *Cat:
			sep = "\n"
		default:
			sep = " "
		}
	}
	s.WriteByte('\n')
	return s.String()
}

func write(s *strings.Builder, op Op) {
	s.WriteString(call(name(op), fields(op)))
	group, ok := branches(op)
	if !ok {
		return
	}
	s.WriteByte('{')
	for i, branch := range group {
		if i > 0 {
			s.WriteString(" |")
		}
		for _, op := range branch {
			s.WriteByte(' ')
			write(s, op)
		}
	}
	s.WriteString(" }")
}

// String is the layer's operation in the notation; of a group only the name,
// since its branches are layers of their own.
func (l Layer) String() string { return call(name(l.Op), fields(l.Op)) }

// String writes the shape as [H,W,C].
func (s Shape) String() string { return fmt.Sprintf("[%d,%d,%d]", s.H, s.W, s.C) }
