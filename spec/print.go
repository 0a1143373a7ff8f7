package spec

import "strings"

// String writes the network in the notation: the input on the first line, then a line
// that ends with each coarse-graining, pool or group. Parse reads it back as the same
// network.
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

// MarshalText implements encoding.TextMarshaler: the network as String writes it, or
// the error of Validate.
func (n *Net) MarshalText() ([]byte, error) {
	if err := n.Validate(); err != nil {
		return nil, err
	}
	return []byte(n.String()), nil
}

// UnmarshalText implements encoding.TextUnmarshaler: it reads what Parse does.
func (n *Net) UnmarshalText(text []byte) error {
	read, err := Parse(string(text))
	if err != nil {
		return err
	}
	*n = *read
	return nil
}

func write(s *strings.Builder, op Op) {
	s.WriteString(call(op.name(), op.fields()))
	g, ok := op.(group)
	if !ok {
		return
	}
	s.WriteByte('{')
	for i, branch := range g.branches() {
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
