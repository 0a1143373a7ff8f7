package taylor

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/coarsegrain/taylornet/internal/parallel"
	"github.com/coarsegrain/taylornet/model"
)

// Line is a net on the line from an expansion point to an image.
type Line struct {
	net       *Net
	orders    int // the highest that pass has
	about     []float64
	direction []float64
	pass      *pass
	logits    []float64 // of the image
}

// Line returns the net on the line from the point about to an image x, both [H,W,C], with
// the values that the net's input has. It needs about as much memory as the net's orders
// times its feature maps. The error wraps model.ErrShape, model.ErrNotFinite, or
// ErrInterrupted when ctx ends.
func (n *Net) Line(ctx context.Context, about, x []float64) (*Line, error) {
	size := n.Input.Size()
	if len(about) != size || len(x) != size {
		return nil, fmt.Errorf("%w: %d and %d values, it takes %d", model.ErrShape, len(about), len(x), size)
	}
	what := fmt.Sprintf("explaining an image of %dx%dx%d by order and pixel for %d logits", n.Input.H, n.Input.W, n.Input.C, n.K)
	if err := n.cost.check(n.cost.explain(n.Orders), what, "a smaller lattice"); err != nil {
		return nil, err
	}
	l := &Line{net: n, about: about, direction: make([]float64, size), logits: make([]float64, n.K)}
	for i := range x {
		l.direction[i] = x[i] - about[i]
	}
	end := n.newPass(ctx, 0)
	end.run(x, nil)
	copy(l.logits, end.at(n.output, 0))
	if err := interrupted(ctx); err != nil {
		return nil, err
	}
	l.expand(ctx, n.Orders)
	if l.Whole() {
		if sum := l.sum(); near(sum, l.logits) {
			l.logits = sum
		} else { // a degree of a hundred can cancel beyond all digits
			l.expand(ctx, lowOrders)
		}
	}
	if err := interrupted(ctx); err != nil {
		return nil, err
	}
	for _, logits := range append(l.ByOrder(), l.logits) {
		if !finite(logits) {
			return nil, model.ErrNotFinite
		}
	}
	return l, nil
}

// expand computes the orders up to the given one.
func (l *Line) expand(ctx context.Context, orders int) {
	l.orders = min(orders, l.net.Degree)
	l.pass = nil // what it holds may be needed
	l.pass = l.net.newPass(ctx, l.orders)
	l.pass.run(l.about, l.direction)
}

// sum adds up the orders, [K].
func (l *Line) sum() []float64 {
	sum := make([]float64, l.net.K)
	for _, logits := range l.ByOrder() {
		for k, v := range logits {
			sum[k] += v
		}
	}
	return sum
}

// near reports whether a sum differs from the logits by at most sumError.
func near(sum, logits []float64) bool {
	var off, largest float64
	for k, v := range logits {
		off, largest = max(off, math.Abs(sum[k]-v)), max(largest, math.Abs(v))
	}
	return off <= sumError*largest
}

func finite(list []float64) bool {
	return !slices.ContainsFunc(list, func(v float64) bool { return math.IsNaN(v) || math.IsInf(v, 0) })
}

// Whole reports whether all orders were computed. It is false if the net's degree is
// over 1,024, if all orders would take more memory than they may, or if they do not add up
// to the logits to a millionth of the largest.
func (l *Line) Whole() bool { return l.orders == l.net.Degree }

// ByOrder returns what the monomials of each order contribute to the logits,
// [Orders+1][K]. Order 0 is the logits of the expansion point. If the line is whole,
// Orders is the net's, and the sum over the orders is the logits of the image;
// otherwise Orders is 2.
func (l *Line) ByOrder() [][]float64 {
	out := make([][]float64, l.orders+1)
	for k := range out {
		out[k] = make([]float64, l.net.K)
		if k < l.pass.orders(l.net.output) {
			copy(out[k], l.pass.at(l.net.output, k))
		}
	}
	return out
}

// Logits returns the logits of the image, [K].
func (l *Line) Logits() []float64 { return slices.Clone(l.logits) }

// Attributions returns what each pixel contributes to each logit in each order,
// [K][Orders+1][H*W*C]. The pixels of an order add up to that order's contribution.
// Order 0 belongs to no pixel and is zero. It returns ErrInterrupted when ctx ends.
//
// A monomial's value is divided equally among its factors. By Euler's theorem
// the share of pixel i in order k is d_i (df_k/dx_i) / k, with d the image less
// the expansion point. Over all orders that is the integrated gradient
// (Sundararajan, Taly and Yan, arXiv 1703.01365), here without an integral.
func (l *Line) Attributions(ctx context.Context) ([][][]float64, error) {
	out := make([][][]float64, l.net.K)
	cost := &l.net.cost
	workers := cost.workers(cost.pass(l.orders)+cost.explanation(l.orders), cost.adjoint(l.orders-1))
	parallel.Each(workers, l.net.K, func() func(k int) {
		a := l.net.newAdjoint(ctx, l.orders-1)
		return func(k int) {
			if ctx.Err() == nil {
				a.run(l.pass, k)
				out[k] = l.shares(a)
			}
		}
	})
	return out, interrupted(ctx)
}

func (l *Line) shares(a *adjoint) [][]float64 {
	out := [][]float64{make([]float64, len(l.direction))}
	for k := 1; k <= l.orders; k++ {
		share := slices.Clone(a.at(l.net.input, k-1))
		for i, d := range l.direction {
			share[i] *= d / float64(k)
		}
		out = append(out, share)
	}
	return out
}
