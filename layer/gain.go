package layer

import (
	"github.com/coarsegrain/taylornet/internal/kernel"
	"github.com/coarsegrain/taylornet/spec"
	"github.com/coarsegrain/taylornet/tensor"
)

// Gain is gain control: all C values x_k of a site are multiplied by the same
// polynomial of its energy,
//
//	y_k = x_k (1 - 5/3 u + u^2), u = (sum_k x_k^2) / (C e)
//
// which comes near to dividing them by their length for u from 1/10 to 1. Beyond that
// it grows fast. A limited gain takes u as 1 there, so that few such sites do not undo
// a training of many. It is no polynomial, but the penalty drives sites from there.
type Gain[T tensor.Float] struct {
	frame   Frame
	shape   spec.Shape
	most    T // the sum of squares for which u is 1
	limited bool
}

// NewGain compiles op for feature maps of the given shape, limited or not.
func NewGain[T tensor.Float](f Frame, op *spec.Gain, shape spec.Shape, limited bool) *Gain[T] {
	return &Gain[T]{frame: f, shape: shape, most: T(op.E) * T(shape.C), limited: limited}
}

// Refresh implements Layer.
func (l *Gain[T]) Refresh([]T) {}

// Scratch implements Layer: two factors for the sites of a block, and each site's u.
func (l *Gain[T]) Scratch() int { return l.frame.Images*l.shape.H*l.shape.W + 2*l.block() }

// InPlace implements Layer.
func (l *Gain[T]) InPlace() bool { return true }

// block is the number of sites that are passed over at once, few enough to be in a
// near cache when they are read again.
func (l *Gain[T]) block() int { return max(1, measureBlock/l.shape.C) }

// Forward implements Layer.
func (l *Gain[T]) Forward(n int, y, x, scratch []T) {
	out, in := data(l.frame, y, n, l.shape), data(l.frame, x, n, l.shape)
	energy, factor, _ := l.parts(n, scratch)
	for c := l.shape.C; len(energy) > 0; {
		rows := min(len(energy), len(factor))
		u, a := energy[:rows], factor[:rows]
		kernel.DotRows(u, in[:rows*c], in[:rows*c])
		for i := range u {
			u[i] /= l.most
			a[i], _ = l.gain(u[i])
		}
		kernel.ScaleRows(out[:rows*c], in[:rows*c], a)
		energy, out, in = energy[rows:], out[rows*c:], in[rows*c:]
	}
}

// Backward implements Layer. With p the polynomial,
//
//	dx_k = p dy_k + p' (2 / (C e)) (sum_j x_j dy_j) x_k
func (l *Gain[T]) Backward(n int, dx, dy, _, x, _, scratch []T) {
	if dx == nil {
		return
	}
	out, g, in := data(l.frame, dx, n, l.shape), data(l.frame, dy, n, l.shape), data(l.frame, x, n, l.shape)
	energy, factor, slope := l.parts(n, scratch)
	for c := l.shape.C; len(energy) > 0; {
		rows := min(len(energy), len(factor))
		a, b := factor[:rows], slope[:rows]
		kernel.DotRows(b, in[:rows*c], g[:rows*c])
		for i, u := range energy[:rows] {
			p, d := l.gain(u)
			a[i], b[i] = p, b[i]*d*2/l.most
		}
		kernel.MixRows(out[:rows*c], g[:rows*c], in[:rows*c], a, b)
		energy, out, g, in = energy[rows:], out[rows*c:], g[rows*c:], in[rows*c:]
	}
}

// Penalise implements Penaliser: GainPenalty, averaged over an image's sites.
func (l *Gain[T]) Penalise(n int, dx, x, scratch []T, weight T) {
	out, in := data(l.frame, dx, n, l.shape), data(l.frame, x, n, l.shape)
	energy, _, _ := l.parts(n, scratch)
	weight *= 2 / (l.most * T(l.shape.H*l.shape.W))
	for site, u := range energy {
		_, slope := GainPenalty(u)
		if slope == 0 {
			continue
		}
		to := out[site*l.shape.C:][:l.shape.C]
		for k, v := range in[site*l.shape.C:][:l.shape.C] {
			to[k] += weight * slope * v
		}
	}
}

// GainPenalty is the penalty on the energy u of a site, and its derivative: 10 (u -
// 3/4)^2 for u from 3/4 to 3, a line from there on.
func GainPenalty[T tensor.Float](u T) (p, d T) {
	const strength, free, bend = 10, 0.75, 2.25
	over := min(max(u-free, 0), bend)
	d = 2 * strength * over
	return strength*over*over + d*max(u-free-bend, 0), d
}

// parts are the u of n images' sites and two factors for those of a block.
func (l *Gain[T]) parts(n int, scratch []T) (energy, a, b []T) {
	block := l.block()
	return scratch[2*block:][:n*l.shape.H*l.shape.W], scratch[:block], scratch[block:][:block]
}

// gain is the polynomial and its derivative at u.
func (l *Gain[T]) gain(u T) (p, d T) {
	if l.limited && u > 1 {
		p, _ = gainAt(T(1))
		return p, 0
	}
	return gainAt(u)
}

func gainAt[T tensor.Float](u T) (p, d T) {
	return 1 + u*(spec.GainLinear+u*spec.GainSquare), spec.GainLinear + 2*spec.GainSquare*u
}
