package taylor

import (
	"errors"
	"fmt"
	"math"

	"github.com/coarsegrain/taylornet/internal/parallel"
)

// ErrQuadrature is wrapped by errors about attributions over all orders that do not
// come to the logits, because the polynomial turns too often between the expansion
// point and the image.
var ErrQuadrature = errors.New("the attributions do not add up")

// fewestNodes to mostNodes are what an integral along a line that has not all orders is
// tried with.
const fewestNodes, mostNodes = 32, 512

// sumError is how far what ought to add up to the logits may be off: the orders in parts of the
// largest logit, an integral's sum over the pixels in parts of the largest change.
const sumError = 1e-6

// totals returns what each pixel contributes to each logit over all orders,
// [K][H*W*C]; with the logits of the expansion point they add up to the image's.
//
// On a whole line it is the sum of its attributions by order. Otherwise it is the
// integral over t of d_i (df/dx_i)(x0 + t d), the integrated gradient, by Gauss and
// Legendre's rule, with so many nodes that its sum over the pixels agrees with the
// logits to 1e-6 of the largest change; ErrQuadrature says that 512 were not enough.
func (l *Line) totals(byOrder [][][]float64, workers int) ([][]float64, error) {
	if !l.Whole() {
		return l.integrate(workers)
	}
	totals := make([][]float64, l.net.K)
	for k, orders := range byOrder {
		totals[k] = make([]float64, len(l.direction))
		for _, shares := range orders {
			for i, v := range shares {
				totals[k][i] += v
			}
		}
	}
	return totals, nil
}

func (l *Line) integrate(workers int) ([][]float64, error) {
	start, largest := l.pass.at(l.net.output, 0), 0.0
	for k, v := range l.logits {
		largest = max(largest, math.Abs(v-start[k]))
	}
	var off float64
	for nodes := fewestNodes; nodes <= mostNodes; nodes *= 2 {
		totals := l.gradients(nodes, workers)
		off = 0
		for k, shares := range totals {
			sum := start[k] - l.logits[k]
			for _, v := range shares {
				sum += v
			}
			off = max(off, math.Abs(sum))
		}
		if off <= sumError*largest {
			return totals, nil
		}
	}
	return nil, fmt.Errorf("%w: by %.3g, after %d gradients along the line, where the logits change by %.3g", ErrQuadrature, off, mostNodes, largest)
}

// gradients integrates the logits' gradients along the line with so many nodes.
func (l *Line) gradients(nodes, workers int) [][]float64 {
	n := l.net
	at, weights := gaussLegendre(nodes)
	parts := make([][][]float64, nodes)
	parallel.Each(workers, nodes, func() func(j int) {
		p, a, x := n.newPass(0), n.newAdjoint(0), make([]float64, len(l.direction))
		return func(j int) {
			for i, d := range l.direction {
				x[i] = l.about[i] + at[j]*d
			}
			p.run(x, nil)
			for k := range n.K {
				a.run(p, k)
				part := make([]float64, len(x))
				for i, g := range a.at(n.input, 0) {
					part[i] = weights[j] * l.direction[i] * g
				}
				parts[j] = append(parts[j], part)
			}
		}
	})
	totals := parts[0]
	for _, part := range parts[1:] {
		for k, shares := range part {
			for i, v := range shares {
				totals[k][i] += v
			}
		}
	}
	return totals
}

// gaussLegendre returns the nodes and weights on [0,1] of the rule with which
// polynomials of degree 2n-1 are integrated exactly: the nodes are the zeros of the
// Legendre polynomial P_n, found by Newton's method from their asymptotic places.
func gaussLegendre(n int) (at, weights []float64) {
	for j := range n {
		x := math.Cos(math.Pi * (float64(j) + 0.75) / (float64(n) + 0.5))
		var slope float64
		for range 8 {
			p, before := 1.0, 0.0
			for k := range n {
				p, before = (float64(2*k+1)*x*p-float64(k)*before)/float64(k+1), p
			}
			slope = float64(n) * (x*p - before) / (x*x - 1)
			x -= p / slope
		}
		at, weights = append(at, (1+x)/2), append(weights, 1/((1-x*x)*slope*slope))
	}
	return at, weights
}
