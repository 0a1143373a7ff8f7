package taylor

import (
	"context"
	"math"
	"slices"

	"github.com/coarsegrain/taylornet/spec"
)

// groups is the number of equal parts that the weights are cut into by size.
const groups = 5

// Distances are the second-order weights of one or several polynomials by the distance
// of the two inputs that they connect.
type Distances struct {
	Polynomials int
	// Excluded is the number of inputs left out, which are zero in every image: nothing
	// is learned about them. It is counted in the first polynomial.
	Excluded int
	Rows     []Distance // by distance, from 0: an input with itself
	// Correlation is Spearman's, of |b_ij| and d_ij over the pairs of different
	// inputs and all logits.
	Correlation Interval
	// Adjusted is the same correlation without each input's own level: of the
	// residuals of ln |b_ij| after the best fit u_i + u_j. Inputs near the border vary
	// less, have smaller weights and are far from others, which alone makes weights
	// fall with distance.
	Adjusted Interval
	// Slope is that of the mean of ln |b_ij| at a distance against the distance, by
	// least squares over the distances from 1, each weighted by its pairs. The
	// weights fall by a factor of e over -1/Slope pixels.
	Slope Interval
}

// Distance holds the weights of the pairs of inputs at one distance.
type Distance struct {
	Distance float64 // in pixels
	Pairs    int     // of inputs, in the first polynomial; each has a weight per logit
	// Mean is of |b_ij|. Quantiles are those of |b_ij| over all polynomials at 5, 25,
	// 50, 75 and 95 %.
	Mean      Interval
	Quantiles [5]float64
	// Groups are the fractions of this distance's weights that belong to each fifth
	// of all weights by size, from L1 the largest to L5 the smallest. If weights did
	// not depend on distance, each would be a fifth, whatever the number of pairs.
	Groups [5]Interval
	// Histogram counts |b_ij| over all polynomials in the bins of HistogramBin.
	Histogram [50]int
}

// Histograms have five bins per power of ten, from 1e-8 to 1e2.
const (
	histogramBins   = 50
	histogramLowest = -8
	binsPerTenfold  = 5
)

// HistogramBin returns the lower end of bin i of Distance.Histogram. Its first bin
// also counts all smaller weights, its last all larger ones.
func HistogramBin(i int) float64 {
	return math.Pow(10, histogramLowest+float64(i)/binsPerTenfold)
}

// collected holds, for each row, what the polynomials have there.
type collected struct {
	means  [][]float64         // [rows][polynomials]
	parts  [][groups][]float64 // [rows][groups][polynomials]
	values [][]float64         // [rows], of all polynomials
}

// studyDistances returns the second-order weights of polynomials of inputs of one
// shape by the inputs' distance on the lattice.
func studyDistances(ctx context.Context, shape spec.Shape, list []weighed) (*Distances, error) {
	d := &Distances{Polynomials: len(list)}
	n := shape.Size()
	rowOf := d.lattice(shape)
	rows := len(d.Rows)
	c := collected{make([][]float64, rows), make([][groups][]float64, rows), make([][]float64, rows)}
	var correlations, adjusted, slopes []float64
	var all []weight
	for at, q := range list {
		if err := interrupted(ctx); err != nil {
			return nil, err
		}
		all = q.weights(ctx, all[:0], n, rowOf)
		if at == 0 {
			d.countPairs(all, len(q.Constant))
			d.Excluded = q.excluded()
		}
		sortWeights(ctx, all)
		c.add(ctx, all, len(list))
		correlations = append(correlations, spearman(ctx, all, d.Rows))
		slopes = append(slopes, slope(ctx, all, d.Rows))
		subtractLevels(ctx, all, len(q.Constant), n)
		adjusted = append(adjusted, spearman(ctx, all, d.Rows))
	}
	if err := interrupted(ctx); err != nil {
		return nil, err
	}
	d.Correlation, d.Adjusted, d.Slope = newInterval(correlations), newInterval(adjusted), newInterval(slopes)
	d.summarise(&c)
	return d, nil
}

// finite reports whether every statistic is, but for the ends of intervals that there are
// not.
func (d *Distances) finite() bool {
	list := []Interval{d.Correlation, d.Adjusted, d.Slope}
	for _, r := range d.Rows {
		list = append(list, r.Mean)
		list = append(list, r.Groups[:]...)
	}
	for _, v := range list {
		if low, high := v.ends(); !finite([]float64{v.Mean, low, high}) {
			return false
		}
	}
	return true
}

// excluded returns the number of inputs that are not active.
func (w weighed) excluded() (n int) {
	for _, active := range w.Active {
		if !active {
			n++
		}
	}
	return n
}

// weights appends the weights of all pairs of n inputs of which both are active.
func (w weighed) weights(ctx context.Context, all []weight, n int, rowOf func(i, j int) int) []weight {
	var active []int
	for i := range n {
		if w.Active == nil || w.Active[i] {
			active = append(active, i)
		}
	}
	all = slices.Grow(all, len(active)*(len(active)+1)/2*len(w.Constant))
	b := brake{ctx: ctx}
	for at, i := range active {
		for _, j := range active[at:] {
			if b.ended(len(w.Constant)) {
				return nil
			}
			row := rowOf(i, j)
			for k := range w.Constant {
				all = append(all, newWeight(math.Abs(w.pair(k, i, j)), row, i, j, k))
			}
		}
	}
	return all
}

// countPairs counts the pairs of inputs at each distance.
func (d *Distances) countPairs(all []weight, logits int) {
	for i := 0; i < len(all); i += logits {
		d.Rows[all[i].row()].Pairs++
	}
}

// lattice makes a row for every distance there is, and returns a function that finds
// the row of two inputs.
func (d *Distances) lattice(shape spec.Shape) func(i, j int) int {
	square := func(y, x int) int { return y*y + x*x }
	var squares []int
	for y := range shape.H {
		for x := range shape.W {
			squares = append(squares, square(y, x))
		}
	}
	slices.Sort(squares)
	squares = slices.Compact(squares)
	row := make(map[int]int, len(squares))
	for r, s := range squares {
		row[s] = r
		d.Rows = append(d.Rows, Distance{Distance: math.Sqrt(float64(s))})
	}
	return func(i, j int) int {
		a, b := i/shape.C, j/shape.C
		return row[square(a/shape.W-b/shape.W, a%shape.W-b%shape.W)]
	}
}

// add collects the weights of one of so many polynomials, which are sorted, the largest
// first.
func (c *collected) add(ctx context.Context, all []weight, polynomials int) {
	sums, counts := make([]float64, len(c.means)), make([]float64, len(c.means))
	in := make([][groups]float64, len(c.means))
	for rank, w := range each(ctx, all) {
		sums[w.row()] += w.value
		counts[w.row()]++
		in[w.row()][rank*groups/len(all)]++
	}
	for r, n := range counts {
		if c.values[r] == nil {
			c.values[r] = make([]float64, 0, int(n)*polynomials)
		}
	}
	for _, w := range each(ctx, all) {
		c.values[w.row()] = append(c.values[w.row()], w.value)
	}
	for r, n := range counts {
		if n == 0 {
			continue
		}
		c.means[r] = append(c.means[r], sums[r]/n)
		for g := range groups {
			c.parts[r][g] = append(c.parts[r][g], in[r][g]/n)
		}
	}
}

// summarise sets the rows to what was collected, and drops those without pairs.
func (d *Distances) summarise(c *collected) {
	for r := range d.Rows {
		row := &d.Rows[r]
		if len(c.values[r]) == 0 {
			continue
		}
		row.Mean = newInterval(c.means[r])
		for g := range row.Groups {
			row.Groups[g] = newInterval(c.parts[r][g])
		}
		row.distribute(c.values[r])
	}
	d.Rows = slices.DeleteFunc(d.Rows, func(r Distance) bool { return r.Pairs == 0 })
}

// distribute sets the quantiles and the histogram.
func (r *Distance) distribute(values []float64) {
	slices.Sort(values)
	for i, fraction := range []float64{0.05, 0.25, 0.5, 0.75, 0.95} {
		r.Quantiles[i] = values[int(math.Round(fraction*float64(len(values)-1)))]
	}
	for _, v := range values {
		bin := 0
		if v > 0 {
			bin = int(math.Floor((math.Log10(v) - histogramLowest) * binsPerTenfold))
		}
		r.Histogram[min(max(bin, 0), histogramBins-1)]++
	}
}
