package dataset

import (
	"image"
	"image/color"
)

// turned shows a stored picture as its EXIF orientation, 2 to 8, says. It copies
// nothing.
type turned struct {
	stored image.Image
	by     int
}

// upright shows a stored picture as its EXIF orientation says, 1 to 8.
func upright(stored image.Image, orientation int) image.Image {
	if orientation < 2 || orientation > 8 {
		return stored
	}
	return turned{stored, orientation}
}

// ColorModel implements image.Image.
func (t turned) ColorModel() color.Model { return t.stored.ColorModel() }

// Bounds implements image.Image. They begin at the origin.
func (t turned) Bounds() image.Rectangle {
	size := t.stored.Bounds().Size()
	if t.by >= 5 {
		size.X, size.Y = size.Y, size.X
	}
	return image.Rectangle{Max: size}
}

// At implements image.Image.
func (t turned) At(x, y int) color.Color { return t.stored.At(t.source(x, y)) }

// RGBA64At implements image.RGBA64Image.
func (t turned) RGBA64At(x, y int) color.RGBA64 {
	x, y = t.source(x, y)
	if img, ok := t.stored.(image.RGBA64Image); ok {
		return img.RGBA64At(x, y)
	}
	return color.RGBA64Model.Convert(t.stored.At(x, y)).(color.RGBA64) //nolint:errcheck // the model's type
}

// Opaque reports whether no part is transparent.
func (t turned) Opaque() bool { return Opaque(t.stored) }

// source returns where a pixel of the upright picture is stored.
func (t turned) source(x, y int) (int, int) {
	b := t.stored.Bounds()
	if t.by >= 5 { // the stored lines are the upright columns
		x, y = y, x
	}
	switch t.by {
	case 2, 3, 7, 8:
		x = b.Dx() - 1 - x
	}
	switch t.by {
	case 3, 4, 6, 7:
		y = b.Dy() - 1 - y
	}
	return b.Min.X + x, b.Min.Y + y
}
