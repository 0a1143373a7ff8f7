package dataset

import (
	"fmt"
	"math"

	"github.com/coarsegrain/taylornet/internal/check"
	"github.com/coarsegrain/taylornet/internal/rng"
)

// Augment says how far training images are varied at random, differently in every
// epoch. The zero value leaves them as they are. Lengths are in pixels and angles in
// degrees. Every draw is uniform and symmetric about no change.
//
// Shift, rotation, scale, shear, crop and flip form one affine map about the centre
// of the image. Elastic distortion is added to that map, and the image is resampled
// once, with cubic splines over a background of 0.
type Augment struct {
	Shift  float64 `json:"shift,omitempty"`  // at most this many pixels along each axis
	Rotate float64 `json:"rotate,omitempty"` // at most this many degrees, below 180
	Scale  float64 `json:"scale,omitempty"`  // by a factor from 1-Scale to 1+Scale, below 1
	Shear  float64 `json:"shear,omitempty"`  // along the rows, at most this many degrees, below 90
	Flip   bool    `json:"flip,omitempty"`   // left to right, with probability 1/2
	Crop   int     `json:"crop,omitempty"`   // pad by this many pixels and cut out at random: shifts by whole pixels
	// Elastic moves every point of the image by at most this many pixels along each
	// axis, and its neighbours similarly. The points of a 5x5 grid over the image move
	// independently, those between them by linear interpolation (elastic distortion,
	// Simard, Steinkraus and Platt, ICDAR 2003, whose fields are smoothed noise).
	Elastic float64 `json:"elastic,omitempty"`
	// Cutout covers a square with sides of this many pixels by the mean of the data,
	// which is 0 after normalisation. The square is centred anywhere and clipped at the
	// border (DeVries and Taylor, arXiv 1708.04552, 2017).
	Cutout int `json:"cutout,omitempty"`
	// Contrast multiplies the difference of pixels from their mean over the image by a
	// factor from 1-Contrast to 1+Contrast, below 1. Noise adds bell-shaped noise to
	// every value, with a standard deviation of at most this fraction of the range of
	// pixels. The results are clipped to that range.
	Contrast float64 `json:"contrast,omitempty"`
	Noise    float64 `json:"noise,omitempty"`
}

// Validate returns an error about every fault.
func (a Augment) Validate() error {
	var faults []error
	for _, f := range []struct {
		name         string
		value, below float64
	}{
		{"shift", a.Shift, maxOffset},
		{"rotate", a.Rotate, 180},
		{"scale", a.Scale, 1},
		{"shear", a.Shear, 90},
		{"crop", float64(a.Crop), maxOffset},
		{"elastic", a.Elastic, maxOffset},
		{"cutout", float64(a.Cutout), maxOffset},
		{"contrast", a.Contrast, 1},
		{"noise", a.Noise, 1},
	} {
		if !(f.value >= 0 && f.value < f.below) {
			faults = append(faults, fmt.Errorf("augmentation: %s %g is not in [0,%g)", f.name, f.value, f.below))
		}
	}
	return check.All(faults...)
}

// maxOffset keeps coordinates well within fixed point.
const maxOffset = 1 << 14

// variation is what was drawn for one image.
type variation struct {
	rotate, scale, shear float64 // radians, factor, radians
	shiftX, shiftY       float64
	flip                 bool
	cutX, cutY           int // centre of the cutout
	elastic              bool
	bend                 bend
	contrast, noise      float32 // factor; standard deviation as a fraction of the range
}

// draw draws for an image of h x w pixels. Most numbers are drawn whatever the
// settings, so that changing one setting does not change the draws of the others.
// Elastic distortion needs many numbers: they come last, with those of contrast and
// noise, and only if one of the three is set.
func (a Augment) draw(s *rng.Stream, h, w int) variation {
	const degree = math.Pi / 180
	v := variation{
		rotate: s.Uniform(-a.Rotate, a.Rotate) * degree,
		scale:  s.Uniform(1-a.Scale, 1+a.Scale),
		shear:  s.Uniform(-a.Shear, a.Shear) * degree,
		shiftX: s.Uniform(-a.Shift, a.Shift) + float64(s.IntN(2*a.Crop+1)-a.Crop),
		shiftY: s.Uniform(-a.Shift, a.Shift) + float64(s.IntN(2*a.Crop+1)-a.Crop),
		flip:   s.IntN(2) == 1 && a.Flip,
		cutX:   s.IntN(w),
		cutY:   s.IntN(h),
	}
	toned := a.Contrast > 0 || a.Noise > 0
	if v.elastic = a.Elastic > 0; v.elastic || toned {
		for i := range v.bend {
			v.bend[i] = offset{fixed(s.Uniform(-a.Elastic, a.Elastic)), fixed(s.Uniform(-a.Elastic, a.Elastic))}
		}
	}
	if toned {
		v.contrast, v.noise = float32(s.Uniform(1-a.Contrast, 1+a.Contrast)), float32(s.Uniform(0, a.Noise))
	}
	return v
}

// Coordinates are in fixed point, where one is 1. Interpolation keeps their upper
// weightBits fractional bits.
const (
	fixedBits  = 16
	one        = 1 << fixedBits
	weightBits = 9
	weightOne  = 1 << weightBits
)

func fixed(x float64) int64 { return int64(math.Round(x * one)) }

// mapping maps output coordinates to input coordinates, in fixed point:
// x' = xx*x + xy*y + x0, y' = yx*x + yy*y + y0. If elastic, the offset of the bend at
// (x,y) is added.
type mapping struct {
	xx, xy, x0, yx, yy, y0 int64
	elastic                bool
	bend                   bend
	cellX, cellY           int64 // of the bend's grid in a pixel
}

// bendCells is the number of cells of a bend's grid along each axis.
const bendCells = 4

// bend holds the offset of each point of a grid over the image, row by row.
type bend [(bendCells + 1) * (bendCells + 1)]offset

type offset struct{ x, y int64 }

// towards returns the offset that lies the fraction at, in fixed point, from o to p.
func (o offset) towards(p offset, at int64) offset {
	return offset{o.x + (p.x-o.x)*at>>fixedBits, o.y + (p.y-o.y)*at>>fixedBits}
}

// at interpolates between the grid points around (x,y), which is in units of cells.
func (b *bend) at(x, y int64) offset {
	corner := b[(y>>fixedBits)*(bendCells+1)+x>>fixedBits:]
	x, y = x&(one-1), y&(one-1)
	upper := corner[0].towards(corner[1], x)
	return upper.towards(corner[bendCells+1].towards(corner[bendCells+2], x), y)
}

// inverse returns the map from the varied image's coordinates to the original's.
// An original offset p from the centre is scaled, sheared, rotated and shifted to
// q = R K S p + t. So p = S^-1 K^-1 R^-1 (q - t); a flip is applied to p last.
func (v variation) inverse(h, w int) mapping {
	sin, cos := math.Sincos(v.rotate)
	shear := math.Tan(v.shear)
	// R^-1 has rows (cos, sin), (-sin, cos); K^-1 has rows (1, -shear), (0, 1).
	xx, xy := (cos+shear*sin)/v.scale, (sin-shear*cos)/v.scale
	yx, yy := -sin/v.scale, cos/v.scale
	if v.flip {
		xx, xy = -xx, -xy
	}
	cx, cy := float64(w-1)/2, float64(h-1)/2
	dx, dy := cx+v.shiftX, cy+v.shiftY
	return mapping{
		xx: fixed(xx), xy: fixed(xy), x0: fixed(cx - xx*dx - xy*dy),
		yx: fixed(yx), yy: fixed(yy), y0: fixed(cy - yx*dx - yy*dy),
		elastic: v.elastic, bend: v.bend, cellX: bendCells * one / int64(w), cellY: bendCells * one / int64(h),
	}
}

// resample writes the image pixels, [h,w,c] bytes, seen through m to dst, as
// values 0..255 of the same shape. Pixels outside the image are 0.
//
// It interpolates with Catmull-Rom splines (Keys, IEEE Trans. ASSP 29, 1981).
// Bilinear interpolation blurs: a polynomial network that never saw an image as sharp
// as those it is evaluated on would extrapolate there.
func (m *mapping) resample(dst []float32, pixels []uint8, h, w, c int) {
	for y := range h {
		row := dst[y*w*c : (y+1)*w*c]
		for x := range w {
			out := row[x*c : (x+1)*c]
			sx, sy := m.at(x, y)
			ix, iy := int(sx>>fixedBits), int(sy>>fixedBits)
			wx, wy := splineAt(sx), splineAt(sy)
			switch {
			case ix >= 1 && ix < w-2 && iy >= 1 && iy < h-2:
				interpolate(out, pixels[((iy-1)*w+ix-1)*c:], w*c, &wx, &wy)
			case ix < -2 || ix > w || iy < -2 || iy > h:
				clear(out)
			default:
				border(out, pixels, h, w, ix-1, iy-1, &wx, &wy)
			}
		}
	}
}

// at returns the point of the input that a pixel of the output is taken from.
func (m *mapping) at(x, y int) (sx, sy int64) {
	sx, sy = m.xx*int64(x)+m.xy*int64(y)+m.x0, m.yx*int64(x)+m.yy*int64(y)+m.y0
	if m.elastic {
		o := m.bend.at(int64(x)*m.cellX, int64(y)*m.cellY)
		sx, sy = sx+o.x, sy+o.y
	}
	return sx, sy
}

// splineAt returns the weights of the four neighbours along one axis of the
// coordinate s.
func splineAt(s int64) [4]int32 {
	return spline(int32(s>>(fixedBits-weightBits)) & (weightOne - 1))
}

// spline returns the weights, in units of 1/splineOne, of the four neighbours of a
// point that lies the fraction f/weightOne from the second to the third.
func spline(f int32) [4]int32 {
	square := f * f >> weightBits
	cube := square * f >> weightBits
	a, b, c := 2*square-cube-f, 4*square-3*cube+f, cube-square
	return [4]int32{a, 2*weightOne - a - b - c, b, c}
}

const splineOne = 2 * weightOne

// interpolate mixes sixteen neighbours, of which the first is pixels[0]; stride is
// the length of a row.
func interpolate(out []float32, pixels []uint8, stride int, wx, wy *[4]int32) {
	c := len(out)
	for ch := range out {
		var sum int32
		for k, weight := range wy {
			row := pixels[k*stride+ch:][:3*c+1]
			sum += weight * (wx[0]*int32(row[0]) + wx[1]*int32(row[c]) + wx[2]*int32(row[2*c]) + wx[3]*int32(row[3*c]))
		}
		out[ch] = value(sum)
	}
}

// border does the same if some of the neighbours lie outside the image; the first is
// at (iy,ix).
func border(out []float32, pixels []uint8, h, w, ix, iy int, wx, wy *[4]int32) {
	c := len(out)
	for ch := range out {
		var sum int32
		for k := max(0, -iy); k < min(4, h-iy); k++ {
			for l := max(0, -ix); l < min(4, w-ix); l++ {
				sum += wy[k] * wx[l] * int32(pixels[((iy+k)*w+ix+l)*c+ch])
			}
		}
		out[ch] = value(sum)
	}
}

// value scales a weighted sum to a pixel and clips it, as splines overshoot at edges.
func value(sum int32) float32 {
	return float32(min(255*splineOne*splineOne, max(0, sum))) / (splineOne * splineOne)
}

// cutout zeroes the square of the given side about (cy, cx) in dst, [h,w,c].
func cutout(dst []float32, h, w, c, side, cy, cx int) {
	top, left := cy-side/2, cx-side/2
	x0, x1 := max(0, left), min(w, left+side)
	for y := max(0, top); y < min(h, top+side); y++ {
		clear(dst[(y*w+x0)*c : (y*w+x1)*c])
	}
}
