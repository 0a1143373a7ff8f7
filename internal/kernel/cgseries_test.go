package kernel

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/coarsegrain/taylornet/internal/approx"
	"github.com/coarsegrain/taylornet/poly"
)

// A seriesCase is the arguments of CGSeries and CGSeriesGrad.
type seriesCase struct {
	geometry // n is the number of images
	in, out  int
	channels int
	order    int // of the polynomial
	noDX     bool
}

func drawSeriesCase(t *rapid.T) seriesCase {
	c := seriesCase{
		geometry: drawGeometry(t),
		in:       rapid.IntRange(1, 5).Draw(t, "in"),
		channels: rapid.SampledFrom([]int{1, 2, 5, 7, 8, 9, 16, 17, 28, 33}).Draw(t, "channels"),
		order:    rapid.SampledFrom([]int{2, 2, 2, 1, 3}).Draw(t, "order"),
		noDX:     rapid.Bool().Draw(t, "nodx"),
	}
	c.out = rapid.IntRange(c.in, 6).Draw(t, "out")
	if rapid.Bool().Draw(t, "window of four") {
		c.kh, c.kw = 2, 2
	}
	c.pad, c.dilation = 0, min(c.dilation, 2)
	c.h, c.w = max(c.h, (c.kh-1)*c.dilation+1), max(c.w, (c.kw-1)*c.dilation+1)
	if rapid.Bool().Draw(t, "partition") {
		c.geometry = geometry{n: c.n, kh: c.kh, kw: c.kw, stride: max(c.kh, c.kw), dilation: 1}
		c.kh, c.kw = c.stride, c.stride
		c.h, c.w = 2*c.stride, 3*c.stride
	}
	return c
}

func (c seriesCase) series() Series {
	return Series{Images: c.n, In: c.in, Out: c.out, Map: c.h * c.w * c.channels}
}

// site returns the window of one map's sites.
func (c seriesCase) site() Window {
	one := c.geometry
	one.n = 1
	win := one.window(c.channels)
	tiles := c.kh == c.kw && c.kw == c.stride && c.dilation == 1
	win.Partition = tiles && c.h%c.stride == 0 && c.w%c.stride == 0
	return win
}

// seriesArgs are the arguments of a case.
type seriesArgs struct {
	win                              Window
	x, coefs, y, dx, dcoefs, scratch *arg
}

func (c seriesCase) args(r source) seriesArgs {
	s, win := c.series(), c.site()
	terms := poly.NumMonomials(win.Taps, c.order) * c.channels
	x := r.buffer(Head(c.channels), s.maps(s.In)*s.Map)
	a := seriesArgs{
		win: win, x: newArg(x), coefs: newArg(r.values(terms)),
		y:  newArg(r.values(s.maps(s.Out) * win.Sites() * c.channels)),
		dx: newArg(r.values(len(x))), dcoefs: newArg(r.values(terms)),
		scratch: newArg(r.values(CGSeriesScratch(win.Taps, win.Sites(), c.channels, s))),
	}
	if c.noDX {
		a.dx = newArg(nil)
		a.dx.data = nil
	}
	return a
}

// nearSeries is near, except that where one of got and want is not finite, the other
// need only be not finite either: sums are grouped differently.
func nearSeries(t rapid.TB, name string, got []float32, want, scale []float64, terms int) {
	t.Helper()
	finite := func(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }
	want = slices.Clone(want)
	for i, g := range got {
		if !finite(float64(g)) && !finite(want[i]) {
			want[i] = float64(g)
		}
	}
	near(t, name, got, want, scale, terms)
}

func checkCGSeriesForward(t rapid.TB, c seriesCase, r source) {
	t.Helper()
	a, s := c.args(r), c.series()
	CGSeries(a.y.data, a.x.data, a.win, s, a.coefs.data, a.scratch.data, c.channels, c.order)

	want, scale, work := make([]float64, len(a.y.data)), make([]float64, len(a.y.data)), wide(a.scratch.data)
	cgSeriesPortable(want, wide(a.x.data), a.win, s, wide(a.coefs.data), work, c.channels, c.order)
	cgSeriesPortable(scale, wideAbs(a.x.data), a.win, s, wideAbs(a.coefs.data), work, c.channels, c.order)
	nearSeries(t, fmt.Sprintf("y for %+v", c), a.y.data, want, scale, (c.out+1)*poly.NumMonomials(a.win.Taps, c.order))
	a.y.check(t, "y", false)
	a.scratch.check(t, "scratch", false)
	a.x.check(t, "x", true)
	a.coefs.check(t, "coefs", true)
}

func checkCGSeriesGrad(t rapid.TB, c seriesCase, r source) {
	t.Helper()
	a, s, head := c.args(r), c.series(), Head(c.channels)
	terms := (c.out + 1) * (c.out + 1) * poly.NumMonomials(a.win.Taps, c.order)
	wantX, scaleX := wide(a.dx.data), wideAbs(a.dx.data)
	want, scale, work := wide(a.dcoefs.data), wideAbs(a.dcoefs.data), wide(a.scratch.data)

	CGSeriesGrad(a.dx.data, a.dcoefs.data, a.x.data, a.win, s, a.y.data, a.coefs.data, a.scratch.data, c.channels, c.order)

	cgSeriesGradPortable(wantX, want, wide(a.x.data), a.win, s, wide(a.y.data), wide(a.coefs.data), work, c.channels, c.order)
	cgSeriesGradPortable(scaleX, scale, wideAbs(a.x.data), a.win, s, wideAbs(a.y.data), wideAbs(a.coefs.data), work, c.channels, c.order)
	nearSeries(t, fmt.Sprintf("dcoefs for %+v", c), a.dcoefs.data, want, scale, c.n*a.win.Sites()*terms)
	if !c.noDX {
		nearSeries(t, fmt.Sprintf("dx for %+v", c), a.dx.data[head:], wantX[head:], scaleX[head:], c.n*a.win.Taps*terms)
	}
	a.dx.check(t, "dx", false)
	a.dcoefs.check(t, "dcoefs", false)
	a.scratch.check(t, "scratch", false)
	a.y.check(t, "dy", true)
	a.x.check(t, "x", true)
	a.coefs.check(t, "coefs", true)
}

func randomCGSeries(t *rapid.T)     { checkCGSeriesForward(t, drawSeriesCase(t), drawSource(t)) }
func randomCGSeriesGrad(t *rapid.T) { checkCGSeriesGrad(t, drawSeriesCase(t), drawSource(t)) }

// sweepCGSeries visits every form that the assembly has, at sizes on both sides of a
// vector's, and some that it does not have.
func sweepCGSeries(t *testing.T, check func(t rapid.TB, c seriesCase, r source)) {
	for _, window := range []geometry{
		{n: 3, h: 4, w: 6, kh: 2, kw: 2, stride: 2, dilation: 1},
		{n: 2, h: 7, w: 7, kh: 2, kw: 2, stride: 1, dilation: 3},
		{n: 2, h: 3, w: 3, kh: 1, kw: 1, stride: 1, dilation: 1},
		{n: 2, h: 5, w: 3, kh: 2, kw: 1, stride: 1, dilation: 1},
	} {
		for _, channels := range []int{1, 7, 8, 9, 16, 17, 28, 64} {
			for in := 1; in <= 5; in++ {
				for out := in; out <= 6; out++ {
					c := seriesCase{geometry: window, in: in, out: out, channels: channels, order: 2, noDX: channels == 9}
					r := newSource(uint64(channels*in+out), nil)
					if channels == 17 {
						r.special = notFinite
					}
					check(t, c, r)
				}
			}
		}
	}
}

func TestCGSeries(t *testing.T) {
	testLevels(t, func(t *testing.T) { sweepCGSeries(t, checkCGSeriesForward) })
}

func TestCGSeriesGrad(t *testing.T) {
	testLevels(t, func(t *testing.T) { sweepCGSeries(t, checkCGSeriesGrad) })
}

func FuzzCGSeries(f *testing.F)     { fuzzLevels(f, randomCGSeries) }
func FuzzCGSeriesGrad(f *testing.F) { fuzzLevels(f, randomCGSeriesGrad) }

// wideSeries is the arguments of a case in float64.
type wideSeries struct {
	seriesCase
	win                  Window
	x, coefs, y, scratch []float64
}

func drawWideSeries(t *rapid.T) wideSeries {
	c := drawSeriesCase(t)
	c.channels = min(c.channels, 2)
	a := c.args(newSource(rapid.Uint64().Draw(t, "seed"), nil))
	return wideSeries{c, a.win, wide(a.x.data), wide(a.coefs.data), wide(a.y.data), wide(a.scratch.data)}
}

func (c wideSeries) forward(y []float64) {
	CGSeries(y, c.x, c.win, c.series(), c.coefs, c.scratch, c.channels, c.order)
}

// The orders are the coefficients of what the polynomial's monomials, multiplied out
// one by one, add up to.
func TestCGSeriesIsTheProductOfSeries(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := drawWideSeries(t)
		s, sites := c.series(), c.win.Sites()
		c.forward(c.y)
		monomials := poly.Monomials(c.win.Taps, c.order)
		for image := range c.n {
			for site := range sites {
				for ch := range c.channels {
					sum, scale := make([]float64, s.Out+1), 0.0
					for k, m := range monomials {
						product := make([]float64, s.Out+1)
						product[0] = c.coefs[k*c.channels+ch]
						for _, i := range m {
							product = timesMember(product, c, image, int(c.win.Index[site*c.win.Taps+i])+ch)
						}
						for m, v := range product {
							sum[m] += v
							scale += math.Abs(v)
						}
					}
					for m, want := range sum {
						got := c.y[(s.place(m, image)*sites+site)*c.channels+ch]
						if !approx.Close(got, want, 1e-13*(1+scale)) {
							t.Fatalf("order %d of image %d, site %d, channel %d: got %v, want %v", m, image, site, ch, got, want)
						}
					}
				}
			}
		}
	})
}

// timesMember returns a truncated series times the one at a place of x.
func timesMember(a []float64, c wideSeries, image, at int) []float64 {
	s, product := c.series(), make([]float64, len(a))
	for k := range a {
		for l := 0; l <= s.In && k+l < len(a); l++ {
			product[k+l] += a[k] * c.x[s.place(l, image)*s.Map+at]
		}
	}
	return product
}

// The gradients are central differences of a linear functional of the output.
func TestCGSeriesGradIsADifference(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := drawWideSeries(t)
		head, s := Head(c.channels), c.series()
		dx, dcoefs := make([]float64, len(c.x)), make([]float64, len(c.coefs))
		CGSeriesGrad(dx, dcoefs, c.x, c.win, s, c.y, c.coefs, c.scratch, c.channels, c.order)
		y := make([]float64, len(c.y))
		loss := func() (sum float64) {
			c.forward(y)
			for i, v := range y {
				sum += c.y[i] * v
			}
			return sum
		}
		compare := func(what string, at *float64, got float64) {
			const h = 1e-5
			old := *at
			*at = old + h
			up := loss()
			*at = old - h
			down := loss()
			*at = old
			want := (up - down) / (2 * h)
			if !approx.Close(got, want, 1e-6*(1+math.Abs(want))) {
				t.Fatalf("gradient of %s in %+v: got %v, central difference %v", what, c.seriesCase, got, want)
			}
		}
		for range 20 {
			i := rapid.IntRange(0, len(dcoefs)-1).Draw(t, "coefficient")
			compare("a coefficient", &c.coefs[i], dcoefs[i])
			i = rapid.IntRange(head, len(dx)-1).Draw(t, "input")
			compare("an input", &c.x[i], dx[i])
		}
	})
}
