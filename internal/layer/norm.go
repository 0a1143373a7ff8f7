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

// Scratch implements Layer. It holds mean, variance and three vectors for the passes.
func (l *Norm[T]) Scratch() int { return 5 * l.shape.C }

// InPlace implements Layer.
func (l *Norm[T]) InPlace() bool { return true }

// Forward implements Layer.
func (l *Norm[T]) Forward(n int, y, x, scratch []T) {
	c := l.shape.C
	in := data(l.frame, x, n, l.shape)
	mean, variance := l.measure(in, scratch)
	scale, shift := scratch[2*c:3*c], scratch[3*c:4*c]
	for k := range mean {
		scale[k] = l.params[l.at.Scale+k] * rsqrt(variance[k])
		shift[k] = l.params[l.at.Shift+k] - mean[k]*scale[k]
	}
	kernel.Affine(data(l.frame, y, n, l.shape), in, scale, shift)
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
	in, g := data(l.frame, x, n, l.shape), data(l.frame, dy, n, l.shape)
	sum, dot := scratch[2*c:3*c], scratch[3*c:4*c]
	clear(sum)
	clear(dot)
	kernel.SumProducts(sum, dot, g, in, scratch[:c])
	a, b, k := l.gradient(n, grads, scratch)
	if dx != nil {
		kernel.Affine2(data(l.frame, dx, n, l.shape), g, in, a, b, k)
	}
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
