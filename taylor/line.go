package taylor

import (
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

// Line takes an image x [H,W,C], as the net's input is, through the net on the
// line from the point about. It keeps about as much memory as the net's orders times
// its feature maps.
func (n *Net) Line(about, x []float64) (*Line, error) {
	size := n.Input.Size()
	if len(about) != size || len(x) != size {
		return nil, fmt.Errorf("%w: %d and %d values, it takes %d", model.ErrShape, len(about), len(x), size)
	}
	l := &Line{net: n, about: about, direction: make([]float64, size), logits: make([]float64, n.K)}
	for i := range x {
		l.direction[i] = x[i] - about[i]
	}
	end := n.newPass(0)
	end.run(x, nil)
	copy(l.logits, end.at(n.output, 0))
	l.expand(n.Orders)
	if l.Whole() {
		if sum := l.sum(); near(sum, l.logits) {
			l.logits = sum
		} else { // a degree of a hundred can cancel beyond all digits
			l.expand(lowOrders)
		}
	}
	for _, logits := range append(l.ByOrder(), l.logits) {
		if !finite(logits) {
			return nil, model.ErrNotFinite
		}
	}
	return l, nil
}

// expand computes the orders up to the given one.
func (l *Line) expand(orders int) {
	l.orders = min(orders, l.net.Degree)
	l.pass = l.net.newPass(l.orders)
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

// near tells whether a sum is off the logits by no more than sumError.
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

// Whole tells whether the line has all orders. It has not if the net's degree is over
// 1,024, or if its orders do not add up to the logits to a millionth of the largest.
func (l *Line) Whole() bool { return l.orders == l.net.Degree }

// ByOrder returns what the monomials of each order 0 to the net's Orders
// contribute to the logits, [Orders+1][K], Orders being 2 if the line is not whole. If it is, their sum is the
// logits of the image; order 0 is the logits of the expansion point.
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

// Logits are the logits of the image, [K].
func (l *Line) Logits() []float64 { return slices.Clone(l.logits) }

// Attribution returns what each pixel contributes to a logit in each order,
// [Orders+1][H*W*C]. The pixels of an order add up to that order's contribution;
// order 0 belongs to no pixel and is zero.
//
// A monomial's value is divided equally among its factors. By Euler's theorem
// the share of pixel i in order k is d_i (df_k/dx_i) / k, with d the image less
// the expansion point; over all orders that is the integrated gradient
// (Sundararajan, Taly and Yan, arXiv 1703.01365), here without an integral.
func (l *Line) Attribution(logit int) [][]float64 {
	a := l.net.newAdjoint(l.orders - 1)
	a.run(l.pass, logit)
	return l.shares(a)
}

// Attributions returns the attribution to every logit, computed by so many
// workers: [K][Orders+1][H*W*C].
func (l *Line) Attributions(workers int) [][][]float64 {
	out := make([][][]float64, l.net.K)
	parallel.Each(workers, l.net.K, func() func(k int) {
		a := l.net.newAdjoint(l.orders - 1)
		return func(k int) {
			a.run(l.pass, k)
			out[k] = l.shares(a)
		}
	})
	return out
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
