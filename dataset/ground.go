package dataset

import (
	"image"
	"image/color"
)

// Ground returns what a picture that is transparent in parts must be laid over, with Over.
// If its opaque part is of one brightness, or is the smaller part, that part is ink, and the
// ground is white under dark ink and black under light ink. Otherwise the picture has a ground
// of its own, which is continued in black or white.
func Ground(img image.Image) color.Gray {
	var area, sum, squares float64
	b := img.Bounds()
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			red, green, blue, alpha := img.At(x, y).RGBA()
			if alpha == 0 {
				continue
			}
			luma := 0.299*float64(red) + 0.587*float64(green) + 0.114*float64(blue)
			v := luma / float64(alpha) // of the colour, as if it were opaque
			a := float64(alpha) / 0xffff
			area, sum, squares = area+a, sum+a*v, squares+a*v*v
		}
	}
	mean := sum / max(area, 1e-9)
	even := squares/max(area, 1e-9)-mean*mean < 0.01
	ink := even || area < float64(b.Dx())*float64(b.Dy())/2
	if ink == (mean < 0.5) {
		return color.Gray{Y: 0xff}
	}
	return color.Gray{}
}
