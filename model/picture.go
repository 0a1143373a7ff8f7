package model

import (
	"cmp"
	"errors"
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
// and the picture has a bright border, like ink on paper.
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

// Pixels converts a picture of any size and colour to the pixels that the model
// takes, [H,W,C], as dataset.FromImage does, and reports whether light and dark
// were exchanged first, as Options.Invert says.
func (m *Model) Pixels(img image.Image) (pixels []uint8, inverted bool, err error) {
	in := m.cfg.Net.Input
	if in.C != 1 && in.C != 3 {
		return nil, false, fmt.Errorf("%w: it takes %d channels, pictures have 1 or 3", ErrShape, in.C)
	}
	if img.Bounds().Empty() {
		return nil, false, errors.New("the picture is empty")
	}
	if inverted = m.inverts(img); inverted {
		img = negative(img)
	}
	return dataset.FromImage(img, in.H, in.W, in.C), inverted, nil
}

// darkMean is the mean of the training images, 0 to 1, below which they are
// taken for light strokes on a dark ground.
const darkMean = 0.4

func (m *Model) inverts(img image.Image) bool {
	if m.invert == InvertYes || m.invert == InvertNo {
		return m.invert == InvertYes
	}
	return m.cfg.Net.Input.C == 1 && m.cfg.Normalisation.Mean[0] < darkMean && borderMean(img) > 0.5
}

// borderMean returns the mean brightness of a picture's outermost pixels, 0 to 1.
func borderMean(img image.Image) float64 {
	b := img.Bounds()
	sum, n := 0, 0
	add := func(x, y int) {
		sum += int(grey(img.At(x, y)))
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

// negative returns a picture with light and dark exchanged in every channel.
func negative(img image.Image) image.Image {
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

// grey returns the brightness of a colour, weighted as image/color does;
// transparent parts are dark.
func grey(c color.Color) uint8 {
	r, g, b, _ := c.RGBA()
	return uint8((19595*r + 38470*g + 7471*b + 1<<15) >> 24)
}
