package taylor

import (
	"cmp"
	"context"
	"iter"
	"math"
	"slices"

	"github.com/coarsegrain/taylornet/internal/stats"
)

// weight is one |b_ij|, or what is left of its logarithm without the inputs' levels. There
// are as many as products, so it is short: its distance's row, its inputs i and j and its
// logit are the digits of one number.
type weight struct {
	value float64
	place uint64
}

// The bits of a weight's place. maxProducts bounds the inputs to 20,000 and, since it is
// also a bound on the logits of one input, the logits to what is left.
const (
	inputBits = 15
	logitBits = 64 - 3*inputBits
)

func newWeight(value float64, row, i, j, logit int) weight {
	return weight{value, ((uint64(row)<<inputBits|uint64(i))<<inputBits|uint64(j))<<logitBits | uint64(logit)}
}

// input returns the digit that begins at a bit.
func (w weight) input(at int) int { return int(w.place >> at & (1<<inputBits - 1)) }

func (w weight) row() int   { return w.input(logitBits + 2*inputBits) }
func (w weight) i() int     { return w.input(logitBits + inputBits) }
func (w weight) j() int     { return w.input(logitBits) }
func (w weight) logit() int { return int(w.place & (1<<logitBits - 1)) }

// each yields weights with their places in the list until the context ends.
func each(ctx context.Context, all []weight) iter.Seq2[int, *weight] {
	return func(yield func(int, *weight) bool) {
		b := brake{ctx: ctx}
		for i := range all {
			if b.ended(1) || !yield(i, &all[i]) {
				return
			}
		}
	}
}

// sortedAtOnce is the number of weights that are sorted between two looks at the context.
const sortedAtOnce = 1 << 18

// sortWeights puts the largest first, unless the context ends.
func sortWeights(ctx context.Context, all []weight) {
	compare := func(a, b weight) int { return cmp.Or(cmp.Compare(b.value, a.value), cmp.Compare(a.place, b.place)) }
	for len(all) > sortedAtOnce && ctx.Err() == nil {
		// The middle of some that are spread over the list, so that no order is slow.
		var sample [63]weight
		for i := range sample {
			sample[i] = all[i*(len(all)/len(sample))]
		}
		slices.SortFunc(sample[:], compare)
		middle, first := sample[len(sample)/2], 0
		for i, w := range all {
			if compare(w, middle) < 0 {
				all[first], all[i] = w, all[first]
				first++
			}
		}
		sortWeights(ctx, all[:first])
		all = all[first:]
	}
	if ctx.Err() == nil {
		slices.SortFunc(all, compare)
	}
}

// subtractLevels replaces the weights by their logarithms without the levels u of
// both inputs, and sorts them again: for each logit, ln |b_ij| = u_i + u_j is fitted
// by least squares over the pairs of different inputs. Zeros remain the smallest.
func subtractLevels(ctx context.Context, all []weight, logits, n int) {
	sums, pairs := make([]float64, logits*n), make([]int, logits*n)
	for _, w := range each(ctx, all) {
		w.value = math.Log(w.value)
		if i, j := w.i(), w.j(); !math.IsInf(w.value, -1) && i != j {
			for _, input := range [2]int{i, j} {
				sums[w.logit()*n+input] += w.value
				pairs[w.logit()*n+input]++
			}
		}
	}
	for k := range logits {
		// With m inputs the sum over an input's pairs is (m-2) u_i + S, and S, the
		// sum of all u, is the sum of those over 2(m-1).
		var all, m float64
		for i, v := range sums[k*n:][:n] {
			if pairs[k*n+i] > 0 {
				all += v
				m++
			}
		}
		for i := range n {
			if m > 2 {
				sums[k*n+i] = (sums[k*n+i] - all/(2*(m-1))) / (m - 2)
			} else {
				sums[k*n+i] = 0
			}
		}
	}
	for _, w := range each(ctx, all) {
		w.value -= sums[w.logit()*n+w.i()] + sums[w.logit()*n+w.j()]
	}
	sortWeights(ctx, all)
}

// spearman returns the rank correlation of weights, the largest first, with their
// distances, without the pairs of an input with itself. Equal ones share their ranks.
func spearman(ctx context.Context, all []weight, rows []Distance) float64 {
	// By row, first the number of its weights, then their rank.
	ranks := make([]float64, len(rows))
	for _, w := range each(ctx, all) {
		ranks[w.row()]++
	}
	before := 0.0
	for r, n := range ranks {
		if rows[r].Distance > 0 {
			ranks[r] = (before + before + n - 1) / 2
			before += n
		}
	}
	// The ranks of the weights are not kept either.
	return correlation(func(yield func(x, y float64) bool) {
		first, end := 0, 0 // of equal weights, among those of different inputs
		from := 0          // where the next ones begin
		for i, w := range each(ctx, all) {
			if i == from {
				first = end
				for from < len(all) && all[from].value == w.value {
					if rows[all[from].row()].Distance > 0 {
						end++
					}
					from++
				}
			}
			if rows[w.row()].Distance > 0 && !yield(-float64(first+end-1)/2, ranks[w.row()]) {
				return
			}
		}
	})
}

// correlation returns Pearson's of pairs x and y that it reads twice, 0 if x or y do not
// vary.
func correlation(pairs iter.Seq2[float64, float64]) float64 {
	var mx, my stats.Moments
	for x, y := range pairs {
		mx.Add(x)
		my.Add(y)
	}
	var product float64
	for x, y := range pairs {
		product += (x - mx.Mean) * (y - my.Mean)
	}
	if mx.Squares == 0 || my.Squares == 0 {
		return 0
	}
	return product / math.Sqrt(mx.Squares*my.Squares)
}

// slope returns that of the mean logarithms of weights against distance.
func slope(ctx context.Context, all []weight, rows []Distance) float64 {
	sums, counts := make([]float64, len(rows)), make([]float64, len(rows))
	for _, w := range each(ctx, all) {
		if w.value > 0 {
			sums[w.row()] += math.Log(w.value)
			counts[w.row()]++
		}
	}
	var total, x, y, xx, xy float64
	for r, row := range rows {
		if n := counts[r]; row.Distance > 0 && n > 0 {
			total += n
			x += n * row.Distance
			y += sums[r]
			xx += n * row.Distance * row.Distance
			xy += row.Distance * sums[r]
		}
	}
	if spread := total*xx - x*x; spread > 0 {
		return (total*xy - x*y) / spread
	}
	return 0
}
