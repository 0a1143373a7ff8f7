package dataset_test

import (
	"testing"

	"github.com/coarsegrain/taylornet/dataset"
)

func TestParseAugment(t *testing.T) {
	for _, tt := range []struct {
		text string
		want dataset.Augment
		ok   bool
	}{
		{"none", dataset.Augment{}, true},
		{"shift=2,rotate=10,scale=0.1,shear=5,elastic=1,flip,crop=4,cutout=8", dataset.Augment{
			Shift: 2, Rotate: 10, Scale: 0.1, Shear: 5, Elastic: 1, Flip: true, Crop: 4, Cutout: 8,
		}, true},
		{"flip, crop=1", dataset.Augment{Flip: true, Crop: 1}, true},
		{"", dataset.Augment{}, false},
		{"blur=1", dataset.Augment{}, false},
		{"shift", dataset.Augment{}, false},
		{"shift=NaN", dataset.Augment{}, false},
		{"crop=1.5", dataset.Augment{}, false},
		{"flip=1", dataset.Augment{}, false},
		{"shift=-1", dataset.Augment{}, false},
		{"none,flip", dataset.Augment{}, false},
	} {
		got, err := dataset.ParseAugment(tt.text)
		if (err == nil) != tt.ok || tt.ok && got != tt.want {
			t.Errorf("%q: %+v, %v", tt.text, got, err)
		}
	}
}

// FuzzParseAugment checks that what is read can be written and read again.
func FuzzParseAugment(f *testing.F) {
	f.Add("shift=2,rotate=10,scale=0.1,shear=5,elastic=1,flip,crop=4,cutout=8")
	f.Add("none")
	f.Add("flip,,shift=1e-3")
	f.Fuzz(func(t *testing.T, text string) {
		a, err := dataset.ParseAugment(text)
		if err != nil {
			return
		}
		again, err := dataset.ParseAugment(a.String())
		if err != nil || again != a {
			t.Errorf("%q is written %q and read as %+v, %v", text, a.String(), again, err)
		}
	})
}
