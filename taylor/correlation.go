package taylor

import (
	"cmp"
	"math"
	"slices"

	"github.com/coarsegrain/taylornet/internal/stats"
)

// weight is one |b_ij|, or what is left of its logarithm without the inputs' levels.
type weight struct {
	value float64
	row   int // its distance
	i, j  int
	logit int
}

// sortWeights puts the largest first.
func sortWeights(all []weight) {
	slices.SortFunc(all, func(a, b weight) int {
		return cmp.Or(cmp.Compare(b.value, a.value), cmp.Compare(a.row, b.row), cmp.Compare(a.i, b.i), cmp.Compare(a.j, b.j), cmp.Compare(a.logit, b.logit))
	})
}

// subtractLevels replaces the weights by their logarithms without the levels u of
// both inputs, and sorts them again: for each logit, ln |b_ij| = u_i + u_j is fitted
// by least squares over the pairs of different inputs. Zeros remain the smallest.
func subtractLevels(all []weight, logits, n int) {
	sums, pairs := make([]float64, logits*n), make([]int, logits*n)
	for i := range all {
		w := &all[i]
		w.value = math.Log(w.value)
		if !math.IsInf(w.value, -1) && w.i != w.j {
			for _, input := range [2]int{w.i, w.j} {
				sums[w.logit*n+input] += w.value
				pairs[w.logit*n+input]++
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
	for i := range all {
		w := &all[i]
		w.value -= sums[w.logit*n+w.i] + sums[w.logit*n+w.j]
	}
	sortWeights(all)
}

// spearman returns the rank correlation of weights, the largest first, with their
// distances, without the pairs of an input with itself. Equal ones share their ranks.
func spearman(all []weight, rows []Distance) float64 {
	var different []weight
	for _, w := range all {
		if rows[w.row].Distance > 0 {
			different = append(different, w)
		}
	}
	ranks := func(equal func(a, b weight) bool, list []weight, set func(i int, rank float64)) {
		for first := 0; first < len(list); {
			end := first + 1
			for end < len(list) && equal(list[first], list[end]) {
				end++
			}
			for i := first; i < end; i++ {
				set(i, float64(first+end-1)/2)
			}
			first = end
		}
	}
	n := len(different)
	x, y := make([]float64, n), make([]float64, n)
	ranks(func(a, b weight) bool { return a.value == b.value }, different, func(i int, rank float64) { x[i] = -rank })
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(different[a].row, different[b].row) })
	byDistance := make([]weight, n)
	for i, at := range order {
		byDistance[i] = different[at]
	}
	ranks(func(a, b weight) bool { return a.row == b.row }, byDistance, func(i int, rank float64) { y[order[i]] = rank })
	return correlation(x, y)
}

// correlation returns Pearson's, 0 if x or y do not vary.
func correlation(x, y []float64) float64 {
	var mx, my stats.Moments
	for i := range x {
		mx.Add(x[i])
		my.Add(y[i])
	}
	var product float64
	for i := range x {
		product += (x[i] - mx.Mean) * (y[i] - my.Mean)
	}
	if mx.Squares == 0 || my.Squares == 0 {
		return 0
	}
	return product / math.Sqrt(mx.Squares*my.Squares)
}

// slope returns that of the mean logarithms of weights against distance.
func slope(all []weight, rows []Distance) float64 {
	sums, counts := make([]float64, len(rows)), make([]float64, len(rows))
	for _, w := range all {
		if w.value > 0 {
			sums[w.row] += math.Log(w.value)
			counts[w.row]++
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
