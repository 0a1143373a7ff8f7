package dataset

import (
	"fmt"
	"image"
	"image/color"
	"math"

	"golang.org/x/image/draw"
)

// FromImage converts any picture to h x w pixels of c channels (1 grey, 3 RGB),
// [H,W,C], as networks take them. If a side shrinks, each new pixel is the average over
// its part of that side; a side that grows is resampled with the Catmull-Rom kernel.
// Transparent parts lie over black: see Over. Beside the result, it takes the memory of
// a line of the picture. It panics if c is neither 1 nor 3.
func FromImage(img image.Image, h, w, c int) []uint8 { return new(resizer).fromImage(img, h, w, c) }

// resizer is FromImage for pictures of one size, whose weights it keeps.
type resizer struct {
	from, to Size
	scaler   draw.Scaler
}

// of returns what resamples pictures of a size.
func (r *resizer) of(from, to Size) draw.Scaler {
	if r.scaler == nil || r.from != from || r.to != to {
		r.from, r.to, r.scaler = from, to, draw.CatmullRom.NewScaler(to.W, to.H, from.W, from.H)
	}
	return r.scaler
}

func (r *resizer) fromImage(img image.Image, h, w, c int) []uint8 {
	if c != 1 && c != 3 {
		panic(fmt.Sprintf("dataset.FromImage: %d channels, want 1 or 3", c))
	}
	from := Size{img.Bounds().Dy(), img.Bounds().Dx()}
	to := Size{min(h, from.H), min(w, from.W)}
	if to == (Size{h, w}) {
		return average(rows(img, c), from, to, c)
	}
	if to != from {
		img = pictureOf(average(rows(img, c), from, to, c), to, c)
	}
	bounds, scaler := image.Rect(0, 0, w, h), r.of(to, Size{h, w})
	if c == 1 {
		grey := image.NewGray(bounds)
		scaler.Scale(grey, bounds, img, img.Bounds(), draw.Src, nil)
		return grey.Pix
	}
	rgba := image.NewRGBA(bounds)
	scaler.Scale(rgba, bounds, img, img.Bounds(), draw.Src, nil)
	return withoutAlpha(rgba.Pix)
}

// Shrink returns a picture of which no side is longer than longest pixels, at least 1.
// Each new pixel is the average over its area, its opacity too. A picture that is small
// enough is returned as it is. It takes little memory beside the result, so that a
// photograph can be dropped as soon as it is decoded.
func Shrink(img image.Image, longest int) image.Image {
	from := Size{img.Bounds().Dy(), img.Bounds().Dx()}
	side := max(from.H, from.W)
	switch {
	case side <= longest:
		return img
	case from.H == 0 || from.W == 0: // no pixels
		return image.NewGray(image.Rectangle{})
	}
	if t, ok := img.(turned); ok {
		return turned{Shrink(t.stored, longest), t.by}
	}
	shorter := func(n int) int { return max(1, int((2*int64(n)*int64(longest)+int64(side))/(2*int64(side)))) }
	to := Size{shorter(from.H), shorter(from.W)}
	c := 4
	switch img.ColorModel() {
	case color.GrayModel, color.Gray16Model:
		c = 1
	}
	return pictureOf(average(rows(img, c), from, to, c), to, c)
}

// Opaque reports whether no part of a picture is transparent.
func Opaque(img image.Image) bool {
	if o, ok := img.(interface{ Opaque() bool }); ok {
		return o.Opaque()
	}
	row, bounds := rows(img, 4), img.Bounds()
	for y := range bounds.Dy() {
		for i, line := 3, row(y); i < len(line); i += 4 {
			if line[i] != 0xff {
				return false
			}
		}
	}
	return true
}

// Over lays a picture over a ground of one opaque colour. A picture without transparent
// parts is returned as it is.
func Over(img image.Image, ground color.Color) image.Image {
	if Opaque(img) {
		return img
	}
	out := image.NewRGBA(image.Rectangle{Max: img.Bounds().Size()})
	draw.Draw(out, out.Rect, image.NewUniform(ground), image.Point{}, draw.Src)
	draw.Draw(out, out.Rect, img, img.Bounds().Min, draw.Over)
	return out
}

// rows returns a function for line y of a picture, counted from its top, in c bytes per
// pixel: 1 grey, 3 RGB, 4 RGBA with the colours times the opacity. The next call may
// overwrite the line.
func rows(img image.Image, c int) func(y int) []uint8 {
	size := img.Bounds().Size()
	if grey, ok := img.(*image.Gray); ok && c == 1 {
		return func(y int) []uint8 { return grey.Pix[y*grey.Stride:][:size.X] }
	}
	if p, ok := img.(*image.Paletted); ok {
		return palettedRows(p, c, make([]uint8, size.X*c))
	}
	const together = 4096 // pixels: lines that are shorter are converted together
	n := min(size.Y, max(1, together/max(1, size.X)))
	convert := converter(img, c, image.Rect(0, 0, size.X, n))
	var lines []uint8
	first := -n
	return func(y int) []uint8 {
		if y < first || y >= first+n {
			first = y
			lines = convert(y)
		}
		return lines[(y-first)*size.X*c:][:size.X*c]
	}
}

// converter returns a function for the lines from y that fill a rectangle, in c bytes per
// pixel.
func converter(img image.Image, c int, lines image.Rectangle) func(y int) []uint8 {
	at := func(y int) image.Point { return img.Bounds().Min.Add(image.Pt(0, y)) }
	if c == 1 {
		grey := image.NewGray(lines)
		return func(y int) []uint8 {
			draw.Draw(grey, lines, img, at(y), draw.Src)
			return grey.Pix
		}
	}
	rgba := image.NewRGBA(lines)
	return func(y int) []uint8 {
		draw.Draw(rgba, lines, img, at(y), draw.Src)
		if c == 3 {
			return withoutAlpha(rgba.Pix)
		}
		return rgba.Pix
	}
}

// palettedRows is rows for a picture with a palette, whose colours are converted once.
func palettedRows(img *image.Paletted, c int, line []uint8) func(y int) []uint8 {
	all := image.Rect(0, 0, len(img.Palette), 1)
	colours := &image.Paletted{Pix: make([]uint8, len(img.Palette)), Stride: len(img.Palette), Rect: all, Palette: img.Palette}
	for i := range colours.Pix {
		colours.Pix[i] = uint8(i)
	}
	var table [256 * 4]uint8
	copy(table[:], converter(colours, c, all)(0))
	return func(y int) []uint8 {
		for x, i := range img.Pix[y*img.Stride:][:img.Rect.Dx()] {
			copy(line[x*c:][:c], table[int(i)*c:][:c])
		}
		return line[:img.Rect.Dx()*c]
	}
}

// withoutAlpha turns RGBA into RGB in place.
func withoutAlpha(pixels []uint8) []uint8 {
	n := len(pixels) / 4
	for i := range n {
		copy(pixels[3*i:3*i+3], pixels[4*i:4*i+3])
	}
	return pixels[: 3*n : 3*n]
}

// average shrinks the lines of a picture of c bytes per pixel. It adds up the lines of
// one new line at a time.
func average(row func(y int) []uint8, from, to Size, c int) []uint8 {
	out := make([]uint8, 0, to.H*to.W*c)
	if from == to {
		for y := range to.H {
			out = append(out, row(y)...)
		}
		return out
	}
	columns := make([]span, to.W)
	for j := range columns {
		columns[j] = spanOf(j, from.W, to.W)
	}
	sums := make([]float64, to.W*c)
	for i := range to.H {
		clear(sums)
		down := spanOf(i, from.H, to.H)
		for y := down.first; y <= down.last; y++ {
			addLine(sums, row(y), down.part(y), columns, c)
		}
		for _, sum := range sums {
			out = append(out, uint8(math.Round(sum)))
		}
	}
	return out
}

// addLine adds a line of c bytes per pixel, which makes up a part of a new line, to the
// sums of the new line.
func addLine(sums []float64, line []uint8, part float64, columns []span, c int) {
	for j, across := range columns {
		sum, pixels := sums[j*c:][:c], line[across.first*c:(across.last+1)*c]
		last := len(pixels) - c
		addPixel(sum, pixels, part*across.part(across.first))
		if last == 0 {
			continue
		}
		addPixels(sum, pixels[c:last], part*across.whole)
		addPixel(sum, pixels[last:], part*across.part(across.last))
	}
}

func addPixel(sum []float64, pixel []uint8, weight float64) {
	for k := range sum {
		sum[k] += weight * float64(pixel[k])
	}
}

// addPixels adds pixels of one weight, in order.
func addPixels(sum []float64, pixels []uint8, weight float64) {
	switch len(sum) {
	case 1:
		grey := sum[0]
		for _, v := range pixels {
			grey += weight * float64(v)
		}
		sum[0] = grey
	case 3:
		r, g, b := sum[0], sum[1], sum[2]
		for ; len(pixels) >= 3; pixels = pixels[3:] {
			r += weight * float64(pixels[0])
			g += weight * float64(pixels[1])
			b += weight * float64(pixels[2])
		}
		sum[0], sum[1], sum[2] = r, g, b
	default:
		for c := len(sum); len(pixels) >= c; pixels = pixels[c:] {
			addPixel(sum, pixels, weight)
		}
	}
}

// span is the pixels of a line that lie within one of fewer, larger ones, and the
// fractions of it that they make up: the first, the last and each between.
type span struct {
	first, last       int
	head, tail, whole float64
}

// spanOf returns the span of the larger pixel i.
func spanOf(i, from, to int) span {
	// In units of 1/to of a small pixel, all ends are whole numbers.
	lo, hi := i*from, (i+1)*from
	s := span{first: lo / to, last: (hi - 1) / to, whole: float64(to) / float64(from)}
	s.head = float64(min(hi, (s.first+1)*to)-lo) / float64(from)
	s.tail = float64(hi-max(lo, s.last*to)) / float64(from)
	return s
}

// part is the fraction that pixel at makes up.
func (s span) part(at int) float64 {
	switch at {
	case s.first:
		return s.head
	case s.last:
		return s.tail
	}
	return s.whole
}

// pictureOf shows pixels [H,W,C]: 1 grey, 3 RGB, or 4 RGBA with the colours times the
// opacity.
func pictureOf(pixels []uint8, size Size, c int) image.Image {
	bounds := image.Rect(0, 0, size.W, size.H)
	switch c {
	case 1:
		return &image.Gray{Pix: pixels, Stride: size.W, Rect: bounds}
	case 4:
		return &image.RGBA{Pix: pixels, Stride: 4 * size.W, Rect: bounds}
	}
	img := image.NewRGBA(bounds)
	for p := range size.H * size.W {
		copy(img.Pix[4*p:], pixels[3*p:3*p+3])
		img.Pix[4*p+3] = 0xff
	}
	return img
}
