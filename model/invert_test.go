package model_test

import (
	"image"
	"image/color"
	"image/draw"
	"testing"

	"github.com/coarsegrain/taylornet/dataset"
	"github.com/coarsegrain/taylornet/model"
	"github.com/coarsegrain/taylornet/spec"
)

// picture is a square of one grey value within another.
func picture(border, centre uint8) image.Image {
	img := image.NewRGBA(image.Rect(3, 5, 13, 15))
	draw.Draw(img, img.Bounds(), image.NewUniform(color.Gray{Y: border}), image.Point{}, draw.Src)
	draw.Draw(img, img.Bounds().Inset(1), image.NewUniform(color.Gray{Y: centre}), image.Point{}, draw.Src)
	return img
}

func trainedOn(channels int, mean float32) *model.Model {
	net := &spec.Net{Input: spec.Shape{H: 1, W: 1, C: channels}}
	norm := dataset.Normalisation{Mean: make([]float32, channels), Std: make([]float32, channels)}
	for c := range channels {
		norm.Mean[c], norm.Std[c] = mean, 1
	}
	return &model.Model{Config: model.Config{Net: net, Normalisation: norm}}
}

func TestInverted(t *testing.T) {
	for _, tt := range []struct {
		name     string
		model    *model.Model
		img      image.Image
		inverted bool
	}{
		{"ink on paper", trainedOn(1, 0.13), picture(0xff, 0), true},
		{"chalk on slate", trainedOn(1, 0.13), picture(0, 0xff), false},
		{"trained on ink", trainedOn(1, 0.8), picture(0xff, 0), false},
		{"colour", trainedOn(3, 0.13), picture(0xff, 0), false},
		{"no pixels", trainedOn(1, 0.13), image.NewGray(image.Rectangle{}), false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.model.Inverted(tt.img); got != tt.inverted {
				t.Errorf("Inverted is %v, want %v", got, tt.inverted)
			}
		})
	}
}

func TestNegative(t *testing.T) {
	img := picture(0xff, 40)
	negative := model.Negative(img)
	if negative.Bounds() != img.Bounds() {
		t.Fatalf("bounds %v, want %v", negative.Bounds(), img.Bounds())
	}
	for _, tt := range []struct {
		x, y int
		want uint8
	}{{3, 5, 0}, {12, 14, 0}, {8, 8, 215}} {
		if got := negative.At(tt.x, tt.y); got != (color.RGBA{tt.want, tt.want, tt.want, 0xff}) {
			t.Errorf("at (%d,%d): %v, want %d", tt.x, tt.y, got, tt.want)
		}
	}
}
