package layer

import (
	"math"

	"github.com/coarsegrain/taylornet/internal/kernel"
	"github.com/coarsegrain/taylornet/tensor"
)

// Epsilon is added to a variance before its root is taken.
const Epsilon = 1e-5

// NormParams are the offsets of a norm's parameters, [C] each.
type NormParams struct{ Scale, Shift, Mean, Var int }

// Norm is batch normalisation in training (Ioffe and Szegedy 2015). Each channel is
// brought to mean 0 and variance 1 over the micro-batch's sites, then scaled and
// shifted. The layer measures the micro-batch's mean and unbiased variance. With fixed
// statistics it measures nothing, and is an affine map with the statistics among the
// parameters, as at inference.
type Norm[T tensor.Float] struct {
	frame  Frame
	shape  tensor.Shape
	at     NormParams
	fixed  bool
	params []T
}

// NewNorm compiles a norm of feature maps of the given shape. If fixed is set, it uses
// the statistics among the parameters.
func NewNorm[T tensor.Float](f Frame, shape tensor.Shape, at NormParams, fixed bool) *Norm[T] {
	return &Norm[T]{frame: f, shape: shape, at: at, fixed: fixed}
}

// Refresh implements Layer.
func (l *Norm[T]) Refresh(params []T) { l.params = params }

// Bytes implements Layer.
func (l *Norm[T]) Bytes() float64 { return 0 }

// Scratch implements Layer. It holds mean, variance and three vectors for the passes. A
// graded pass has two more, of zeros and of what is not used, and the full values of the
// input and their gradient if they have no lane.
func (l *Norm[T]) Scratch() int {
	if l.frame.Lanes.Orders == 0 {
		return l.vectors()
	}
	return l.vectors() + 2*l.shape.C + fullScratch(l.frame, l.shape)
}

// vectors returns the number of elements that measure and gradient work in.
func (l *Norm[T]) vectors() int { return 5 * l.shape.C }

// full returns the buffers of the full values of x and their gradient.
func (l *Norm[T]) full(x, dx, scratch []T) (full, dfull []T) {
	if l.frame.Lanes.full() {
		return x, dx
	}
	full, dfull, _ = fullParts(l.frame, l.shape, x, dx, scratch[l.vectors()+2*l.shape.C:])
	return full, dfull
}

// orders returns the values without constant term, and a vector of zeros.
func (l *Norm[T]) orders(n int, v, scratch []T) (orders, zeros []T) {
	constants, all := l.frame.Lanes.constants(n), l.frame.Lanes.Images(n)
	if all == constants {
		return nil, nil
	}
	zeros = scratch[l.vectors():][:l.shape.C]
	clear(zeros)
	return data(l.frame, lane(v, constants, l.shape), all-constants, l.shape), zeros
}

// InPlace implements Layer.
func (l *Norm[T]) InPlace() bool { return true }

// Forward implements Layer.
func (l *Norm[T]) Forward(n int, y, x, scratch []T) {
	c := l.shape.C
	mean, variance := l.measured(n, x, scratch)
	scale, shift := scratch[2*c:3*c], scratch[3*c:4*c]
	for k := range mean {
		scale[k] = l.params[l.at.Scale+k] * rsqrt(variance[k])
		shift[k] = l.params[l.at.Shift+k] - mean[k]*scale[k]
	}
	constants := l.frame.Lanes.constants(n)
	kernel.Affine(data(l.frame, y, constants, l.shape), data(l.frame, x, constants, l.shape), scale, shift)
	if in, zeros := l.orders(n, x, scratch); in != nil {
		out, _ := l.orders(n, y, scratch)
		kernel.Affine(out, in, scale, zeros)
	}
}

// measured measures the full values of x.
func (l *Norm[T]) measured(n int, x, scratch []T) (mean, variance []T) {
	full, _ := l.full(x, nil, scratch)
	if !l.fixed {
		sumOrders(l.frame, n, x, full, l.shape)
	}
	return l.measure(data(l.frame, full, n, l.shape), scratch)
}

// measureBlock is the number of elements whose mean and variance are computed at once,
// few enough to be in the second-level cache when they are read again.
const measureBlock = 1 << 14

// measure computes each channel's mean and variance over the sites of in, or takes the
// fixed ones, and leaves them at the beginning of scratch. Those of one block of sites
// after another are combined by the formula of Chan, Golub and LeVeque (1979).
func (l *Norm[T]) measure(in, scratch []T) (mean, variance []T) {
	c := l.shape.C
	mean, variance = scratch[:c], scratch[c:2*c]
	if l.fixed {
		copy(mean, l.params[l.at.Mean:])
		copy(variance, l.params[l.at.Var:])
		return mean, variance
	}
	blockMean, blockSquares := scratch[2*c:3*c], scratch[3*c:4*c]
	clear(scratch[:2*c])
	sites := len(in) / c
	for done := 0; done < sites; {
		rows := min(max(1, measureBlock/c), sites-done)
		block := in[done*c:][:rows*c]
		clear(scratch[2*c : 4*c])
		kernel.SumRows(blockMean, block)
		for k := range blockMean {
			blockMean[k] /= T(rows)
		}
		kernel.SumSquares(blockSquares, block, blockMean)
		share := T(rows) / T(done+rows)
		for k := range mean {
			d := blockMean[k] - mean[k]
			mean[k] += d * share
			variance[k] += blockSquares[k] + d*d*share*T(done)
		}
		done += rows
	}
	for k := range variance {
		variance[k] /= T(sites)
	}
	return mean, variance
}

// Backward implements Layer.
func (l *Norm[T]) Backward(n int, dx, dy, _, x, grads, scratch []T) {
	c := l.shape.C
	constants := l.frame.Lanes.constants(n)
	in, g := data(l.frame, x, constants, l.shape), data(l.frame, dy, constants, l.shape)
	sum, dot := scratch[2*c:3*c], scratch[3*c:4*c]
	clear(sum)
	clear(dot)
	kernel.SumProducts(sum, dot, g, in, scratch[:c])
	xs, zeros := l.orders(n, x, scratch)
	gs, _ := l.orders(n, dy, scratch)
	if xs != nil {
		unused := scratch[l.vectors()+c:][:c]
		clear(unused)
		kernel.SumProducts(unused, dot, gs, xs, zeros)
	}
	a, b, k := l.gradient(n, grads, scratch)
	if dx == nil {
		return
	}
	if xs == nil {
		kernel.Affine2(data(l.frame, dx, n, l.shape), g, in, a, b, k)
		return
	}
	all := l.frame.Lanes.Images(n)
	kernel.Affine(data(l.frame, dx, all, l.shape), data(l.frame, dy, all, l.shape), a, zeros)
	if !l.fixed {
		full, dfull := l.full(x, dx, scratch)
		l.throughStatistics(n, dfull, full, a, b, k, l.frame.Lanes.full())
		spread(l.frame, n, dx, dfull, l.shape)
	}
}

// throughStatistics adds to the gradient of the full values the part b*full+k that comes
// from the statistics, or sets it if it has not begun. It works in ones.
func (l *Norm[T]) throughStatistics(n int, dfull, full, ones, b, k []T, begun bool) {
	to, in := data(l.frame, dfull, n, l.shape), data(l.frame, full, n, l.shape)
	if !begun {
		kernel.Affine(to, in, b, k)
		return
	}
	for c := range ones {
		ones[c] = 1
	}
	kernel.Affine2(to, to, in, ones, b, k)
}

// gradient reads the sums over all sites of dy and of dy*(x-mean) from scratch, where
// they stand behind mean and variance. It adds the gradient of the parameters to grads,
// and replaces the sums by a, b and k such that dx = a*dy + b*x + k. With
// h = (x-mean)*r and r = 1/sqrt(variance+Epsilon),
//
//	dscale = sum dy*h, dshift = sum dy
//	dx = scale*r * (dy - avg(dy) - h*avg(dy*h))
//
// where the averages come from the dependence of the statistics on x: they are zero if
// the statistics are fixed.
func (l *Norm[T]) gradient(n int, grads, scratch []T) (a, b, k []T) {
	c := l.shape.C
	mean, variance := scratch[:c], scratch[c:2*c]
	a, b, k = scratch[2*c:3*c], scratch[3*c:4*c], scratch[4*c:5*c]
	sites := T(n * l.shape.H * l.shape.W)
	for i := range c {
		r := rsqrt(variance[i])
		sum, dot := a[i], b[i]*r
		grads[l.at.Shift+i] += sum
		grads[l.at.Scale+i] += dot
		a[i] = l.params[l.at.Scale+i] * r
		if l.fixed {
			b[i], k[i] = 0, 0
			continue
		}
		b[i] = -a[i] * r * dot / sites
		k[i] = -a[i]*sum/sites - b[i]*mean[i]
	}
	return a, b, k
}

// Measured implements Measurer.
func (l *Norm[T]) Measured(n int, stats, scratch []T) {
	if l.fixed {
		return
	}
	c := l.shape.C
	mean, variance := scratch[:c], scratch[c:2*c]
	sites := T(n * l.shape.H * l.shape.W)
	for i := range c {
		stats[l.at.Mean+i] += mean[i]
		stats[l.at.Var+i] += variance[i] * sites / max(sites-1, 1)
	}
}

func rsqrt[T tensor.Float](variance T) T {
	return T(1 / math.Sqrt(float64(variance)+Epsilon))
}

// FoldNorm returns the scale and the shift by which a norm with the given statistics
// maps a channel.
func FoldNorm[T tensor.Float](gamma, beta, mean, variance T) (scale, shift T) {
	s := float64(gamma) / math.Sqrt(float64(variance)+Epsilon)
	return T(s), T(float64(beta) - float64(mean)*s)
}
