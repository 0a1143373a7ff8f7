package drawing

import (
	"math"
	"slices"
)

// A ground is fitted to the medians of cells: a polynomial of order 2 of the place,
// which takes slow changes of light, and on what is left, away from ink, a mean over
// the surroundings.
const (
	cells    = 16 // on the longer side
	rounds   = 6  // of the fit, in which cells with ink lose their weight
	terms    = 6  // 1, x, y, x^2, x y, y^2
	tuning   = 4.685
	smallest = 1e-3 // of a scale, in parts of the range of brightness
)

// level fits the ground of one colour and returns it for every pixel.
func level(p plane) plane {
	size := max(1, (max(p.w, p.h)+cells-1)/cells)
	var place [][terms]float64
	var values []float64
	var cell []float32
	for top := 0; top < p.h; top += size {
		for left := 0; left < p.w; left += size {
			cell = cell[:0]
			bottom, right := min(top+size, p.h), min(left+size, p.w)
			for y := top; y < bottom; y++ {
				cell = append(cell, p.v[y*p.w+left:y*p.w+right]...)
			}
			place = append(place, p.monomials(float64(left+right)/2, float64(top+bottom)/2))
			values = append(values, float64(median(cell)))
		}
	}
	fit := robust(place, values)
	out := newPlane(p.w, p.h)
	for y := range p.h {
		for x := range p.w {
			m := p.monomials(float64(x)+0.5, float64(y)+0.5)
			var v float64
			for k, c := range fit {
				v += c * m[k]
			}
			out.v[y*p.w+x] = float32(v)
		}
	}
	return out
}

// monomials returns the terms of the ground's polynomial at a place.
func (p plane) monomials(x, y float64) [terms]float64 {
	side := float64(max(p.w, p.h))
	x, y = (2*x-float64(p.w))/side, (2*y-float64(p.h))/side
	return [terms]float64{1, x, y, x * x, x * y, y * y}
}

// robust fits a linear form by least squares, in rounds that give less weight to values
// far from the fit (Tukey's biweight). It begins with the median.
func robust(rows [][terms]float64, values []float64) (fit [terms]float64) {
	fit[0] = middle(slices.Clone(values))
	far := make([]float64, len(values))
	weights := make([]float64, len(values))
	for range rounds {
		for i, r := range rows {
			far[i] = math.Abs(values[i] - dot(fit, r))
		}
		limit := tuning * max(smallest, 1.4826*middle(slices.Clone(far)))
		for i, d := range far {
			u := d / limit
			weights[i] = 0
			if u < 1 {
				weights[i] = (1 - u*u) * (1 - u*u)
			}
		}
		fit = solve(rows, values, weights, fit)
	}
	return fit
}

// solve returns the weighted least-squares fit; a small weight keeps it near the
// constant where the values do not determine it.
func solve(rows [][terms]float64, values, weights []float64, before [terms]float64) [terms]float64 {
	var a [terms][terms + 1]float64
	for i, r := range rows {
		for j := range terms {
			for k := range terms {
				a[j][k] += weights[i] * r[j] * r[k]
			}
			a[j][terms] += weights[i] * r[j] * values[i]
		}
	}
	for j := range terms {
		ridge := 1e-3 * (a[0][0] + 1e-9)
		if j == 0 {
			ridge = 1e-9
			a[j][terms] += ridge * before[0]
		}
		a[j][j] += ridge
	}
	for j := range terms {
		for i := j + 1; i < terms; i++ {
			f := a[i][j] / a[j][j]
			for k := j; k <= terms; k++ {
				a[i][k] -= f * a[j][k]
			}
		}
	}
	var x [terms]float64
	for j := terms - 1; j >= 0; j-- {
		x[j] = a[j][terms]
		for k := j + 1; k < terms; k++ {
			x[j] -= a[j][k] * x[k]
		}
		x[j] /= a[j][j]
	}
	return x
}

func dot(a, b [terms]float64) (sum float64) {
	for k := range a {
		sum += a[k] * b[k]
	}
	return sum
}

// median returns the middle of the values, which it sorts.
func median(values []float32) float32 {
	slices.Sort(values)
	return values[len(values)/2]
}

func middle(values []float64) float64 {
	slices.Sort(values)
	return values[len(values)/2]
}
