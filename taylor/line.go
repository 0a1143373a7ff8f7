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
	direction []float64
	pass      *pass
}

// Line takes an image x [H,W,C], as the net's input is, through the net on the
// line from the point about. It keeps about as much memory as the degree times
// the net's feature maps.
func (n *Net) Line(about, x []float64) (*Line, error) {
	size := n.Input.Size()
	if len(about) != size || len(x) != size {
		return nil, fmt.Errorf("%w: %d and %d values, it takes %d", model.ErrShape, len(about), len(x), size)
	}
	l := &Line{net: n, direction: make([]float64, size), pass: n.newPass(n.Degree)}
	for i := range x {
		l.direction[i] = x[i] - about[i]
	}
	l.pass.run(about, l.direction)
	for _, logits := range l.ByOrder() {
		for _, v := range logits {
			if math.IsNaN(v) || math.IsInf(v, 0) {
				return nil, model.ErrNotFinite
			}
		}
	}
	return l, nil
}

// ByOrder returns what the monomials of each order 0 to the net's degree
// contribute to the logits, [Degree+1][K]. Their sum over the orders is the
// logits of the image; order 0 is the logits of the expansion point.
func (l *Line) ByOrder() [][]float64 {
	out := make([][]float64, l.net.Degree+1)
	for k := range out {
		out[k] = make([]float64, l.net.K)
		if k < l.pass.orders(l.net.output) {
			copy(out[k], l.pass.at(l.net.output, k))
		}
	}
	return out
}

// Logits are the logits of the image, [K]: the sum of ByOrder.
func (l *Line) Logits() []float64 {
	sum := make([]float64, l.net.K)
	for _, logits := range l.ByOrder() {
		for k, v := range logits {
			sum[k] += v
		}
	}
	return sum
}

// Attribution returns what each pixel contributes to a logit in each order,
// [Degree+1][H*W*C]. The pixels of an order add up to that order's contribution;
// order 0 belongs to no pixel and is zero.
//
// A monomial's value is divided equally among its factors. By Euler's theorem
// the share of pixel i in order k is d_i (df_k/dx_i) / k, with d the image less
// the expansion point; over all orders that is the integrated gradient
// (Sundararajan, Taly and Yan, arXiv 1703.01365), here without an integral.
func (l *Line) Attribution(logit int) [][]float64 {
	a := l.net.newAdjoint(l.net.Degree - 1)
	a.run(l.pass, logit)
	return l.shares(a)
}

// Attributions returns the attribution to every logit, computed by so many
// workers: [K][Degree+1][H*W*C].
func (l *Line) Attributions(workers int) [][][]float64 {
	out := make([][][]float64, l.net.K)
	parallel(workers, l.net.K, func() func(k int) {
		a := l.net.newAdjoint(l.net.Degree - 1)
		return func(k int) {
			a.run(l.pass, k)
			out[k] = l.shares(a)
		}
	})
	return out
}

func (l *Line) shares(a *adjoint) [][]float64 {
	out := [][]float64{make([]float64, len(l.direction))}
	for k := 1; k <= l.net.Degree; k++ {
		share := slices.Clone(a.at(l.net.input, k-1))
		for i, d := range l.direction {
			share[i] *= d / float64(k)
		}
		out = append(out, share)
	}
	return out
}
