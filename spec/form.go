package spec

import (
	"fmt"
	"strconv"
	"strings"
)

// Limits of a network, which keep every count within an int32 and every
// network printable within the longest source that Parse reads.
const (
	maxValue  = 1 << 16   // a value of an operation
	maxDepth  = 32        // groups within groups
	maxOps    = 10_000    // operations and branches together
	maxSize   = 1 << 28   // values of a feature map
	maxParams = 1<<31 - 1 // parameters, statistics included
)

// field is one of the values that an operation is written with. Parsing,
// printing and checking all go by the fields, so that a new option is a new
// line in fields.
type field struct {
	name     string
	value    *int
	min, max int
	optional bool // may be left out, which means fallback
	fallback int
	named    bool // written name=value, after the others
}

func required(name string, value *int) field {
	return field{name: name, value: value, min: 1, max: maxValue}
}

// order is the degree of an operation's polynomials.
func order(value *int) field {
	return field{name: "order", value: value, min: 1, max: 3, optional: true, fallback: 2, named: true}
}

func (f field) admits(n int) bool { return f.min <= n && n <= f.max }

// wrong says what is wrong with the value of f, written as text, in a call of
// the named operation.
func (f field) wrong(operation, text string) string {
	return fmt.Sprintf("%s of %s is %s, want a whole number from %d to %d", f.name, operation, text, f.min, f.max)
}

// vocabulary is one of each operation.
func vocabulary(pos Pos) []Op {
	return []Op{
		&Conv{Pos: pos}, &CG{Pos: pos}, &Taylor{Pos: pos}, &Norm{pos}, &Gain{Pos: pos}, &Linear{Pos: pos}, &Flatten{pos},
		&Pool{Pos: pos}, &Pool{Pos: pos, Max: true}, &ReLU{pos}, &Sum{Pos: pos}, &Cat{Pos: pos},
	}
}

// name is what the operation is called in the notation.
func name(op Op) string {
	switch op := op.(type) {
	case *Conv:
		return "Conv"
	case *CG:
		return "CG"
	case *Taylor:
		return "Taylor"
	case *Norm:
		return "Norm"
	case *Gain:
		return "Gain"
	case *Linear:
		return "Linear"
	case *Flatten:
		return "Flatten"
	case *Pool:
		if op.Max {
			return "MaxPool"
		}
		return "AvgPool"
	case *ReLU:
		return "ReLU"
	case *Sum:
		return "Sum"
	case *Cat:
		return "Cat"
	}
	return fmt.Sprintf("%T", op)
}

// inputName is what the line is called that gives the input's shape.
const inputName = "Input"

func inputFields(s *Shape) []field {
	return []field{required("h", &s.H), required("w", &s.W), required("c", &s.C)}
}

// fields lists the values of an operation, in the order in which they are
// written.
func fields(op Op) []field {
	switch op := op.(type) {
	case *Conv:
		return []field{
			required("l1", &op.L1), required("l2", &op.L2), required("c", &op.C),
			required("s1", &op.S1), required("s2", &op.S2),
			{name: "p", value: &op.P, max: maxValue, optional: true},
		}
	case *CG:
		return []field{
			required("l1", &op.L1), required("l2", &op.L2), required("c", &op.C),
			required("s1", &op.S1), required("s2", &op.S2),
			{name: "d", value: &op.D, min: 1, max: maxValue, optional: true, fallback: 1},
			order(&op.Order),
			{name: "tie", value: &op.Tie, max: maxValue, optional: true, named: true},
		}
	case *Taylor:
		return []field{required("n", &op.N), order(&op.Order)}
	case *Gain:
		return []field{required("e", &op.E)}
	case *Linear:
		return []field{required("n", &op.N)}
	case *Pool:
		if op.Global {
			return nil
		}
		return []field{
			required("l1", &op.L1), required("l2", &op.L2),
			required("s1", &op.S1), required("s2", &op.S2),
			{name: "d", value: &op.D, min: 1, max: maxValue, optional: true, fallback: 1},
		}
	}
	return nil
}

// branches gives the branches of a group; ok is false for other operations.
func branches(op Op) (b [][]Op, ok bool) {
	switch op := op.(type) {
	case *Sum:
		return op.Branches, true
	case *Cat:
		return op.Branches, true
	}
	return nil, false
}

// signature is how an operation is written, as in "CG takes
// (l1,l2,c,s1,s2[,d][,order=k][,tie=k])".
func signature(name string, fs []field) string {
	var s strings.Builder
	for i, f := range fs {
		text := f.name
		if i > 0 {
			text = "," + text
		}
		if f.named {
			text += "=k"
		}
		if f.optional {
			text = "[" + text + "]"
		}
		s.WriteString(text)
	}
	switch {
	case len(fs) == 0:
		return name + " takes no values"
	case name == "AvgPool":
		return name + " takes no values or (" + s.String() + ")"
	}
	return name + " takes (" + s.String() + ")"
}

// call writes an operation with its values, leaving out what may be.
func call(name string, fs []field) string {
	var values, options []string
	keep := 0
	for _, f := range fs {
		text := strconv.Itoa(*f.value)
		implied := f.optional && *f.value == f.fallback
		if f.named {
			if !implied {
				options = append(options, f.name+"="+text)
			}
			continue
		}
		values = append(values, text)
		if !implied {
			keep = len(values)
		}
	}
	values = append(values[:keep], options...)
	if len(values) == 0 {
		return name
	}
	return name + "(" + strings.Join(values, ",") + ")"
}
