package kernel

import (
	"github.com/coarsegrain/taylornet/poly"
	"github.com/coarsegrain/taylornet/tensor"
)

// Series says how truncated power series x_0 + x_1 t + x_2 t^2 + ... of the feature
// maps of several images lie in a buffer: the one map of order 0, which the images
// share, then their maps of order 1, those of order 2, and so on.
type Series struct {
	Images int
	In     int // the highest order of the input, at least 1
	Out    int // the highest order of the output, at least In
	Map    int // elements from one map of the input to the next
}

// place returns the place of an image's map among all maps of a series.
func (s Series) place(order, image int) int {
	if order == 0 {
		return 0
	}
	return 1 + (order-1)*s.Images + image
}

// maps returns the number of maps of a series up to an order.
func (s Series) maps(order int) int { return 1 + order*s.Images }

// CGSeriesScratch returns the length of scratch that CGSeries and CGSeriesGrad need.
func CGSeriesScratch(taps, sites, channels int, s Series) int {
	return 2*taps*(sites*seriesLanes(channels)+s.In+1) + 5*(s.Out+1)
}

// seriesLanes returns the channels rounded up to whole vectors.
func seriesLanes(channels int) int { return (channels + 15) / 16 * 16 }

// CGSeries computes the coarse-graining polynomial CG of power series: orders 0 to
// s.Out of the output from orders 0 to s.In of the input, whose higher ones are zero.
//
// win lists the sites of one map and points at the map of order 0 in x. No site is
// padded. y is [1+s.Out*s.Images][sites][channels]. What is in scratch does not matter.
func CGSeries[T tensor.Float](y, x []T, win Window, s Series, coefs, scratch []T, channels, order int) {
	checkCGSeries("kernel.CGSeries", win, s, len(x), len(y), len(coefs), len(scratch), channels, order)
	if y32 := float32s(y); y32 != nil {
		cgSeriesFloat32(y32, float32s(x), win, s, float32s(coefs), float32s(scratch), channels, order)
	} else {
		cgSeriesPortable(y, x, win, s, coefs, scratch, channels, order)
	}
}

// CGSeriesGrad is the backward pass of CGSeries: given dy, laid out as y, it adds the
// gradient of the coefficients to dcoefs and that of the input to dx, a buffer indexed
// as x is. If win is a partition, dx is stored instead of added to. A nil dx is not
// computed. Sums over the images are in their order.
func CGSeriesGrad[T tensor.Float](dx, dcoefs, x []T, win Window, s Series, dy, coefs, scratch []T, channels, order int) {
	checkCGSeries("kernel.CGSeriesGrad", win, s, len(x), len(dy), len(coefs), len(scratch), channels, order)
	if len(dcoefs) != len(coefs) || (dx != nil && len(dx) != len(x)) {
		panic("kernel.CGSeriesGrad: sizes do not agree")
	}
	if dcoefs32 := float32s(dcoefs); dcoefs32 != nil {
		cgSeriesGradFloat32(float32s(dx), dcoefs32, float32s(x), win, s, float32s(dy), float32s(coefs), float32s(scratch), channels, order)
	} else {
		cgSeriesGradPortable(dx, dcoefs, x, win, s, dy, coefs, scratch, channels, order)
	}
}

func checkCGSeries(name string, win Window, s Series, inputs, outputs, coefs, scratch, channels, order int) {
	if order < 1 || order > MaxOrder {
		panic(name + ": order out of range")
	}
	if s.Images < 1 || s.In < 1 || s.Out < s.In || s.Map < 0 {
		panic(name + ": series out of range")
	}
	if outputs != s.maps(s.Out)*win.Sites()*channels || coefs != poly.NumMonomials(win.Taps, order)*channels ||
		scratch < CGSeriesScratch(win.Taps, win.Sites(), channels, s) {
		panic(name + ": sizes do not agree")
	}
	win.check(name, channels, inputs-(s.maps(s.In)-1)*s.Map)
}

// seriesSite is the series of one image, site and channel.
type seriesSite[T tensor.Float] struct {
	Series
	taps  int
	x, dx []T // [taps][In+1]
	sum   []T // [Out+1]
	// In Horner's form sum is c + sum_i ti x_i, ti is a_i + sum_j tj x_j, and tj is
	// b_ij + sum_k d_ijk x_k. Their gradients are gi and gj.
	ti, gi, tj, gj []T
}

func newSeriesSite[T tensor.Float](scratch []T, taps, order int, s Series) seriesSite[T] {
	next := func(order int) []T {
		v := scratch[:order+1]
		scratch = scratch[order+1:]
		return v
	}
	return seriesSite[T]{
		Series: s, taps: taps, x: next(taps*(s.In+1) - 1), dx: next(taps*(s.In+1) - 1), sum: next(s.Out),
		ti: next(min(s.Out, (order-1)*s.In)), gi: next(min(s.Out, (order-1)*s.In)),
		tj: next(max(0, order-2) * s.In), gj: next(max(0, order-2) * s.In),
	}
}

// of returns the series of member i in v, x or dx.
func (l *seriesSite[T]) of(v []T, i int) []T { return v[i*(l.In+1):][:l.In+1] }

// load reads the members at the given places of the map of order 0.
func (l *seriesSite[T]) load(x []T, at []int32, image, c int) {
	for i, at := range at {
		for k := range l.In + 1 {
			l.of(l.x, i)[k] = x[l.place(k, image)*l.Map+int(at)+c]
		}
	}
}

// addTo adds the gradients of the members to their places in dx.
func (l *seriesSite[T]) addTo(dx []T, at []int32, image, c int) {
	for i, at := range at {
		for k, d := range l.of(l.dx, i) {
			dx[l.place(k, image)*l.Map+int(at)+c] += d
		}
	}
}

// pair sets tj to b + sum_k d_k x_k, where the d_k are those of k >= j at cubic.
func (l *seriesSite[T]) pair(b T, j int, coefs []T, cubic, channels int) {
	clear(l.tj)
	l.tj[0] = b
	if len(l.tj) == 1 {
		return
	}
	for k := j; k < l.taps; k++ {
		for m, x := range l.of(l.x, k) {
			l.tj[m] += coefs[(cubic+k-j)*channels] * x
		}
	}
}

// polynomial sets sum to the polynomial of the members. Its coefficients are every
// channels-th of coefs.
func (l *seriesSite[T]) polynomial(coefs []T, channels, order int) {
	n := l.taps
	clear(l.sum)
	l.sum[0] = coefs[0]
	quad, cubic := 1+n, poly.NumMonomials(n, 2)
	for i := range n {
		clear(l.ti)
		l.ti[0] = coefs[(1+i)*channels]
		for j := i; j < n && order >= 2; j++ {
			l.pair(coefs[quad*channels], j, coefs, cubic, channels)
			addProduct(l.ti, l.tj, l.of(l.x, j))
			quad, cubic = quad+1, cubic+n-j
		}
		addProduct(l.sum, l.ti, l.of(l.x, i))
	}
}

// gradient adds the gradients of the coefficients to dcoefs and sets dx to those of the
// members, given that of the polynomial in sum.
func (l *seriesSite[T]) gradient(dcoefs, coefs []T, channels, order int) {
	n := l.taps
	clear(l.dx)
	dcoefs[0] += l.sum[0]
	quad, cubic := 1+n, poly.NumMonomials(n, 2)
	for i := range n {
		clear(l.ti)
		l.ti[0] = coefs[(1+i)*channels]
		clear(l.gi)
		addCorrelation(l.gi, l.sum, l.of(l.x, i))
		dcoefs[(1+i)*channels] += l.gi[0]
		for j := i; j < n && order >= 2; j++ {
			l.pair(coefs[quad*channels], j, coefs, cubic, channels)
			addProduct(l.ti, l.tj, l.of(l.x, j))
			addCorrelation(l.of(l.dx, j), l.gi, l.tj)
			clear(l.gj)
			addCorrelation(l.gj, l.gi, l.of(l.x, j))
			dcoefs[quad*channels] += l.gj[0]
			quad++
			for k := j; k < n && order == 3; k++ {
				for m, x := range l.of(l.x, k) {
					dcoefs[cubic*channels] += l.gj[m] * x
					l.of(l.dx, k)[m] += l.gj[m] * coefs[cubic*channels]
				}
				cubic++
			}
		}
		addCorrelation(l.of(l.dx, i), l.sum, l.ti)
	}
}

// addProduct adds the product of the series a and b to c, as far as that goes.
func addProduct[T tensor.Float](c, a, b []T) {
	for k, a := range a {
		for l, b := range b[:min(len(b), len(c)-k)] {
			c[k+l] += a * b
		}
	}
}

// addCorrelation adds to da the gradient of a in addProduct, given that of c.
func addCorrelation[T tensor.Float](da, dc, b []T) {
	for k, sum := range da {
		c := dc[k:]
		for l, b := range b[:min(len(b), len(c))] {
			sum += c[l] * b
		}
		da[k] = sum
	}
}

func cgSeriesPortable[T tensor.Float](y, x []T, win Window, s Series, coefs, scratch []T, channels, order int) {
	l := newSeriesSite(scratch, win.Taps, order, s)
	for image := range s.Images {
		for site := range win.Sites() {
			at := win.Index[site*win.Taps:][:win.Taps]
			for c := range channels {
				l.load(x, at, image, c)
				l.polynomial(coefs[c:], channels, order)
				for m, v := range l.sum {
					y[(s.place(m, image)*win.Sites()+site)*channels+c] = v
				}
			}
		}
	}
}

// clearMembers sets the members of the windows to zero in all maps but the first ones.
func clearMembers[T tensor.Float](dx []T, win Window, s Series, first, channels int) {
	for m := first; m < s.maps(s.In); m++ {
		for _, at := range win.Index {
			clear(dx[m*s.Map+int(at):][:channels])
		}
	}
}

func cgSeriesGradPortable[T tensor.Float](dx, dcoefs, x []T, win Window, s Series, dy, coefs, scratch []T, channels, order int) {
	if dx != nil && win.Partition {
		clearMembers(dx, win, s, 0, channels)
	}
	l := newSeriesSite(scratch, win.Taps, order, s)
	for image := range s.Images {
		for site := range win.Sites() {
			at := win.Index[site*win.Taps:][:win.Taps]
			for c := range channels {
				for m := range l.sum {
					l.sum[m] = dy[(s.place(m, image)*win.Sites()+site)*channels+c]
				}
				if image > 0 { // that of order 0 counts once
					l.sum[0] = 0
				}
				l.load(x, at, image, c)
				l.gradient(dcoefs[c:], coefs[c:], channels, order)
				if dx != nil {
					l.addTo(dx, at, image, c)
				}
			}
		}
	}
}
