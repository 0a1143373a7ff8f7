//go:build amd64 && !purego

package kernel

import "github.com/coarsegrain/taylornet/internal/cpu"

// cgSeriesInAssembly reports whether the assembly has a form for polynomials of series.
func cgSeriesInAssembly(taps, order int) bool {
	return level() != cpu.Portable && order == 2 && (taps == 1 || taps == 4)
}

// A seriesBlock is what the assembly works on at once: a vector of channels, from
// channel c onwards, of some consecutive sites of several images. Of the vector's
// channels as many as lanes are there.
type seriesBlock struct{ image, images, site, sites, c, lanes, vector int }

// eachBlock calls f with blocks of at most about cgSites sites, all vectors of channels
// of one after the other.
func eachBlock(images, sites, channels int, f func(b seriesBlock)) {
	group, vector := max(1, cgSites/sites), 8
	if level() == cpu.AVX512 {
		vector = 16
	}
	for image := 0; image < images; image += group {
		for site := 0; site < sites; site += cgSites {
			for c := 0; c < channels; c += vector {
				f(seriesBlock{image, min(group, images-image), site, min(cgSites, sites-site), c, min(vector, channels-c), vector})
			}
		}
	}
}

// derivatives are scratch for the first derivatives to a map of order 0: one after the
// other for each vector of channels, [sites][taps][lanes].
type derivatives struct {
	v           []float32
	sites, taps int
}

func newDerivatives(scratch []float32, win Window, channels int) (d derivatives, rest []float32) {
	n := win.Sites() * win.Taps * seriesLanes(channels)
	return derivatives{scratch[:n], win.Sites(), win.Taps}, scratch[n:]
}

// at returns a block's first derivative.
func (d derivatives) at(b seriesBlock) *float32 {
	return &d.v[(b.c*d.sites+b.site*b.vector)*d.taps]
}

// cgLinearFloat32 computes the first derivatives.
func cgLinearFloat32(linear derivatives, x []float32, win Window, coefs []float32, channels int) {
	eachBlock(1, win.Sites(), channels, func(b seriesBlock) {
		l, index := linear.at(b), &win.Index[b.site*win.Taps]
		if level() == cpu.AVX512 {
			cgLinearAVX512(l, &x[b.c], index, &coefs[b.c], b.sites, win.Taps, channels, b.lanes)
		} else {
			cgLinearAVX2(l, &x[b.c], index, &coefs[b.c], b.sites, win.Taps, channels, b.lanes)
		}
	})
}

// eachPair calls f with the orders k and l of the input, k <= l, whose products are of order
// m of the output, and with the factor of each.
func (s Series) eachPair(m int, f func(k, l int, factor float32)) {
	for k := max(1, m-s.In); 2*k <= m; k++ {
		factor := float32(1)
		if 2*k == m {
			factor = 0.5
		}
		f(k, m-k, factor)
	}
}

func cgSeriesFloat32(y, x []float32, win Window, s Series, coefs, scratch []float32, channels, order int) {
	if !cgSeriesInAssembly(win.Taps, order) || len(y) == 0 {
		cgSeriesPortable(y, x, win, s, coefs, scratch, channels, order)
		return
	}
	ySize := win.Sites() * channels
	linear, _ := newDerivatives(scratch, win, channels)
	cgFloat32(y[:ySize], x, nil, win, coefs, channels, order)
	cgLinearFloat32(linear, x, win, coefs, channels)
	linearTerm, pairTerm := cgSeriesLinearAVX2, cgSeriesPairAVX2
	if level() == cpu.AVX512 {
		linearTerm, pairTerm = cgSeriesLinearAVX512, cgSeriesPairAVX512
	}
	eachBlock(s.Images, win.Sites(), channels, func(b seriesBlock) {
		index := &win.Index[b.site*win.Taps]
		in := func(k int) *float32 { return &x[s.place(k, b.image)*s.Map+b.c] }
		for m := 1; m <= s.Out; m++ {
			out := y[s.place(m, b.image)*ySize+b.site*channels+b.c:]
			if m <= s.In {
				linearTerm(&out[0], in(m), linear.at(b), index, b.images, b.sites, win.Taps, channels, b.lanes, s.Map, ySize)
			} else {
				for image := range b.images {
					for site := range b.sites {
						clear(out[image*ySize+site*channels:][:b.lanes])
					}
				}
			}
			s.eachPair(m, func(k, l int, factor float32) {
				pairTerm(&out[0], in(k), in(l), index, &coefs[b.c], b.images, b.sites, win.Taps, channels, b.lanes, s.Map, ySize, factor)
			})
		}
	})
}

// What the assembly does with the gradients of the inputs.
const (
	addInputs = iota // they are added to what is there
	noInputs         // there is no place for them
)

func cgSeriesGradFloat32(dx, dcoefs, x []float32, win Window, s Series, dy, coefs, scratch []float32, channels, order int) {
	if !cgSeriesInAssembly(win.Taps, order) || len(dy) == 0 {
		cgSeriesGradPortable(dx, dcoefs, x, win, s, dy, coefs, scratch, channels, order)
		return
	}
	ySize := win.Sites() * channels
	linear, scratch := newDerivatives(scratch, win, channels)
	dlinear, _ := newDerivatives(scratch, win, channels)
	cgGradFloat32(dx, dcoefs, x, nil, win, dy[:ySize], coefs, channels, order)
	cgLinearFloat32(linear, x, win, coefs, channels)
	clear(dlinear.v)
	inputs := addInputs
	switch {
	case dx == nil:
		inputs = noInputs
	case win.Partition:
		clearMembers(dx, win, s, 1, channels)
	}
	linearTerm, pairTerm := cgSeriesLinearGradAVX2, cgSeriesPairGradAVX2
	if level() == cpu.AVX512 {
		linearTerm, pairTerm = cgSeriesLinearGradAVX512, cgSeriesPairGradAVX512
	}
	eachBlock(s.Images, win.Sites(), channels, func(b seriesBlock) {
		index := &win.Index[b.site*win.Taps]
		in := func(k int) int { return s.place(k, b.image)*s.Map + b.c }
		for m := 1; m <= s.Out; m++ {
			g := &dy[s.place(m, b.image)*ySize+b.site*channels+b.c]
			if m <= s.In {
				at := in(m)
				linearTerm(from(dx, at), dlinear.at(b), &x[at], linear.at(b), index, g,
					b.images, b.sites, win.Taps, channels, b.lanes, inputs, s.Map, ySize)
			}
			s.eachPair(m, func(k, l int, factor float32) {
				first, second := in(k), in(l)
				pairTerm(from(dx, first), from(dx, second), &dcoefs[b.c], &x[first], &x[second], index, g, &coefs[b.c],
					b.images, b.sites, win.Taps, channels, b.lanes, inputs, s.Map, ySize, factor)
			})
		}
	})
	cgLinearGradFloat32(dx, dcoefs, dlinear, x, win, coefs, channels)
}

// cgLinearGradFloat32 is the backward pass of cgLinearFloat32, which always adds to dx.
func cgLinearGradFloat32(dx, dcoefs []float32, dlinear derivatives, x []float32, win Window, coefs []float32, channels int) {
	inputs := addInputs
	if dx == nil {
		inputs = noInputs
	}
	eachBlock(1, win.Sites(), channels, func(b seriesBlock) {
		d, index := dlinear.at(b), &win.Index[b.site*win.Taps]
		if level() == cpu.AVX512 {
			cgLinearGradAVX512(from(dx, b.c), &dcoefs[b.c], d, &x[b.c], index, &coefs[b.c], b.sites, win.Taps, channels, b.lanes, inputs)
		} else {
			cgLinearGradAVX2(from(dx, b.c), &dcoefs[b.c], d, &x[b.c], index, &coefs[b.c], b.sites, win.Taps, channels, b.lanes, inputs)
		}
	})
}
