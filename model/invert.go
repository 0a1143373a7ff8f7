package model

import (
	"image"
	"image/color"
)

// darkMean is the mean of the training images, 0 to 1, below which they are
// taken for light strokes on a dark ground.
const darkMean = 0.4

// Inverted reports whether a picture looks like the negative of what the model
// was trained on: the model is grey, its training images are light on dark, and
// the picture has a bright border, as ink on paper has.
func (m *Model) Inverted(img image.Image) bool {
	if m.Net.Input.C != 1 || m.Normalisation.Mean[0] >= darkMean || img.Bounds().Empty() {
		return false
	}
	return borderMean(img) > 0.5
}

// borderMean is the mean brightness of a picture's outermost pixels, 0 to 1.
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

// Negative is a picture with light and dark exchanged in every channel.
func Negative(img image.Image) image.Image {
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

// grey is the brightness of a colour, weighted as image/color does; transparent
// parts are dark.
func grey(c color.Color) uint8 {
	r, g, b, _ := c.RGBA()
	return uint8((19595*r + 38470*g + 7471*b + 1<<15) >> 24)
}
