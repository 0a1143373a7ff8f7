package dataset

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Match says how the classes of images find those of a model.
type Match int

const (
	// ByName finds a class by its name. Names are the same in any Unicode form. A
	// name that is not there as it is may differ in case, in zeros before a number,
	// and in what stands between words, such as the slash that no folder can have.
	ByName Match = iota
	// ByPosition takes the first class for the first, and so on.
	ByPosition
)

// ErrClasses is wrapped by errors about classes that do not match.
var ErrClasses = errors.New("the classes differ")

// MatchClasses returns the position among classes of each of the names. With ByName,
// some of the classes may have no name, but each name must have a class. With ByPosition
// there must be as many. Otherwise the error wraps ErrClasses and says which differ.
func MatchClasses(names, classes []string, match Match) ([]int, error) {
	at := make([]int, len(names))
	for i := range at {
		at[i] = i
	}
	switch {
	case match == ByPosition && len(names) != len(classes):
		return nil, fmt.Errorf("%w: %d and %d cannot be matched by position", ErrClasses, len(names), len(classes))
	case match == ByPosition, slices.Equal(names, classes):
		return at, nil
	}
	exact, alike := positions(classes, norm.NFC.String), positions(classes, alikeName)
	own, ownAlike := positions(names, norm.NFC.String), positions(names, alikeName)
	var unknown []string
	for i, name := range names {
		k, ok := exact[norm.NFC.String(name)], own[norm.NFC.String(name)] > 0
		if k == 0 {
			k, ok = alike[alikeName(name)], ownAlike[alikeName(name)] > 0
		}
		if at[i] = k - 1; k < 1 || !ok {
			unknown = append(unknown, fmt.Sprintf("%q", name))
		}
	}
	if len(unknown) > 0 {
		return nil, fmt.Errorf("%w: %s not among %s", ErrClasses, isOrAre(unknown), someOf(classes))
	}
	return at, nil
}

// positions returns the position of each name, counted from 1, by its key; -1 for a key
// that several names have.
func positions(names []string, key func(string) string) map[string]int {
	at := make(map[string]int, len(names))
	for i, name := range names {
		k := key(name)
		if at[k] != 0 {
			at[k] = -1
			continue
		}
		at[k] = i + 1
	}
	return at
}

// alikeName returns what names have in common that mean the same class.
func alikeName(name string) string {
	name = strings.ToLower(norm.NFC.String(name))
	if strings.Trim(name, "0123456789") == "" {
		if number := strings.TrimLeft(name, "0"); number != "" || name == "" {
			return number
		}
		return "0"
	}
	var b strings.Builder
	after := false // something that stands between words
	for _, r := range name {
		between := unicode.IsSpace(r) || strings.ContainsRune(`_-/\:*?"<>|`, r)
		if between && after {
			continue
		}
		if after = between; between {
			r = '_'
		}
		b.WriteRune(r)
	}
	return b.String()
}

// maxListed is how many classes an error names.
const maxListed = 10

// someOf lists words, the first ones if there are many.
func someOf(words []string) string {
	if n := len(words) - maxListed; n > 0 {
		return fmt.Sprintf("%s and %d more", strings.Join(words[:maxListed], ", "), n)
	}
	return strings.Join(words, ", ")
}

// isOrAre lists words with the verb that they take.
func isOrAre(words []string) string {
	if len(words) == 1 {
		return words[0] + " is"
	}
	return someOf(words) + " are"
}

// Align returns the same images with labels that refer to the classes given, such as
// those of a model. It shares the pixels. See MatchClasses for the error.
func (s *Set) Align(classes []string, match Match) (*Set, error) {
	at, err := MatchClasses(s.Classes, classes, match)
	if err == nil {
		err = checkLabels(s.Labels, len(s.Classes))
	}
	if err != nil {
		return nil, err
	}
	aligned := *s
	aligned.Classes, aligned.Labels = classes, make([]uint16, len(s.Labels))
	for i, label := range s.Labels {
		aligned.Labels[i] = uint16(at[label])
	}
	return &aligned, nil
}
