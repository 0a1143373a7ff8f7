package report

import (
	"image"
	"image/color"
	"math"
	"slices"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/vgimg"

	"golang.org/x/image/draw"

	"github.com/coarsegrain/taylornet/taylor"
)

// enlarged returns a picture with each pixel as a square of by x by.
func enlarged(img image.Image, by int) *image.RGBA {
	b := img.Bounds()
	out := image.NewRGBA(image.Rect(0, 0, b.Dx()*by, b.Dy()*by))
	draw.NearestNeighbor.Scale(out, out.Rect, img, b, draw.Src, nil)
	return out
}

// Heat draws values [H,W,C], summed over the channels at each site. Zero is white. The
// first colour of charts is positive and the second negative. They are full at the value
// most, or at the largest absolute value if most is 0. What is no number is white.
func Heat(values []float64, h, w int, most float64) image.Image {
	sites := make([]float64, h*w)
	channels := len(values) / len(sites)
	for i, v := range values {
		sites[i/channels] += v
	}
	if most == 0 {
		for _, v := range sites {
			if finite(v) {
				most = max(most, math.Abs(v))
			}
		}
	}
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	for i, v := range sites {
		full := palette()[0]
		if v < 0 {
			full = palette()[1]
		}
		depth := 0.0
		if most > 0 && !math.IsNaN(v) {
			depth = min(1, math.Abs(v)/most)
		}
		mix := func(c uint8) uint8 { return uint8(math.Round(255 - depth*(255-float64(c)))) }
		img.SetRGBA(i%w, i/w, color.RGBA{mix(full.R), mix(full.G), mix(full.B), 0xff})
	}
	return img
}

// MapSheet draws the channels of a feature map side by side, each from its
// smallest value, black, to its largest, white. What is no number is grey.
func MapSheet(m taylor.Map, columns int) image.Image {
	h, w, c := m.Shape[0], m.Shape[1], m.Shape[2]
	columns = min(columns, c)
	rows := (c + columns - 1) / columns
	const gap = 1
	sheet := image.NewGray(image.Rect(0, 0, columns*(w+gap)-gap, rows*(h+gap)-gap))
	for i := range sheet.Pix {
		sheet.Pix[i] = 0x80
	}
	channel := make([]float64, h*w)
	for k := range c {
		for s := range channel {
			channel[s] = m.Values[s*c+k]
		}
		lo, hi := math.Inf(1), math.Inf(-1)
		for _, v := range channel {
			if finite(v) {
				lo, hi = min(lo, v), max(hi, v)
			}
		}
		for s, v := range channel {
			if part := (v/2 - lo/2) / (hi/2 - lo/2); finite(part) && hi > lo { // else it stays grey
				grey := color.Gray{Y: uint8(math.Round(255 * part))}
				sheet.SetGray(k%columns*(w+gap)+s%w, k/columns*(h+gap)+s/w, grey)
			}
		}
	}
	return sheet
}

// PairPicture draws pairs of pixels on their image, enlarged by a whole number. A line
// joins the two, in one of Heat's colours; its width is proportional to the pair's value.
// A ring marks the square of a pixel.
func PairPicture(img image.Image, pairs []taylor.Pair, by int) image.Image {
	large := enlarged(img, by)
	w, h := large.Rect.Dx(), large.Rect.Dy()
	canvas := vgimg.NewWith(vgimg.UseWH(vg.Length(w), vg.Length(h)), vgimg.UseDPI(72))
	canvas.DrawImage(vg.Rectangle{Max: vg.Point{X: vg.Length(w), Y: vg.Length(h)}}, large)
	centre := func(pixel [3]int) vg.Point {
		half := float64(by) / 2
		return vg.Point{
			X: vg.Length(float64(pixel[1]*by) + half),
			Y: vg.Length(float64(h-pixel[0]*by) - half), // upwards
		}
	}
	for _, p := range slices.Backward(pairs) {
		full := palette()[0]
		if p.Value < 0 {
			full = palette()[1]
		}
		canvas.SetColor(full)
		part := math.Abs(p.Value / pairs[0].Value)
		if !(part <= 1) { // they are not numbers, or all 0
			part = 0
		}
		canvas.SetLineWidth(vg.Length(max(0.7, float64(by)/3*part)))
		var path vg.Path
		from, to := centre(p.Pixels[0]), centre(p.Pixels[1])
		if from == to {
			path.Move(from.Add(vg.Point{X: vg.Length(by) / 3}))
			path.Arc(from, vg.Length(by)/3, 0, 2*math.Pi)
			path.Close()
		} else {
			path.Move(from)
			path.Line(to)
		}
		canvas.Stroke(path)
	}
	return canvas.Image()
}
