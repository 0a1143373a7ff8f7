package drawing

import (
	"image"

	"golang.org/x/image/draw"
)

// plane is a picture at the size at which it is examined: the difference from the
// ground at each pixel, and later the ink, row by row.
type plane struct {
	w, h int
	v    []float32
}

func newPlane(w, h int) plane { return plane{w, h, make([]float32, w*h)} }

// longest is the longest side, in pixels, at which a picture is examined.
const longest = 512

// shrunk returns the colours of a picture, 0 to 1, at a size of at most longest pixels:
// red, green and blue planes.
func shrunk(img image.Image) [3]plane {
	b := img.Bounds()
	w, h := b.Dx(), b.Dy()
	if side := max(w, h); side > longest {
		w, h = max(1, w*longest/side), max(1, h*longest/side)
	}
	small := image.NewRGBA(image.Rect(0, 0, w, h))
	if b.Size() == small.Rect.Size() {
		draw.Draw(small, small.Rect, img, b.Min, draw.Src)
	} else {
		draw.ApproxBiLinear.Scale(small, small.Rect, img, b, draw.Src, nil)
	}
	var out [3]plane
	for c := range out {
		out[c] = newPlane(w, h)
		for i := range out[c].v {
			out[c].v[i] = float32(small.Pix[4*i+c]) / 255
		}
	}
	return out
}

// at returns the value at x, y.
func (p plane) at(x, y int) float32 { return p.v[y*p.w+x] }
