package model_test

import (
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"slices"
	"testing"

	"github.com/coarsegrain/taylornet/dataset"
	"github.com/coarsegrain/taylornet/model"
)

// picture is a square of one grey value within another.
func picture(border, centre uint8) image.Image {
	img := image.NewRGBA(image.Rect(3, 5, 13, 15))
	draw.Draw(img, img.Bounds(), image.NewUniform(color.Gray{Y: border}), image.Point{}, draw.Src)
	draw.Draw(img, img.Bounds().Inset(1), image.NewUniform(color.Gray{Y: centre}), image.Point{}, draw.Src)
	return img
}

func TestInvert(t *testing.T) {
	for _, tt := range []struct {
		name     string
		channels int
		mean     float32
		img      image.Image
		invert   model.Invert
		inverted bool
	}{
		{"ink on paper", 1, 0.13, picture(0xff, 0), model.InvertAuto, true},
		{"by default", 1, 0.13, picture(0xff, 0), "", true},
		{"ink on paper as it is", 1, 0.13, picture(0xff, 0), model.InvertNo, false},
		{"chalk on slate", 1, 0.13, picture(0, 0xff), model.InvertAuto, false},
		{"chalk on slate inverted", 1, 0.13, picture(0, 0xff), model.InvertYes, true},
		{"trained on ink", 1, 0.8, picture(0xff, 0), model.InvertAuto, false},
		{"colour", 3, 0.13, picture(0xff, 0), model.InvertAuto, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := config(t, fmt.Sprintf("Input(10,10,%d) Linear(2)", tt.channels), "a", "b")
			for i := range c.Normalisation.Mean {
				c.Normalisation.Mean[i] = tt.mean
			}
			m, err := model.New(c, model.Options{Invert: tt.invert})
			if err != nil {
				t.Fatal(err)
			}
			got, err := m.Prepare(tt.img)
			if err != nil || got.Inverted != tt.inverted {
				t.Errorf("inverted is %v, want %v (%v)", got.Inverted, tt.inverted, err)
			}
			want := dataset.FromImage(tt.img, 10, 10, tt.channels)
			if tt.inverted {
				for i, v := range want {
					want[i] = 0xff - v
				}
			}
			if !slices.Equal(got.Pixels, want) {
				t.Errorf("pixels %v, want %v", got.Pixels, want)
			}
			p, err := m.Predict(tt.img)
			if err != nil || p.Inverted != tt.inverted {
				t.Errorf("the prediction says that inverted is %v, want %v (%v)", p.Inverted, tt.inverted, err)
			}
		})
	}
}

func TestInvertText(t *testing.T) {
	for _, want := range []model.Invert{model.InvertAuto, model.InvertYes, model.InvertNo} {
		text, err := want.MarshalText()
		var got model.Invert
		if err != nil || got.UnmarshalText(text) != nil || got != want {
			t.Errorf("%q is written %q and read as %q (%v)", want, text, got, err)
		}
	}
	c := config(t, "Input(1,1,1) Linear(2)", "a", "b")
	_, err := model.New(c, model.Options{Invert: "perhaps"})
	oneLine(t, err, `invert is "perhaps": want auto, yes or no`)
}

// Every channel is inverted, wherever the picture's bounds begin.
func TestInvertColours(t *testing.T) {
	img := image.NewRGBA(image.Rect(3, 5, 5, 6))
	img.SetRGBA(3, 5, color.RGBA{0, 40, 0xff, 0xff})
	img.SetRGBA(4, 5, color.RGBA{1, 2, 3, 0xff})
	m, err := model.New(config(t, "Input(1,2,3) Linear(2)", "a", "b"), model.Options{Invert: model.InvertYes})
	if err != nil {
		t.Fatal(err)
	}
	got, err := m.Prepare(img)
	if want := []uint8{0xff, 215, 0, 254, 253, 252}; err != nil || !slices.Equal(got.Pixels, want) {
		t.Errorf("pixels %v, want %v (%v)", got.Pixels, want, err)
	}
}
