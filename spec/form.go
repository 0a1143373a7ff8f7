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
// line in an operation's fields.
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

// order returns the field of the degree of an operation's polynomials.
func order(value *int) field {
	return field{name: "order", value: value, min: 1, max: 3, optional: true, fallback: 2, named: true}
}

// dilation returns the field of the distance between the members of a window.
func dilation(value *int) field {
	return field{name: "d", value: value, min: 1, max: maxValue, optional: true, fallback: 1}
}

func (f field) admits(n int) bool { return f.min <= n && n <= f.max }

// wrong says what is wrong with the value of f, given as text, in a call of the named
// operation.
func (f field) wrong(operation, text string) string {
	return fmt.Sprintf("%s of %s is %s, want a whole number from %d to %d", f.name, operation, text, f.min, f.max)
}

// inputName is the name of the line that gives the input's shape.
const inputName = "Input"

func inputFields(s *Shape) []field {
	return []field{required("h", &s.H), required("w", &s.W), required("c", &s.C)}
}

// signature says how an operation is written, as in "CG takes
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

// call writes an operation with its values, without those that may be left out.
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
