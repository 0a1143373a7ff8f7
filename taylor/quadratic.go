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
// The products are symmetric. Pair(k, i, j) returns the b_ij of the sum over i <= j.
type Quadratic struct {
	Constant []float64   // [K]
	Linear   [][]float64 // [K][n]
	Products [][]float64 // [K][n*n]
}

// Pair returns the coefficient of d_i d_j in logit k.
func (q *Quadratic) Pair(k, i, j int) float64 {
	n := len(q.Linear[k])
	if i == j {
		return q.Products[k][i*n+i]
	}
	return q.Products[k][i*n+j] + q.Products[k][j*n+i]
}

// maxProducts bounds the second-order coefficients that are held at once, in memory of
// eight bytes each.
const maxProducts = 400_000_000

// Quadratic returns the constant, linear and second-order coefficients about a
// point [H,W,C]. The gradient along each input's direction is a series whose
// first power is a row of the second derivatives. progress, unless it is nil, is called
// with the number of inputs done, from several goroutines, or once if all products are
// zero. It returns ErrTooLarge if
// there are over 400 million coefficients, and ErrInterrupted when ctx ends. The error wraps
// tensor.ErrMemory if they do not fit, and model.ErrNotFinite if one overflows.
func (n *Net) Quadratic(ctx context.Context, about []float64, progress func(done, total int)) (*Quadratic, error) {
	size := n.Input.Size()
	if len(about) != size {
		return nil, fmt.Errorf("%w: %d values, it takes %d", model.ErrShape, len(about), size)
	}
	if size > maxProducts/size/n.K || n.K >= 1<<logitBits {
		return nil, fmt.Errorf("%w: %d inputs have %d products for each of %d logits, at most %d fit in all", ErrTooLarge, size, size*size, n.K, maxProducts)
	}
	if err := n.cost.check(n.cost.quadratic(0), fmt.Sprintf("the %d products of %d inputs for each of %d logits", size*(size+1)/2, size, n.K), "a smaller image"); err != nil {
		return nil, err
	}
	q := &Quadratic{Constant: make([]float64, n.K), Linear: matrix(n.K, size), Products: matrix(n.K, size*size)}
	if progress == nil {
		progress = func(int, int) {}
	}
	h := n.head()
	n.first(ctx, about, q, h)
	if n.Degree < 2 {
		progress(size, size)
	} else {
		n.second(ctx, about, q, h, progress)
	}
	if err := interrupted(ctx); err != nil {
		return nil, err
	}
	for k, products := range q.Products {
		if !finite(q.Constant[k:k+1]) || !finite(q.Linear[k]) || !finite(products) {
			return nil, fmt.Errorf("%w: its second order overflows", model.ErrNotFinite)
		}
	}
	return q, nil
}

// head is the end of a net in which the logits are affine in one value: their second
// derivatives are sums of those of the value's elements, which may be fewer.
type head struct {
	value, size int
	steps       []step      // that compute the value
	weights     [][]float64 // [K][size] the logits' derivatives to the value
}

// head returns the end with the smallest value, without its weights.
func (n *Net) head() *head {
	best := &head{value: n.output, size: n.K, steps: n.steps}
	for i, last := range slices.Backward(n.steps) {
		in := -1
		switch s := last.(type) {
		case *affine:
			in = s.in
		case *linear:
			in = s.in
		case *polynomial:
			if len(s.products) == 0 {
				in = s.in
			}
		}
		if in < 0 {
			break
		}
		if size := n.values[in].size; size < best.size {
			best = &head{value: in, size: size, steps: n.steps[:i]}
		}
	}
	return best
}

// first sets the orders 0 and 1, and the weights of the head.
func (n *Net) first(ctx context.Context, about []float64, q *Quadratic, h *head) {
	p, a := n.newPass(ctx, 0), n.newAdjoint(ctx, 0)
	p.run(about, nil)
	copy(q.Constant, p.at(n.output, 0))
	for k := range n.K {
		if a.run(p, k); ctx.Err() != nil {
			return
		}
		copy(q.Linear[k], a.at(n.input, 0))
		if h.value != n.output {
			h.weights = append(h.weights, slices.Clone(a.at(h.value, 0)))
		}
	}
}

// second sets the order 2.
func (n *Net) second(ctx context.Context, about []float64, q *Quadratic, h *head, progress func(done, total int)) {
	size := len(about)
	all := make([]int, size)
	for i := range all {
		all[i] = i
	}
	var done atomic.Int64
	workers := n.cost.workers(n.cost.shares()*float64(size), n.cost.pass(1)+n.cost.adjoint(1))
	n.rows(ctx, workers, about, all, func(i int, p *pass, a *adjoint) {
		part := make([]float64, size)
		for e := range h.size {
			if a.runFrom(p, h.value, e, h.steps); ctx.Err() != nil {
				return
			}
			if h.value == n.output {
				halves(q.Products[e][i*size:][:size], a)
				continue
			}
			halves(part, a)
			for k, products := range q.Products {
				for j, v := range part {
					products[i*size+j] += h.weights[k][e] * v
				}
			}
		}
		progress(int(done.Add(1)), size)
	})
}

// rows takes the line from about along each of some inputs through the net. It calls each
// with the result and an adjoint to go back with, from several goroutines; they are valid
// during the call only.
func (n *Net) rows(ctx context.Context, workers int, about []float64, inputs []int, each func(i int, p *pass, a *adjoint)) {
	parallel.Each(workers, len(inputs), func() func(i int) {
		p, a, direction := n.newPass(ctx, 1), n.newAdjoint(ctx, 1), make([]float64, len(about))
		return func(i int) {
			if ctx.Err() != nil {
				return
			}
			direction[inputs[i]] = 1
			p.run(about, direction)
			p.based = true
			direction[inputs[i]] = 0
			if ctx.Err() == nil {
				each(i, p, a)
			}
		}
	})
}

// halves writes half the second derivatives of an adjoint along an input.
func halves(row []float64, a *adjoint) {
	if a.orders(a.net.input) < 2 {
		return
	}
	for j, v := range a.at(a.net.input, 1) {
		row[j] = v / 2
	}
}

// Pair is what the product of two pixels, or of one with itself, contributes.
type Pair struct {
	Pixels [2][3]int `json:"pixels"` // row, column and channel of each
	Value  float64   `json:"value"`
}

// pairsAtOnce is the number of products that are compared at once.
const pairsAtOnce = 1 << 14

// Pairs returns the products of two inputs that contribute most, by their
// absolute value, to the second order of a logit: b_ij d_i d_j. It looks among
// the products with the inputs given, such as those with large attributions, and
// returns up to most of them, the largest first. It returns ErrInterrupted when ctx
// ends.
func (l *Line) Pairs(ctx context.Context, logit int, inputs []int, most int) ([]Pair, error) {
	n, size := l.net, len(l.direction)
	rows := make([][]float64, len(inputs))
	held := n.cost.pass(l.orders) + n.cost.explanation(l.orders) + pairInputs*perValue*float64(size)
	n.rows(ctx, n.cost.workers(held, n.cost.pass(1)+n.cost.adjoint(1)), l.about, inputs, func(i int, p *pass, a *adjoint) {
		rows[i] = make([]float64, size)
		a.run(p, logit)
		halves(rows[i], a)
	})
	if err := interrupted(ctx); err != nil {
		return nil, err
	}
	type product struct {
		i, j  int
		value float64
	}
	chosen := make(map[int]bool)
	var list []product
	largest := func() {
		slices.SortFunc(list, func(a, b product) int {
			return cmp.Or(cmp.Compare(math.Abs(b.value), math.Abs(a.value)), cmp.Compare(a.i, b.i), cmp.Compare(a.j, b.j))
		})
		list = list[:min(most, len(list))]
	}
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
				list = append(list, product{min(i, j), max(i, j), v})
			}
			if len(list) >= most+pairsAtOnce {
				largest()
			}
		}
	}
	largest()
	pixel := func(i int) [3]int { return [3]int{i / n.Input.C / n.Input.W, i / n.Input.C % n.Input.W, i % n.Input.C} }
	pairs := []Pair{}
	for _, p := range list {
		pairs = append(pairs, Pair{[2][3]int{pixel(p.i), pixel(p.j)}, p.value})
	}
	return pairs, nil
}
