package layer

import "github.com/coarsegrain/taylornet/tensor"

// gainSeries is a gain control of power series: the orders of a graded pass, which are
// not limited. A site's channels, energy and factor are series,
//
//	u_m = sum_{i+j=m} x_i x_j / (C e), p_m = [m=0] + linear u_m + square sum_{i+j=m} u_i u_j,
//	y_m = sum_{i+j=m} p_i x_j
//
// where a product of two x is summed over the channels.
type gainSeries[T tensor.Float] struct {
	frame          Frame
	shape          tensor.Shape
	most           T // the sum of squares for which u is 1
	linear, square T
}

// NewGradedGain compiles NewGain of one energy for graded passes.
func NewGradedGain[T tensor.Float](f Frame, energy int, linear, square float64, shape tensor.Shape, limited bool) *Graded[T] {
	full := NewGain[T](f.plain(), []int{energy}, linear, square, shape, limited)
	orders := &gainSeries[T]{f.ordersFrame(), shape, T(energy) * T(shape.C), T(linear), T(square)}
	return newGraded[T](f, shape, shape, full, orders)
}

// Refresh implements Layer.
func (l *gainSeries[T]) Refresh([]T) {}

// Bytes implements Layer.
func (l *gainSeries[T]) Bytes() float64 { return 0 }

// Scratch implements Layer: u, p and their gradients.
func (l *gainSeries[T]) Scratch() int { return 4 * (l.frame.Out.Orders + 1) }

// InPlace implements Layer.
func (l *gainSeries[T]) InPlace() bool { return false }

// site returns the channels of a site in order k of image i.
func (l *gainSeries[T]) site(v []T, lanes Lanes, n, k, i, site int) []T {
	return v[l.frame.Head+lanes.Place(n, k, i)*l.shape.Size()+site*l.shape.C:][:l.shape.C]
}

// factors computes the energy u and the factor p of a site of image i.
func (l *gainSeries[T]) factors(n, i, site int, x, scratch []T) (u, p []T) {
	in, out := l.frame.Lanes.Orders, l.frame.Out.Orders
	u, p = scratch[:out+1], scratch[out+1:][:out+1]
	clear(u)
	for a := range in + 1 {
		for b := range min(in, out-a) + 1 {
			u[a+b] += dot(l.site(x, l.frame.Lanes, n, a, i, site), l.site(x, l.frame.Lanes, n, b, i, site)) / l.most
		}
	}
	for m := range p {
		p[m] = l.linear * u[m]
		for a := range m + 1 {
			p[m] += l.square * u[a] * u[m-a]
		}
	}
	p[0]++
	return u, p
}

func dot[T tensor.Float](x, y []T) T {
	var sum T
	for i, v := range x {
		sum += v * y[i]
	}
	return sum
}

func addScaled[T tensor.Float](y, x []T, a T) {
	for i, v := range x {
		y[i] += a * v
	}
}

// Forward implements Layer.
func (l *gainSeries[T]) Forward(n int, y, x, scratch []T) {
	in, out := l.frame.Lanes, l.frame.Out
	for i := range n {
		for site := range l.shape.H * l.shape.W {
			_, p := l.factors(n, i, site, x, scratch)
			for m := range out.Orders + 1 {
				to := l.site(y, out, n, m, i, site)
				clear(to)
				for b := range min(m, in.Orders) + 1 {
					addScaled(to, l.site(x, in, n, b, i, site), p[m-b])
				}
			}
		}
	}
}

// Backward implements Layer. Order 0 is the same for all images, so its gradient counts
// with the first alone.
func (l *gainSeries[T]) Backward(n int, dx, dy, _, x, _, scratch []T) {
	if dx == nil {
		return
	}
	clear(data(l.frame, dx, l.frame.Lanes.Images(n), l.shape))
	for i := range n {
		for site := range l.shape.H * l.shape.W {
			l.backward(n, i, site, dx, dy, x, scratch)
		}
	}
}

func (l *gainSeries[T]) backward(n, i, site int, dx, dy, x, scratch []T) {
	in, out := l.frame.Lanes, l.frame.Out
	u, p := l.factors(n, i, site, x, scratch)
	du, dp := scratch[2*len(u):][:len(u)], scratch[3*len(u):][:len(u)]
	clear(scratch[2*len(u):][:2*len(u)])
	for m := min(i, 1); m <= out.Orders; m++ {
		from := l.site(dy, out, n, m, i, site)
		for b := range min(m, in.Orders) + 1 {
			dp[m-b] += dot(from, l.site(x, in, n, b, i, site))
			addScaled(l.site(dx, in, n, b, i, site), from, p[m-b])
		}
	}
	for m, d := range dp {
		du[m] += l.linear * d
		for a := range m + 1 {
			du[a] += 2 * l.square * d * u[m-a]
		}
	}
	for m, d := range du {
		for b := range min(m, in.Orders) + 1 {
			if m-b <= in.Orders {
				addScaled(l.site(dx, in, n, b, i, site), l.site(x, in, n, m-b, i, site), 2*d/l.most)
			}
		}
	}
}
