package cli

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/coarsegrain/taylornet/dataset"
)

const augmentFlag, seedFlag, teacherFlag = "augment", "seed", "teacher"

// setting is a flag for one field of settings of type C. A field keeps its value, that
// of a recipe, unless the flag is given.
type setting[C any] struct {
	name, usage string
	value[C]
}

// value is the value of such a flag, whatever its type. The first three methods are what
// a flag needs.
type value[C any] interface {
	String() string
	Set(string) error
	Type() string
	// apply sets the field if the flag was given.
	apply(*C)
	// changes reports whether the flag was given and differs from the field.
	changes(*C) bool
	// show writes the field as the flag takes it.
	show(*C) string
	// clone returns a flag with the same value, which can be set separately.
	clone() value[C]
}

// settings are the flags of a command that the outcome depends on.
type settings[C any] []setting[C]

// add gives a command the flags.
func (list settings[C]) add(cmd *cobra.Command) {
	for _, s := range list {
		cmd.Flags().Var(s.value, s.name, s.usage)
	}
}

// apply sets the fields whose flags were given.
func (list settings[C]) apply(c *C) {
	for _, s := range list {
		s.apply(c)
	}
}

// changed lists the flags that were given and differ from the fields.
func (list settings[C]) changed(c *C) (names []string) {
	for _, s := range list {
		if s.changes(c) {
			names = append(names, "--"+s.name)
		}
	}
	return names
}

// words returns the flags that make c of base.
func (list settings[C]) words(c, base *C) (words []string) {
	for _, s := range list {
		if text := s.show(c); text != s.show(base) {
			words = append(words, "--"+s.name, text)
		}
	}
	return words
}

// names lists the names of the flags.
func (list settings[C]) names() (names []string) {
	for _, s := range list {
		names = append(names, s.name)
	}
	return names
}

// typed is a flag for a field of type T.
type typed[C, T any] struct {
	kind   string
	parse  func(string) (T, error)
	format func(T) string
	field  func(*C) *T
	given  *T // nil unless the flag was given
}

// String is empty, because the default depends on the recipe.
func (t *typed[C, T]) String() string { return "" }

func (t *typed[C, T]) Type() string { return t.kind }

// Set takes the flag's value.
func (t *typed[C, T]) Set(text string) error {
	given, err := t.parse(text)
	if err != nil {
		return err
	}
	t.given = &given
	return nil
}

func (t *typed[C, T]) apply(c *C) {
	if t.given != nil {
		*t.field(c) = *t.given
	}
}

func (t *typed[C, T]) changes(c *C) bool { return t.given != nil && t.format(*t.given) != t.show(c) }

func (t *typed[C, T]) show(c *C) string { return t.format(*t.field(c)) }

func (t *typed[C, T]) clone() value[C] {
	c := *t
	return &c
}

// whole is a flag for a whole number.
func whole[C any](field func(*C) *int) value[C] {
	return &typed[C, int]{kind: "N", parse: parseWhole, format: strconv.Itoa, field: field}
}

// number is a flag for a number.
func number[C any](field func(*C) *float64) value[C] {
	format := func(x float64) string { return strconv.FormatFloat(x, 'g', -1, 64) }
	return &typed[C, float64]{kind: "X", parse: parseNumber, format: format, field: field}
}

// word is a flag for a text. Instead of an empty text it takes and shows the word empty,
// unless that is "".
func word[C any](kind, empty string, field func(*C) *string) value[C] {
	parse := func(text string) (string, error) {
		if text == empty {
			return "", nil
		}
		return text, nil
	}
	format := func(text string) string {
		if text == "" {
			return empty
		}
		return text
	}
	return &typed[C, string]{kind: kind, parse: parse, format: format, field: field}
}

// seed is a flag for a random seed.
func seed[C any](field func(*C) *uint64) value[C] {
	parse := func(text string) (uint64, error) {
		n, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			return 0, fmt.Errorf("%q is not a whole number from 0 on", text)
		}
		return n, nil
	}
	return &typed[C, uint64]{kind: "N", parse: parse, format: func(n uint64) string { return strconv.FormatUint(n, 10) }, field: field}
}

// wholes is a flag for a list of whole numbers.
func wholes[C any](field func(*C) *[]int) value[C] {
	parse := func(text string) (list []int, err error) {
		for part := range strings.SplitSeq(text, ",") {
			n, err := parseWhole(strings.TrimSpace(part))
			if err != nil {
				return nil, err
			}
			list = append(list, n)
		}
		return list, nil
	}
	format := func(list []int) string { return strings.ReplaceAll(strings.Trim(fmt.Sprint(list), "[]"), " ", ",") }
	return &typed[C, []int]{kind: "N,N,...", parse: parse, format: format, field: field}
}

// augmentation is a flag for augmentations.
func augmentation[C any](field func(*C) *dataset.Augment) value[C] {
	return &typed[C, dataset.Augment]{kind: "LIST", parse: dataset.ParseAugment, format: dataset.Augment.String, field: field}
}

func parseWhole(text string) (int, error) {
	n, err := strconv.Atoi(text)
	if err != nil {
		return 0, fmt.Errorf("%q is not a whole number", text)
	}
	return n, nil
}

func parseNumber(text string) (float64, error) {
	x, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return 0, fmt.Errorf("%q is not a number", text)
	}
	return x, nil
}
