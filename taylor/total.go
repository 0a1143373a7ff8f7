package taylor

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/coarsegrain/taylornet/internal/parallel"
)

// ErrQuadrature is wrapped by errors about attributions over all orders that do not
// add up to the logits, because the polynomial turns too often between the expansion
// point and the image.
var ErrQuadrature = errors.New("the attributions do not add up")

// An integral along a line that is not whole is tried with fewestNodes, then with twice
// as many each time up to mostNodes.
const fewestNodes, mostNodes = 32, 512

// sumError is how far a sum that should be the logits may be off: for the orders as a
// fraction of the largest logit, for an integral's sum over the pixels as a fraction of
// the largest change of a logit.
const sumError = 1e-6

// roundingError is how far an integral's sum may be off in any case, as a fraction of the
// largest logit: of a network that hardly changes along the line, the rest is rounding.
const roundingError = 1e-13

// totals returns what each pixel contributes to each logit over all orders,
// [K][H*W*C]. With the logits of the expansion point they add up to the image's.
//
// On a whole line they are the sums of its attributions by order. Otherwise they are
// the integrals over t of d_i (df/dx_i)(x0 + t d), the integrated gradients, by Gauss
// and Legendre's rule. It takes as many nodes as make the sum over the pixels agree with
// the logits to 1e-6 of the largest change. It returns ErrQuadrature if 512 are not enough.
func (l *Line) totals(ctx context.Context, byOrder [][][]float64) ([][]float64, error) {
	if !l.Whole() {
		return l.integrate(ctx)
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

func (l *Line) integrate(ctx context.Context) ([][]float64, error) {
	start, largest, rounding := l.pass.at(l.net.output, 0), 0.0, 0.0
	for k, v := range l.logits {
		largest, rounding = max(largest, math.Abs(v-start[k])), max(rounding, roundingError*math.Abs(v))
	}
	var off float64
	for nodes := fewestNodes; nodes <= mostNodes; nodes *= 2 {
		totals, err := l.gradients(ctx, nodes)
		if err != nil {
			return nil, err
		}
		off = 0
		for k, shares := range totals {
			sum := start[k] - l.logits[k]
			for _, v := range shares {
				sum += v
			}
			off = max(off, math.Abs(sum))
		}
		if off <= max(sumError*largest, rounding) {
			return totals, nil
		}
	}
	return nil, fmt.Errorf("%w: they are off by %.3g after %d gradients along the line, on which the logits change by %.3g", ErrQuadrature, off, mostNodes, largest)
}

// gradients integrates the logits' gradients along the line with a number of nodes, as
// many at once as there are workers. They are added up in order.
func (l *Line) gradients(ctx context.Context, nodes int) ([][]float64, error) {
	n := l.net
	at, weights := gaussLegendre(nodes)
	workers := n.cost.workers(n.cost.pass(l.orders)+n.cost.explanation(l.orders), n.cost.gradients())
	type task struct {
		pass    *pass
		adjoint *adjoint
		x       []float64
		shares  [][]float64 // [K][H*W*C]
	}
	tasks := make([]task, min(workers, nodes))
	for i := range tasks {
		tasks[i] = task{n.newPass(ctx, 0), n.newAdjoint(ctx, 0), make([]float64, len(l.direction)), matrix(n.K, len(l.direction))}
	}
	totals := matrix(n.K, len(l.direction))
	crew := parallel.NewCrew(workers)
	for first := 0; first < nodes; first += len(tasks) {
		some := tasks[:min(len(tasks), nodes-first)]
		crew.Run(len(some), func(_, i int) {
			t, j := &some[i], first+i
			for i, d := range l.direction {
				t.x[i] = l.about[i] + at[j]*d
			}
			t.pass.run(t.x, nil)
			for k := range n.K {
				t.adjoint.run(t.pass, k)
				for i, g := range t.adjoint.at(n.input, 0) {
					t.shares[k][i] = weights[j] * l.direction[i] * g
				}
			}
		})
		if err := interrupted(ctx); err != nil {
			return nil, err
		}
		for _, t := range some {
			for k, shares := range t.shares {
				for i, v := range shares {
					totals[k][i] += v
				}
			}
		}
	}
	return totals, nil
}

// matrix returns zeros [rows][columns].
func matrix(rows, columns int) [][]float64 {
	m := make([][]float64, rows)
	for i := range m {
		m[i] = make([]float64, columns)
	}
	return m
}

// gaussLegendre returns the n nodes and weights on [0,1] of the rule that integrates
// polynomials of degree 2n-1 exactly. The nodes are the zeros of the Legendre polynomial
// P_n, found by Newton's method from their asymptotic places.
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
