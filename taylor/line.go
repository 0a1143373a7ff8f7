package taylor

import (
	"fmt"
	"math"
	"slices"

	"github.com/coarsegrain/taylornet/model"
)

// Line is a net on the line from an expansion point to an image.
type Line struct {
	net       *Net
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
	l := &Line{net: n, about: about, direction: make([]float64, size), pass: n.newPass(n.Orders), logits: make([]float64, n.K)}
	for i := range x {
		l.direction[i] = x[i] - about[i]
	}
	l.pass.run(about, l.direction)
	orders := l.ByOrder()
	if l.Whole() {
		for _, logits := range orders {
			for k, v := range logits {
				l.logits[k] += v
			}
		}
	} else {
		end := n.newPass(0)
		end.run(x, nil)
		copy(l.logits, end.at(n.output, 0))
	}
	for _, logits := range append(orders, l.logits) {
		if !finite(logits) {
			return nil, model.ErrNotFinite
		}
	}
	return l, nil
}

func finite(list []float64) bool {
	return !slices.ContainsFunc(list, func(v float64) bool { return math.IsNaN(v) || math.IsInf(v, 0) })
}

// Whole tells whether the line has all orders.
func (l *Line) Whole() bool { return l.net.Orders == l.net.Degree }

// ByOrder returns what the monomials of each order 0 to the net's Orders
// contribute to the logits, [Orders+1][K]. If the line is whole, their sum is the
// logits of the image; order 0 is the logits of the expansion point.
func (l *Line) ByOrder() [][]float64 {
	out := make([][]float64, l.net.Orders+1)
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
	a := l.net.newAdjoint(l.net.Orders - 1)
	a.run(l.pass, logit)
	return l.shares(a)
}

// Attributions returns the attribution to every logit, computed by so many
// workers: [K][Orders+1][H*W*C].
func (l *Line) Attributions(workers int) [][][]float64 {
	out := make([][][]float64, l.net.K)
	parallel(workers, l.net.K, func() func(k int) {
		a := l.net.newAdjoint(l.net.Orders - 1)
		return func(k int) {
			a.run(l.pass, k)
			out[k] = l.shares(a)
		}
	})
	return out
}

func (l *Line) shares(a *adjoint) [][]float64 {
	out := [][]float64{make([]float64, len(l.direction))}
	for k := 1; k <= l.net.Orders; k++ {
		share := slices.Clone(a.at(l.net.input, k-1))
		for i, d := range l.direction {
			share[i] *= d / float64(k)
		}
		out = append(out, share)
	}
	return out
}
