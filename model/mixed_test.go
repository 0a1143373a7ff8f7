package model_test

import (
	"slices"
	"testing"

	"github.com/coarsegrain/taylornet/dataset"
	"github.com/coarsegrain/taylornet/model"
)

// Light and dark of a picture are not exchanged if the training images were of both
// kinds: each of them passes unchanged.
func TestMixedImagesPassUnchanged(t *testing.T) {
	const side = 6
	for _, tt := range []struct {
		name  string
		light int // of 20 images
		mixed bool
	}{{"all dark", 0, false}, {"one light", 1, true}, {"a third light", 6, true}} {
		set := &dataset.Set{Name: "bars", Classes: []string{"a", "b"}, H: side, W: side, C: 1}
		for i := range 20 {
			pixels := make([]uint8, side*side)
			for k := range pixels {
				if i < tt.light || k%7 == i%3 {
					pixels[k] = uint8(200 + i)
				}
			}
			set.Pixels = append(set.Pixels, pixels...)
			set.Labels = append(set.Labels, uint16(i%2))
		}
		c := config(t, "Input(6,6,1) Linear(2)", set.Classes...)
		c.Preparation = model.MeasurePreparation(set.All())
		if c.Preparation.Mixed != tt.mixed {
			t.Errorf("%s: %+v, want mixed %v", tt.name, c.Preparation, tt.mixed)
		}
		c.Normalisation = dataset.Normalisation{Mean: []float32{0.3}, Std: []float32{1}}
		m, err := model.New(c)
		if err != nil {
			t.Fatal(err)
		}
		for i := range set.Len() {
			p, err := m.Prepare(set.Picture(i))
			if err != nil || !slices.Equal(p.Pixels, set.Image(i)) {
				t.Errorf("%s: image %d became another: %q (%v)", tt.name, i, p.Notes, err)
			}
		}
	}
}
