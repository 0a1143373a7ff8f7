package taylor

import (
	"context"
	"fmt"
	"sync/atomic"

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
	var done atomic.Int64
	parallel(workers, size, func() func(i int) {
		p, a, direction := n.newPass(1), n.newAdjoint(1), make([]float64, size)
		return func(i int) {
			if ctx.Err() != nil {
				return
			}
			direction[i] = 1
			p.run(about, direction)
			direction[i] = 0
			for k := range n.K {
				a.run(p, k)
				if i == 0 {
					q.Constant[k] = p.at(n.output, 0)[k]
					copy(q.Linear[k], a.at(n.input, 0))
				}
				if a.orders(n.input) > 1 {
					for j, v := range a.at(n.input, 1) {
						q.Products[k][i*size+j] = v / 2
					}
				}
			}
			if progress != nil {
				progress(int(done.Add(1)), size)
			}
		}
	})
	return q, ctx.Err()
}
