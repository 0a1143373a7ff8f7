package layer

import (
	"github.com/coarsegrain/taylornet/internal/kernel"
	"github.com/coarsegrain/taylornet/tensor"
)

// NormCG is a norm and the coarse-graining after it in training. It never stores the
// norm's output. Nor does it sum over the sites for the norm's gradients, which follow
// from those of the polynomial.
//
// With u = x-mean, and s = scale/sqrt(variance+Epsilon), the norm's output is
// z = s*u+shift, so the coarse-graining is a polynomial in u, with coefficients
// of its own:
//
//	c + sum_i a_i z_i + sum_{i<=j} b_ij z_i z_j = c' + sum_i a'_i u_i + sum_{i<=j} b'_ij u_i u_j
//
// Its gradients D of c', a' and b' are sums over the sites of dy, dy*u_i and
// dy*u_i*u_j. All other gradients follow from them. The kernels subtract the mean,
// because large terms would cancel in a polynomial in x.
type NormCG[T tensor.Float] struct {
	norm *Norm[T]
	cg   *CG[T]
}

// TakesNorm reports whether a norm and the coarse-graining op after it can be one
// layer: whether op is of order 2, as nearly all are.
func TakesNorm(order int) bool { return order == 2 }

// NewNormCG returns one layer that does what norm and then cg do.
func NewNormCG[T tensor.Float](norm *Norm[T], cg *CG[T]) *NormCG[T] {
	return &NormCG[T]{norm: norm, cg: cg}
}

// Refresh implements Layer.
func (l *NormCG[T]) Refresh(params []T) {
	l.norm.Refresh(params)
	l.cg.Refresh(params)
}

// Bytes implements Layer.
func (l *NormCG[T]) Bytes() float64 { return l.norm.Bytes() + l.cg.Bytes() }

// Scratch implements Layer. It holds the norm's part, the coefficients in u and their
// gradients, and in a graded pass the map of order 0 and the coarse-graining's part.
func (l *NormCG[T]) Scratch() int {
	n := l.norm.Scratch() + 2*l.coefs()
	if l.cg.frame.Lanes.Orders > 0 {
		n += l.cg.in.Size() + l.cg.work()
	}
	return n
}

func (l *NormCG[T]) coefs() int { return l.cg.terms * l.norm.shape.C }

// parts returns the norm's part of scratch, the coefficients in u, their gradients, and
// what is left.
func (l *NormCG[T]) parts(scratch []T) (norm, coefs, dcoefs, rest []T) {
	n, c := l.norm.Scratch(), l.coefs()
	return scratch[:n], scratch[n:][:c], scratch[n+c:][:c], scratch[n+2*c:]
}

// centred calls f while order 0 of x is less the mean. Then x is as before.
func (l *NormCG[T]) centred(n int, x, mean, rest []T, f func(work []T)) {
	lanes, s := l.cg.frame.Lanes, l.cg.in
	if lanes.Orders == 0 {
		f(rest)
		return
	}
	constant, kept := data(l.cg.frame, lane(x, lanes.At(n, 0), s), 1, s), rest[:s.Size()]
	copy(kept, constant)
	for rest := constant; len(rest) > 0; rest = rest[s.C:] {
		for c, m := range mean {
			rest[c] -= m
		}
	}
	f(rest[s.Size():])
	copy(constant, kept)
}

// InPlace implements Layer.
func (l *NormCG[T]) InPlace() bool { return false }

// Forward implements Layer.
func (l *NormCG[T]) Forward(n int, y, x, scratch []T) {
	norm, coefs, _, rest := l.parts(scratch)
	mean, variance := l.norm.measured(n, x, norm)
	scale, _ := l.affine(norm)
	for c := range scale {
		scale[c] = l.norm.params[l.norm.at.Scale+c] * rsqrt(variance[c])
	}
	l.expand(coefs, norm)
	full, _ := l.norm.full(x, nil, norm)
	if l.norm.fixed && l.cg.frame.Out.full() {
		sumOrders(l.cg.frame, n, x, full, l.cg.in)
	}
	l.centred(n, x, mean, rest, func(work []T) { l.cg.forward(n, y, x, full, mean, coefs, work) })
}

// Backward implements Layer. The gradient to u is s times that to z, so the norm's
// backward pass needs no factor s.
func (l *NormCG[T]) Backward(n int, dx, dy, _, x, grads, scratch []T) {
	norm, coefs, dcoefs, rest := l.parts(scratch)
	clear(dcoefs)
	full, dfull := l.norm.full(x, dx, norm)
	mean := norm[:l.cg.in.C]
	l.centred(n, x, mean, rest, func(work []T) { l.cg.backward(n, dx, dfull, dy, x, full, mean, dcoefs, coefs, work) })
	l.collect(norm, grads, dcoefs)
	a, b, k := l.norm.gradient(n, grads, norm)
	if dx == nil {
		return
	}
	begun := l.cg.frame.Out.full()
	if !l.norm.fixed {
		l.norm.throughStatistics(n, dfull, full, a, b, k, begun)
	}
	if begun || !l.norm.fixed {
		spread(l.cg.frame, n, dx, dfull, l.cg.in)
	}
}

// Measured implements Measurer.
func (l *NormCG[T]) Measured(n int, stats, scratch []T) { l.norm.Measured(n, stats, scratch) }

// affine returns s and shift of the norm's output s*u+shift. Forward leaves s in the
// place that the norm uses last in its backward pass.
func (l *NormCG[T]) affine(norm []T) (s, shift []T) {
	c := l.norm.shape.C
	return norm[4*c : 5*c], l.norm.params[l.norm.at.Shift:][:c]
}

// eachLinear calls f with the place of each coefficient a_i, in order.
func (l *NormCG[T]) eachLinear(f func(i int)) {
	for i := range l.cg.window.taps() {
		f((1 + i) * l.norm.shape.C)
	}
}

// eachProduct calls f with the places of each coefficient b_ij and of a_i and a_j, in
// order.
func (l *NormCG[T]) eachProduct(f func(ij, i, j int)) {
	channels := l.norm.shape.C
	taps := l.cg.window.taps()
	ij, last := (1+taps)*channels, taps*channels
	for i := channels; i <= last; i += channels {
		for j := i; j <= last; j += channels {
			f(ij, i, j)
			ij += channels
		}
	}
}

// expand computes the coefficients in u.
func (l *NormCG[T]) expand(coefs, norm []T) {
	s, shift := l.affine(norm)
	from, row := l.cg.coefficients(l.cg.params), len(s)
	constant := coefs[:row]
	copy(constant, from)
	l.eachLinear(func(i int) {
		a, au := from[i:][:row], coefs[i:][:row]
		for c, s := range s {
			constant[c] += shift[c] * a[c]
			au[c] = s * a[c]
		}
	})
	l.eachProduct(func(ij, i, j int) {
		b, bu := from[ij:][:row], coefs[ij:][:row]
		ai, aj := coefs[i:][:row], coefs[j:][:row]
		for c, s := range s {
			t := shift[c] * b[c]
			constant[c] += shift[c] * t
			ai[c] += s * t
			aj[c] += s * t
			bu[c] = s * s * b[c]
		}
	})
}

// collect adds the gradients of the coefficients to grads: sums of dy, dy*z_i and
// dy*z_i*z_j. For the norm it leaves two sums over sites and members, of the gradient
// to z and of its product with u.
func (l *NormCG[T]) collect(norm, grads, d []T) {
	s, shift := l.affine(norm)
	from, to, row := l.cg.coefficients(l.cg.params), l.cg.coefficients(grads), len(s)
	constant := d[:row]
	kernel.Add(to[:row], constant)
	sum, dot := norm[2*row:3*row], norm[3*row:4*row]
	clear(norm[2*row : 4*row])
	l.eachLinear(func(i int) {
		a, da, di := from[i:][:row], to[i:][:row], d[i:][:row]
		for c, s := range s {
			da[c] += s*di[c] + shift[c]*constant[c]
			sum[c] += a[c] * constant[c]
			dot[c] += a[c] * di[c]
		}
	})
	l.eachProduct(func(ij, i, j int) {
		b, db, dij := from[ij:][:row], to[ij:][:row], d[ij:][:row]
		di, dj := d[i:][:row], d[j:][:row]
		for c, s := range s {
			linear := di[c] + dj[c] // of dy*(u_i+u_j)
			product := s*dij[c] + shift[c]*linear
			db[c] += s*product + shift[c]*shift[c]*constant[c]
			sum[c] += b[c] * (s*linear + 2*shift[c]*constant[c])
			dot[c] += b[c] * (product + s*dij[c])
		}
	})
}
