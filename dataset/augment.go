package dataset

import (
	"errors"
	"fmt"
	"math"

	"github.com/coarsegrain/taylornet/internal/rng"
)

// Augment says how far training images are varied at random, each time anew.
// The zero value leaves them as they are. Lengths are in pixels, angles in
// degrees; every draw is uniform and symmetric about no change.
//
// Shift, rotation, scale, shear, crop and flip are one affine map about the
// centre of the image, resampled once with cubic splines over a background of 0.
type Augment struct {
	Shift  float64 `json:"shift,omitempty"`  // up to so many pixels along each axis
	Rotate float64 `json:"rotate,omitempty"` // up to so many degrees, below 180
	Scale  float64 `json:"scale,omitempty"`  // by a factor of 1-Scale to 1+Scale, below 1
	Shear  float64 `json:"shear,omitempty"`  // along the rows, up to so many degrees, below 90
	Flip   bool    `json:"flip,omitempty"`   // left to right, every other image
	Crop   int     `json:"crop,omitempty"`   // pad by so many pixels, cut out at random: whole-pixel shifts
	// Cutout covers a square of so many pixels, centred anywhere and cut by the
	// border, with the mean of the data, that is 0 after normalisation
	// (DeVries and Taylor, arXiv 1708.04552, 2017).
	Cutout int `json:"cutout,omitempty"`
}

// Validate reports every fault.
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
		{"cutout", float64(a.Cutout), maxOffset},
	} {
		if !(f.value >= 0 && f.value < f.below) {
			faults = append(faults, fmt.Errorf("augmentation: %s %g is not in [0,%g)", f.name, f.value, f.below))
		}
	}
	return errors.Join(faults...)
}

// maxOffset keeps coordinates far from the limits of fixed point.
const maxOffset = 1 << 14

// variation is what was drawn for one image.
type variation struct {
	rotate, scale, shear float64 // radians, factor, radians
	shiftX, shiftY       float64
	flip                 bool
	cutX, cutY           int // centre of the cutout
}

// draw draws for an image of h x w pixels. All numbers are drawn whatever the
// settings, so that changing one setting leaves the others' draws alone.
func (a Augment) draw(s *rng.Stream, h, w int) variation {
	const degree = math.Pi / 180
	return variation{
		rotate: s.Uniform(-a.Rotate, a.Rotate) * degree,
		scale:  s.Uniform(1-a.Scale, 1+a.Scale),
		shear:  s.Uniform(-a.Shear, a.Shear) * degree,
		shiftX: s.Uniform(-a.Shift, a.Shift) + float64(s.IntN(2*a.Crop+1)-a.Crop),
		shiftY: s.Uniform(-a.Shift, a.Shift) + float64(s.IntN(2*a.Crop+1)-a.Crop),
		flip:   s.IntN(2) == 1 && a.Flip,
		cutX:   s.IntN(w),
		cutY:   s.IntN(h),
	}
}

// One is 1 in the fixed point of coordinates. Interpolation keeps their upper
// weightBits fractional bits.
const (
	fixedBits  = 16
	one        = 1 << fixedBits
	weightBits = 9
	weightOne  = 1 << weightBits
)

// affine maps output coordinates to input coordinates, in fixed point:
// x' = xx*x + xy*y + x0, y' = yx*x + yy*y + y0.
type affine struct{ xx, xy, x0, yx, yy, y0 int64 }

// inverse returns the map from the varied image's coordinates to the original's.
// With p the original offset from the centre, scaled, sheared, rotated, and
// shifted, an output offset is q = R K S p + t, and so p = S^-1 K^-1 R^-1 (q - t);
// a flip is applied to p last.
func (v variation) inverse(h, w int) affine {
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
	fixed := func(x float64) int64 { return int64(math.Round(x * one)) }
	return affine{
		xx: fixed(xx), xy: fixed(xy), x0: fixed(cx - xx*dx - xy*dy),
		yx: fixed(yx), yy: fixed(yy), y0: fixed(cy - yx*dx - yy*dy),
	}
}

// resample writes the image pixels, [h,w,c] bytes, seen through m to dst, as
// values 0..255 of the same shape. Pixels outside the image are 0.
//
// It interpolates with Catmull-Rom splines (Keys, IEEE Trans. ASSP 29, 1981):
// bilinear interpolation blurs, and a polynomial network that never sees an
// image as sharp as the ones it is evaluated on extrapolates there.
func (m affine) resample(dst []float32, pixels []uint8, h, w, c int) {
	for y := range h {
		sx := m.xy*int64(y) + m.x0
		sy := m.yy*int64(y) + m.y0
		row := dst[y*w*c : (y+1)*w*c]
		for x := range w {
			out := row[x*c : (x+1)*c]
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
			sx += m.xx
			sy += m.yx
		}
	}
}

// at is the input's point that an output's pixel is taken from.
func (m affine) at(x, y int) (sx, sy int64) {
	return m.xx*int64(x) + m.xy*int64(y) + m.x0, m.yx*int64(x) + m.yy*int64(y) + m.y0
}

// splineAt returns the weights of the four neighbours along one axis of the
// coordinate s.
func splineAt(s int64) [4]int32 {
	return spline(int32(s>>(fixedBits-weightBits)) & (weightOne - 1))
}

// spline returns the weights, in units of 1/splineOne, of the four neighbours
// of a point that lies f/weightOne from the second to the third.
func spline(f int32) [4]int32 {
	square := f * f >> weightBits
	cube := square * f >> weightBits
	a, b, c := 2*square-cube-f, 4*square-3*cube+f, cube-square
	return [4]int32{a, 2*weightOne - a - b - c, b, c}
}

const splineOne = 2 * weightOne

// interpolate mixes the sixteen neighbours of which the first is pixels[0];
// stride is the length of a row.
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

// border does the same where some of the neighbours, of which the first is at
// (iy,ix), lie outside.
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

// value is a weighted sum of pixels as one: splines overshoot at edges.
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
