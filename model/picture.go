package model

import (
	"cmp"
	"fmt"
	"image"
	"image/color"

	"github.com/coarsegrain/taylornet/dataset"
)

// Invert says whether light and dark of a picture are exchanged before the model
// sees it.
type Invert string

// InvertAuto exchanges light and dark if the picture looks like the negative of what
// the model was trained on: the model is grey, its training images are light on dark,
// and the picture has a bright border, like ink on paper. If the model's images are
// drawings, it is decided by the drawing that is found, and InvertYes and InvertNo look
// for none.
const (
	InvertAuto Invert = "auto"
	InvertYes  Invert = "yes"
	InvertNo   Invert = "no"
)

// MarshalText returns "auto", "yes" or "no".
func (v Invert) MarshalText() ([]byte, error) { return []byte(cmp.Or(v, InvertAuto)), v.validate() }

// UnmarshalText reads "auto", "yes" or "no".
func (v *Invert) UnmarshalText(text []byte) error {
	*v = Invert(text)
	return v.validate()
}

func (v Invert) validate() error {
	switch v {
	case "", InvertAuto, InvertYes, InvertNo:
		return nil
	}
	return fmt.Errorf("invert is %q: want %s, %s or %s", string(v), InvertAuto, InvertYes, InvertNo)
}

// darkMean is the mean of the training images, 0 to 1, below which they are
// taken for light strokes on a dark ground.
const darkMean = 0.4

func (m *Model) inverts(img image.Image) bool {
	if m.opts.Invert == InvertYes || m.opts.Invert == InvertNo {
		return m.opts.Invert == InvertYes
	}
	return m.cfg.Net.Input.C == 1 && !m.cfg.Preparation.Mixed && m.cfg.Normalisation.Mean[0] < darkMean && isLight(img)
}

// isLight reports whether a picture seems to be dark on light.
func isLight(img image.Image) bool { return borderMean(img) > 0.5 }

// borderMean returns the mean brightness of a picture's outermost pixels, 0 to 1.
func borderMean(img image.Image) float64 {
	b := img.Bounds()
	sum, n := 0, 0
	add := func(x, y int) {
		red, green, blue, _ := img.At(x, y).RGBA()
		sum += int((19595*red + 38470*green + 7471*blue + 1<<15) >> 24) // as image/color does
		n++
	}
	for x := b.Min.X; x < b.Max.X; x++ {
		add(x, b.Min.Y)
		add(x, b.Max.Y-1)
	}
	for y := b.Min.Y; y < b.Max.Y; y++ {
		add(b.Min.X, y)
		add(b.Max.X-1, y)
	}
	return float64(sum) / float64(n) / 0xff
}

// grey reports whether no pixel of a picture, shrunk if it is large, has colour.
func grey(img image.Image) bool {
	switch img.ColorModel() {
	case color.GrayModel, color.Gray16Model:
		return true
	}
	img = dataset.Shrink(img, largest)
	b := img.Bounds()
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			red, green, blue, _ := img.At(x, y).RGBA()
			if red>>8 != green>>8 || red>>8 != blue>>8 {
				return false
			}
		}
	}
	return true
}

// negative returns a picture with light and dark exchanged in every channel, shrunk if
// it is large.
func negative(img image.Image) image.Image {
	img = dataset.Shrink(img, largest)
	b := img.Bounds()
	out := image.NewRGBA(b)
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			red, green, blue, _ := img.At(x, y).RGBA()
			out.SetRGBA(x, y, color.RGBA{0xff - uint8(red>>8), 0xff - uint8(green>>8), 0xff - uint8(blue>>8), 0xff})
		}
	}
	return out
}

// exchanged returns pixels with light and dark exchanged.
func exchanged(pixels []uint8) []uint8 {
	out := make([]uint8, len(pixels))
	for i, v := range pixels {
		out[i] = 0xff - v
	}
	return out
}
