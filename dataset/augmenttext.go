package dataset

import (
	"fmt"
	"strconv"
	"strings"
)

// noAugment is the text of an Augment that leaves images as they are.
const noAugment = "none"

// augmentPart is a part of an Augment with its name in texts.
type augmentPart struct {
	name  string
	value any // *float64, *int or *bool
}

// parts lists the parts in the order of String.
func (a *Augment) parts() []augmentPart {
	return []augmentPart{
		{"shift", &a.Shift},
		{"rotate", &a.Rotate},
		{"scale", &a.Scale},
		{"shear", &a.Shear},
		{"elastic", &a.Elastic},
		{"flip", &a.Flip},
		{"crop", &a.Crop},
		{"cutout", &a.Cutout},
		{"contrast", &a.Contrast},
		{"noise", &a.Noise},
	}
}

// ParseAugment reads what String writes, as in "shift=2,rotate=10,flip" or "none".
func ParseAugment(text string) (a Augment, err error) {
	if text == noAugment {
		return a, nil
	}
	for word := range strings.SplitSeq(text, ",") {
		name, value, valued := strings.Cut(strings.TrimSpace(word), "=")
		if err := a.set(name, value, valued); err != nil {
			return Augment{}, err
		}
	}
	return a, a.Validate()
}

func (a *Augment) set(name, value string, valued bool) (err error) {
	var names []string
	for _, part := range a.parts() {
		if part.name != name {
			names = append(names, part.name)
			continue
		}
		switch v := part.value.(type) {
		case *bool:
			if *v = true; valued {
				return fmt.Errorf("%s takes no value", name)
			}
		case *int:
			if *v, err = strconv.Atoi(value); err != nil {
				return fmt.Errorf("%s: %q is not a whole number", name, value)
			}
		case *float64:
			if *v, err = strconv.ParseFloat(value, 64); err != nil {
				return fmt.Errorf("%s: %q is not a number", name, value)
			}
		}
		return nil
	}
	return fmt.Errorf("unknown part %q: want %s, or %s", name, strings.Join(names, ", "), noAugment)
}

// String returns the parts that are set, as in "shift=2,rotate=10,flip", or "none".
func (a Augment) String() string {
	var words []string
	for _, part := range a.parts() {
		switch v := part.value.(type) {
		case *bool:
			if *v {
				words = append(words, part.name)
			}
		case *int:
			if *v != 0 {
				words = append(words, fmt.Sprintf("%s=%d", part.name, *v))
			}
		case *float64:
			if *v != 0 {
				words = append(words, fmt.Sprintf("%s=%g", part.name, *v))
			}
		}
	}
	if len(words) == 0 {
		return noAugment
	}
	return strings.Join(words, ",")
}
