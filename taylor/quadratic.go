package taylor

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"sync/atomic"

	"github.com/coarsegrain/taylornet/internal/parallel"
	"github.com/coarsegrain/taylornet/model"
)

// Quadratic is a net's polynomial up to the second order about a point x0: for
// the logits k, with d = x - x0 and n = H*W*C inputs,
//
//	y_k = Constant[k] + sum_i Linear[k][i] d_i + sum_ij Products[k][i*n+j] d_i d_j + ...
//
// The products are symmetric: what stands for the pair of i and j, the b_ij of
// the sum over i <= j, is Pair(k, i, j).
type Quadratic struct {
	Constant []float64   // [K]
	Linear   [][]float64 // [K][n]
	Products [][]float64 // [K][n*n]
}

// Pair is the coefficient of d_i d_j in logit k.
func (q *Quadratic) Pair(k, i, j int) float64 {
	n := len(q.Linear[k])
	if i == j {
		return q.Products[k][i*n+i]
	}
	return q.Products[k][i*n+j] + q.Products[k][j*n+i]
}

// Quadratic computes the constant, linear and second-order coefficients about a
// point [H,W,C]: the gradient along each input's direction is a series whose
// first power is a row of the second derivatives. progress, if not nil, is told
// how many of the inputs are done, from several goroutines.
func (n *Net) Quadratic(ctx context.Context, about []float64, workers int, progress func(done, total int)) (*Quadratic, error) {
	size := n.Input.Size()
	if len(about) != size {
		return nil, fmt.Errorf("%w: %d values, it takes %d", model.ErrShape, len(about), size)
	}
	q := &Quadratic{Constant: make([]float64, n.K)}
	for range n.K {
		q.Linear, q.Products = append(q.Linear, make([]float64, size)), append(q.Products, make([]float64, size*size))
	}
	all := make([]int, size)
	for i := range all {
		all[i] = i
	}
	logits := make([]int, n.K)
	for k := range logits {
		logits[k] = k
	}
	var done atomic.Int64
	n.rows(ctx, about, all, logits, workers, func(i, k int, p *pass, a *adjoint) {
		if i == 0 {
			q.Constant[k] = p.at(n.output, 0)[k]
			copy(q.Linear[k], a.at(n.input, 0))
		}
		halves(q.Products[k][i*size:][:size], a)
		if k == n.K-1 && progress != nil {
			progress(int(done.Add(1)), size)
		}
	})
	return q, ctx.Err()
}

// rows takes the line from about along each of some inputs through the net and
// back from each of some logits, and calls each with what came of it, from
// several goroutines. What a call is given is valid in it only.
func (n *Net) rows(ctx context.Context, about []float64, inputs, logits []int, workers int, each func(i, k int, p *pass, a *adjoint)) {
	parallel.Each(workers, len(inputs), func() func(i int) {
		p, a, direction := n.newPass(1), n.newAdjoint(1), make([]float64, len(about))
		return func(i int) {
			if ctx.Err() != nil {
				return
			}
			direction[inputs[i]] = 1
			p.run(about, direction)
			direction[inputs[i]] = 0
			for _, k := range logits {
				a.run(p, k)
				each(i, k, p, a)
			}
		}
	})
}

// halves writes half the second derivatives that an adjoint along an input has.
func halves(row []float64, a *adjoint) {
	if a.orders(a.net.input) < 2 {
		return
	}
	for j, v := range a.at(a.net.input, 1) {
		row[j] = v / 2
	}
}

// Pair is two inputs, or one twice, and what their product contributes.
type Pair struct {
	I, J  int
	Value float64
}

// Pairs returns the products of two inputs that contribute most, by their
// absolute value, to the second order of a logit: b_ij d_i d_j. It looks among
// the products with the inputs given, such as those that Attribution finds
// large, and returns up to most of them, the largest first.
func (l *Line) Pairs(logit int, inputs []int, most, workers int) []Pair {
	n, size := l.net, len(l.direction)
	rows := make([][]float64, len(inputs))
	n.rows(context.Background(), l.about, inputs, []int{logit}, workers, func(i, _ int, _ *pass, a *adjoint) {
		rows[i] = make([]float64, size)
		halves(rows[i], a)
	})
	chosen := make(map[int]bool)
	var list []Pair
	for r, i := range inputs {
		chosen[i] = true
		for j, half := range rows[r] {
			if i != j {
				if chosen[j] {
					continue // seen from the other side
				}
				half *= 2
			}
			if v := half * l.direction[i] * l.direction[j]; v != 0 {
				list = append(list, Pair{min(i, j), max(i, j), v})
			}
		}
	}
	slices.SortFunc(list, func(a, b Pair) int {
		return cmp.Or(cmp.Compare(math.Abs(b.Value), math.Abs(a.Value)), cmp.Compare(a.I, b.I), cmp.Compare(a.J, b.J))
	})
	return list[:min(most, len(list))]
}

// Shuffled is the polynomial with its inputs moved by a permutation, as a control
// for a network that is not trained again.
func (q *Quadratic) Shuffled(permutation []int32) *Quadratic {
	n := len(permutation)
	moved := &Quadratic{Constant: q.Constant}
	for k := range q.Constant {
		linear, products := make([]float64, n), make([]float64, n*n)
		for i, a := range permutation {
			linear[i] = q.Linear[k][a]
			for j, b := range permutation {
				products[i*n+j] = q.Products[k][int(a)*n+int(b)]
			}
		}
		moved.Linear, moved.Products = append(moved.Linear, linear), append(moved.Products, products)
	}
	return moved
}
