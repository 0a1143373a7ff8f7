package layer

import (
	"github.com/coarsegrain/taylornet/internal/kernel"
	"github.com/coarsegrain/taylornet/tensor"
)

// Gain is one gain control or several in succession. All C values x_k of a site are
// multiplied by the same polynomial of its energy,
//
//	y_k = x_k (1 - 5/3 u + u^2), u = (sum_k x_k^2) / (C e)
//
// which for u from 1/10 to 1 is close to dividing them by their length. Beyond that it
// grows fast. A limited gain takes u as 1 there, so that a few such sites do not undo
// what many have learned. It is not a polynomial there, but the penalty keeps sites
// away.
//
// The energy after a gain follows from the energy before it, so several take no more
// work than one: they multiply by one factor, which depends on the mean square v.
type Gain[T tensor.Float] struct {
	frame Frame
	shape tensor.Shape
	most  []T // the mean squares for which each u is 1
	// The polynomial is 1 + linear u + square u^2.
	linear, square T
	limited        bool
}

// NewGain compiles gains that follow each other, with these energies, for feature maps
// of the given shape. Their polynomial is 1 + linear u + square u^2.
func NewGain[T tensor.Float](f Frame, energies []int, linear, square float64, shape tensor.Shape, limited bool) *Gain[T] {
	l := &Gain[T]{frame: f, shape: shape, linear: T(linear), square: T(square), limited: limited}
	for _, e := range energies {
		l.most = append(l.most, T(e))
	}
	return l
}

// Refresh implements Layer.
func (l *Gain[T]) Refresh([]T) {}

// Bytes implements Layer.
func (l *Gain[T]) Bytes() float64 { return 0 }

// Scratch implements Layer. There are two factors for each site of a block, and the
// mean square of each site.
func (l *Gain[T]) Scratch() int { return l.frame.Images*l.shape.H*l.shape.W + 2*l.block() }

// InPlace implements Layer.
func (l *Gain[T]) InPlace() bool { return true }

// block returns the number of sites that are computed at once, few enough to be in a
// near cache when they are read again.
func (l *Gain[T]) block() int { return max(1, measureBlock/l.shape.C) }

// Forward implements Layer.
func (l *Gain[T]) Forward(n int, y, x, scratch []T) {
	out, in := data(l.frame, y, n, l.shape), data(l.frame, x, n, l.shape)
	squares, factors, _ := l.parts(n, scratch)
	for c := l.shape.C; len(squares) > 0; {
		rows := min(len(squares), len(factors))
		v, a := squares[:rows], factors[:rows]
		kernel.DotRows(v, in[:rows*c], in[:rows*c])
		for i := range v {
			v[i] /= T(c)
			a[i], _, _ = l.factor(v[i])
		}
		kernel.ScaleRows(out[:rows*c], in[:rows*c], a)
		squares, out, in = squares[rows:], out[rows*c:], in[rows*c:]
	}
}

// Backward implements Layer. With f the factor,
//
//	dx_k = f dy_k + df/dv (2 / C) (sum_j x_j dy_j) x_k
func (l *Gain[T]) Backward(n int, dx, dy, _, x, _, scratch []T) {
	if dx == nil {
		return
	}
	out, g, in := data(l.frame, dx, n, l.shape), data(l.frame, dy, n, l.shape), data(l.frame, x, n, l.shape)
	squares, factors, slopes := l.parts(n, scratch)
	for c := l.shape.C; len(squares) > 0; {
		rows := min(len(squares), len(factors))
		a, b := factors[:rows], slopes[:rows]
		kernel.DotRows(b, in[:rows*c], g[:rows*c])
		for i, v := range squares[:rows] {
			f, slope, _ := l.factor(v)
			a[i], b[i] = f, b[i]*slope*2/T(c)
		}
		kernel.MixRows(out[:rows*c], g[:rows*c], in[:rows*c], a, b)
		squares, out, g, in = squares[rows:], out[rows*c:], g[rows*c:], in[rows*c:]
	}
}

// Penalise implements Penaliser. The penalty is GainPenalty of each gain, averaged
// over the sites of an image.
func (l *Gain[T]) Penalise(n int, dx, x, scratch []T, weight T) {
	out, in := data(l.frame, dx, n, l.shape), data(l.frame, x, n, l.shape)
	squares, _, _ := l.parts(n, scratch)
	weight *= 2 / T(l.shape.Size())
	for site, v := range squares {
		_, _, slope := l.factor(v)
		if slope == 0 {
			continue
		}
		to := out[site*l.shape.C:][:l.shape.C]
		for k, v := range in[site*l.shape.C:][:l.shape.C] {
			to[k] += weight * slope * v
		}
	}
}

// GainPenalty returns the penalty on the energy u of a site, and its derivative. It is
// 0 up to 3/4, 10 (u - 3/4)^2 up to 3, and a line from there on.
func GainPenalty[T tensor.Float](u T) (p, d T) {
	const strength, free, bend = 10, 0.75, 2.25
	if u <= free { // nearly always
		return 0, 0
	}
	over := min(u-free, bend)
	d = 2 * strength * over
	return strength*over*over + d*max(u-free-bend, 0), d
}

// parts returns the mean squares of the sites of n images, and two factors for the
// sites of a block.
func (l *Gain[T]) parts(n int, scratch []T) (squares, a, b []T) {
	block := l.block()
	return scratch[2*block:][:n*l.shape.H*l.shape.W], scratch[:block], scratch[block:][:block]
}

// factor returns what a site of mean square v is multiplied by, and the derivatives to
// v of that and of the penalty.
func (l *Gain[T]) factor(v T) (f, slope, penalty T) {
	f = 1
	for _, most := range l.most {
		u, du := f*f*v/most, f*(f+2*slope*v)/most
		_, d := GainPenalty(u)
		penalty += d * du
		if l.limited && u > 1 {
			u, du = 1, 0
		}
		p := 1 + u*(l.linear+u*l.square)
		slope = slope*p + f*(l.linear+2*l.square*u)*du
		f *= p
	}
	return f, slope, penalty
}
