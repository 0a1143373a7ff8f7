package kernel

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/coarsegrain/taylornet/poly"
)

// A cgCase is the arguments of CG and CGGrad.
type cgCase struct {
	geometry
	sites, channels, order int // the first sites of the geometry's, at most
	partition, noDX, mean  bool
}

func drawCGCase(t *rapid.T) cgCase {
	c := cgCase{
		geometry:  drawGeometry(t),
		sites:     rapid.IntRange(0, 300).Draw(t, "sites"),
		channels:  rapid.IntRange(1, 70).Draw(t, "channels"),
		order:     rapid.SampledFrom([]int{2, 2, 2, 1, 3}).Draw(t, "order"),
		partition: rapid.Bool().Draw(t, "partition"),
		noDX:      rapid.Bool().Draw(t, "nodx"),
		mean:      rapid.Bool().Draw(t, "mean"),
	}
	if c.partition { // windows side by side
		c.kw, c.kh, c.pad, c.dilation = c.kh*c.kw, 1, 0, 1
		c.stride, c.h = c.kw, 1
		c.w = c.kw * (1 + c.w%5)
	}
	return c
}

func (c cgCase) firstSites() Window {
	win := c.window(c.channels)
	win.Partition = c.partition
	return win.First(min(c.sites, win.Sites()))
}

// drawMean returns the argument mean, absent or not, and its like in the
// reference for values and for their scale, to which |x|+|mean| goes.
func (c cgCase) drawMean(r source) (mean *arg, value, scale []float64) {
	if !c.mean {
		mean = newArg(nil)
		mean.data = nil
		return mean, nil, nil
	}
	mean = newArg(r.values(c.channels))
	value, scale = wide(mean.data), wideAbs(mean.data)
	for i := range scale {
		scale[i] = -scale[i]
	}
	return mean, value, scale
}

func checkCGForward(t rapid.TB, c cgCase, r source) {
	t.Helper()
	win := c.firstSites()
	terms := poly.NumMonomials(win.Taps, c.order)
	x, coefs := newArg(r.buffer(Head(c.channels), c.pixels()*c.channels)), newArg(r.values(terms*c.channels))
	y := newArg(r.values(win.Sites() * c.channels))
	mean, meanValue, meanScale := c.drawMean(r)
	index := slices.Clone(win.Index)

	CG(y.data, x.data, mean.data, win, coefs.data, c.channels, c.order)

	want, scale := make([]float64, len(y.data)), make([]float64, len(y.data))
	cgPortable(want, wide(x.data), meanValue, win, wide(coefs.data), c.channels, c.order)
	cgPortable(scale, wideAbs(x.data), meanScale, win, wideAbs(coefs.data), c.channels, c.order)
	near(t, fmt.Sprintf("y for %+v", c), y.data, want, scale, terms)
	y.check(t, "y", false)
	x.check(t, "x", true)
	mean.check(t, "mean", true)
	coefs.check(t, "coefs", true)
	if !slices.Equal(index, win.Index) {
		t.Fatal("the window was overwritten")
	}
}

func checkCGGrad(t rapid.TB, c cgCase, r source) {
	t.Helper()
	win := c.firstSites()
	terms, head := poly.NumMonomials(win.Taps, c.order), Head(c.channels)
	x, coefs := newArg(r.buffer(head, c.pixels()*c.channels)), newArg(r.values(terms*c.channels))
	dy, dcoefs := newArg(r.values(win.Sites()*c.channels)), newArg(r.values(terms*c.channels))
	dx := newArg(r.values(len(x.data)))
	if c.noDX {
		dx = newArg(nil)
		dx.data = nil
	}
	mean, meanValue, meanScale := c.drawMean(r)
	wantX, scaleX := wide(dx.data), wideAbs(dx.data)
	want, scale := wide(dcoefs.data), wideAbs(dcoefs.data)

	CGGrad(dx.data, dcoefs.data, x.data, mean.data, win, dy.data, coefs.data, c.channels, c.order)

	cgGradPortable(wantX, want, wide(x.data), meanValue, win, wide(dy.data), wide(coefs.data), c.channels, c.order)
	cgGradPortable(scaleX, scale, wideAbs(x.data), meanScale, win, wideAbs(dy.data), wideAbs(coefs.data), c.channels, c.order)
	near(t, fmt.Sprintf("dcoefs for %+v", c), dcoefs.data, want, scale, win.Sites()+4)
	if !c.noDX {
		near(t, fmt.Sprintf("dx for %+v", c), dx.data[head:], wantX[head:], scaleX[head:], win.Taps*(terms+1))
	}
	dcoefs.check(t, "dcoefs", false)
	dx.check(t, "dx", false)
	dy.check(t, "dy", true)
	x.check(t, "x", true)
	mean.check(t, "mean", true)
	coefs.check(t, "coefs", true)
}

func randomCG(t *rapid.T)     { checkCGForward(t, drawCGCase(t), drawSource(t)) }
func randomCGGrad(t *rapid.T) { checkCGGrad(t, drawCGCase(t), drawSource(t)) }

// sweepCG visits sizes on both sides of every cut-off of the kernels.
func sweepCG(t *testing.T, check func(t rapid.TB, c cgCase, r source)) {
	for taps := 1; taps <= 10; taps++ {
		for _, channels := range []int{1, 7, 8, 9, 15, 16, 17, 33, 64} {
			for _, sites := range []int{0, 1, 2, 3, 63, 64, 65} {
				for order := 1; order <= 2; order++ {
					c := cgCase{geometry: line(sites, taps), sites: sites, channels: channels, order: order, mean: sites%3 == 0}
					if sites%2 == 1 { // a partition
						c.w, c.stride, c.partition = sites*taps, taps, true
					}
					r := newSource(uint64(taps*channels+sites), nil)
					if channels == 17 {
						r.special = notFinite
					}
					check(t, c, r)
				}
			}
		}
	}
}

func TestCG(t *testing.T) {
	testLevels(t, func(t *testing.T) { sweepCG(t, checkCGForward) })
}

func TestCGGrad(t *testing.T) {
	testLevels(t, func(t *testing.T) { sweepCG(t, checkCGGrad) })
}

func FuzzCG(f *testing.F)     { fuzzLevels(f, randomCG) }
func FuzzCGGrad(f *testing.F) { fuzzLevels(f, randomCGGrad) }
