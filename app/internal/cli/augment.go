package cli

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/coarsegrain/taylornet/dataset"
)

// noAugment is how an empty augmentation is written.
const noAugment = "none"

// augmentNames lists the parts of an augmentation in the order of writing.
func augmentNames() []string {
	return []string{"shift", "rotate", "scale", "shear", "elastic", "flip", "crop", "cutout", "contrast", "noise"}
}

// augmentPart is a pointer to the named part, nil if there is none.
func augmentPart(a *dataset.Augment, name string) any {
	switch name {
	case "shift":
		return &a.Shift
	case "rotate":
		return &a.Rotate
	case "scale":
		return &a.Scale
	case "shear":
		return &a.Shear
	case "elastic":
		return &a.Elastic
	case "flip":
		return &a.Flip
	case "crop":
		return &a.Crop
	case "cutout":
		return &a.Cutout
	case "contrast":
		return &a.Contrast
	case "noise":
		return &a.Noise
	}
	return nil
}

// parseAugment reads an augmentation as in "shift=2,rotate=10,flip".
func parseAugment(text string) (a dataset.Augment, err error) {
	if text == noAugment {
		return a, nil
	}
	for word := range strings.SplitSeq(text, ",") {
		name, value, valued := strings.Cut(strings.TrimSpace(word), "=")
		switch part := augmentPart(&a, name).(type) {
		case *bool:
			if *part = true; valued {
				err = fmt.Errorf("%s takes no value", name)
			}
		case *int:
			*part, err = parseWhole(value)
		case *float64:
			*part, err = parseNumber(value)
		default:
			return a, fmt.Errorf("unknown part %q: want %s, or %s", name, strings.Join(augmentNames(), ", "), noAugment)
		}
		if err != nil {
			return a, fmt.Errorf("%s: %w", word, err)
		}
	}
	return a, a.Validate()
}

// formatAugment writes what parseAugment reads.
func formatAugment(a dataset.Augment) string {
	var words []string
	for _, name := range augmentNames() {
		switch part := augmentPart(&a, name).(type) {
		case *bool:
			if *part {
				words = append(words, name)
			}
		case *int:
			if *part != 0 {
				words = append(words, fmt.Sprintf("%s=%d", name, *part))
			}
		case *float64:
			if *part != 0 {
				words = append(words, fmt.Sprintf("%s=%g", name, *part))
			}
		}
	}
	if len(words) == 0 {
		return noAugment
	}
	return strings.Join(words, ",")
}

func parseWhole(text string) (int, error) {
	n, err := strconv.Atoi(text)
	if err != nil {
		return 0, fmt.Errorf("%q is no whole number", text)
	}
	return n, nil
}

func parseNumber(text string) (float64, error) {
	x, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return 0, fmt.Errorf("%q is no number", text)
	}
	return x, nil
}
