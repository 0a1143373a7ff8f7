package taylor

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/coarsegrain/taylornet/internal/stats"
	"github.com/coarsegrain/taylornet/spec"
)

// groups is the number of equal parts that the weights are cut into by size.
const groups = 5

// Distances is a study of second-order weights against the distance of the two
// inputs that they connect, after the paper's Fig. 3: over one polynomial or
// several, such as those of several seeds.
type Distances struct {
	Polynomials int
	// Excluded is the number of inputs of the first polynomial that are left out
	// because they are zero in every image, so that nothing is learned of their
	// weights.
	Excluded int
	Rows     []Distance // by distance, from 0: an input with itself
	// Correlation is Spearman's of |b_ij| and d_ij over the pairs of different
	// inputs and all logits.
	Correlation Interval
	// Adjusted is the same correlation after each input's own level is taken out:
	// of what is left of ln |b_ij| after the best fit u_i + u_j. Inputs near the border vary less, have smaller weights and are far from
	// others; this is what is left without that.
	Adjusted Interval
	// Slope is that of the mean of ln |b_ij| at a distance against the distance,
	// by least squares over the distances from 1, each weighted by its pairs: the
	// weights fall by a factor of e over -1/Slope pixels.
	Slope Interval
}

// Distance is the weights of the pairs of inputs at one distance, in pixels.
type Distance struct {
	Distance float64
	Pairs    int // of inputs, of the first polynomial; each has a weight for every logit
	// Mean is of |b_ij|; Quantiles those at 5, 25, 50, 75 and 95 % of |b_ij|
	// over all polynomials.
	Mean      Interval
	Quantiles [5]float64
	// Groups are the parts of this distance's weights that belong to each fifth
	// of all weights by size, L1 the largest to L5 the smallest. If weights knew
	// no distance each part would be a fifth, whatever the number of pairs.
	Groups [groups]Interval
	// Histogram counts |b_ij| over all polynomials in the bins of HistogramBin.
	Histogram [histogramBins]int
}

// Histograms have five bins a power of ten, from 1e-8 to 1e2.
const (
	histogramBins   = 50
	histogramLowest = -8
	binsPerTenfold  = 5
)

// HistogramBin is the lower end of a bin of Distance.Histogram. Smaller weights
// than the first are counted in it, larger than the last in that.
func HistogramBin(i int) float64 {
	return math.Pow(10, histogramLowest+float64(i)/binsPerTenfold)
}

// Interval is a mean over polynomials with its 95 % interval (Student's); of one
// polynomial the interval is NaN.
type Interval struct{ Mean, Low, High float64 }

// String writes the mean and the interval.
func (v Interval) String() string {
	if math.IsNaN(v.Low) {
		return fmt.Sprintf("%.3g", v.Mean)
	}
	return fmt.Sprintf("%.3g (%.3g to %.3g)", v.Mean, v.Low, v.High)
}

// newInterval returns the interval of the mean of values.
func newInterval(values []float64) Interval { return Interval(stats.Student(values)) }

// weight is one |b_ij|.
type weight struct {
	value float64
	row   int // its distance
	i, j  int
	logit int
}

// Weighed is a polynomial to study. Inputs that are not active are left out; nil
// means that all are.
type Weighed struct {
	*Quadratic
	Active []bool
}

// StudyDistances compares the second-order weights of polynomials of inputs of
// one shape with the inputs' distances on the lattice.
func StudyDistances(shape spec.Shape, list []Weighed) *Distances {
	d := &Distances{Polynomials: len(list)}
	n := shape.Size()
	rowOf := d.lattice(shape)
	means, parts := make([][]float64, len(d.Rows)), make([][groups][]float64, len(d.Rows))
	values := make([][]float64, len(d.Rows))
	var correlations, adjusted, slopes []float64
	for at, q := range list {
		active := func(i int) bool { return q.Active == nil || q.Active[i] }
		var all []weight
		for i := range n {
			if !active(i) {
				if at == 0 {
					d.Excluded++
				}
				continue
			}
			for j := i; j < n; j++ {
				if !active(j) {
					continue
				}
				row := rowOf(i, j)
				if at == 0 {
					d.Rows[row].Pairs++
				}
				for k := range q.Constant {
					all = append(all, weight{math.Abs(q.Pair(k, i, j)), row, i, j, k})
				}
			}
		}
		sortWeights(all)
		d.split(all, means, parts, values)
		correlations = append(correlations, spearman(all, d.Rows))
		slopes = append(slopes, d.slope(all))
		takeLevels(all, len(q.Constant), n)
		adjusted = append(adjusted, spearman(all, d.Rows))
	}
	d.Correlation, d.Adjusted, d.Slope = newInterval(correlations), newInterval(adjusted), newInterval(slopes)
	for r := range d.Rows {
		row := &d.Rows[r]
		if len(values[r]) == 0 {
			continue
		}
		row.Mean = newInterval(means[r])
		for g := range row.Groups {
			row.Groups[g] = newInterval(parts[r][g])
		}
		row.count(values[r])
	}
	d.Rows = slices.DeleteFunc(d.Rows, func(r Distance) bool { return r.Pairs == 0 })
	return d
}

// sortWeights puts the largest first.
func sortWeights(all []weight) {
	slices.SortFunc(all, func(a, b weight) int {
		return cmp.Or(cmp.Compare(b.value, a.value), cmp.Compare(a.row, b.row), cmp.Compare(a.i, b.i), cmp.Compare(a.j, b.j), cmp.Compare(a.logit, b.logit))
	})
}

// takeLevels makes the weights what is left of their logarithms without the levels
// u of both inputs, and sorts them anew: for each logit, ln |b_ij| = u_i + u_j is
// fitted by least squares over the pairs of different inputs. Zeros stay the
// smallest.
func takeLevels(all []weight, logits, n int) {
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

// lattice makes a row of every distance there is and returns a function that
// finds the row of two inputs.
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

// split adds what one polynomial's weights, the largest first, are at each
// distance.
func (d *Distances) split(all []weight, means [][]float64, parts [][groups][]float64, values [][]float64) {
	sums, counts := make([]float64, len(d.Rows)), make([]float64, len(d.Rows))
	in := make([][groups]float64, len(d.Rows))
	for rank, w := range all {
		sums[w.row] += w.value
		counts[w.row]++
		in[w.row][rank*groups/len(all)]++
		values[w.row] = append(values[w.row], w.value)
	}
	for r := range d.Rows {
		if counts[r] == 0 {
			continue
		}
		means[r] = append(means[r], sums[r]/counts[r])
		for g := range groups {
			parts[r][g] = append(parts[r][g], in[r][g]/counts[r])
		}
	}
}

// count sets the quantiles and the histogram.
func (r *Distance) count(values []float64) {
	slices.Sort(values)
	for i, part := range []float64{0.05, 0.25, 0.5, 0.75, 0.95} {
		r.Quantiles[i] = values[int(math.Round(part*float64(len(values)-1)))]
	}
	for _, v := range values {
		bin := 0
		if v > 0 {
			bin = int(math.Floor((math.Log10(v) - histogramLowest) * binsPerTenfold))
		}
		r.Histogram[min(max(bin, 0), histogramBins-1)]++
	}
}

// spearman is the rank correlation of weights, the largest first, with their
// distances, pairs of an input with itself aside. Equal ones share their ranks.
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

// slope fits the mean logarithms by distance.
func (d *Distances) slope(all []weight) float64 {
	sums, counts := make([]float64, len(d.Rows)), make([]float64, len(d.Rows))
	for _, w := range all {
		if w.value > 0 {
			sums[w.row] += math.Log(w.value)
			counts[w.row]++
		}
	}
	var total, x, y, xx, xy float64
	for r, row := range d.Rows {
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

// Falls reports whether weights fall with distance: whether the correlation is
// below zero, and below the control's, with its whole interval where there is
// one. The control, of shuffled pixels, may be nil.
func (d *Distances) Falls(control *Distances) bool {
	ends := func(v Interval) (low, high float64) {
		if math.IsNaN(v.Low) {
			return v.Mean, v.Mean
		}
		return v.Low, v.High
	}
	_, high := ends(d.Correlation)
	if control == nil {
		return high < 0
	}
	low, _ := ends(control.Correlation)
	return high < min(0, low)
}

// Text states the study's numbers, beside those of a control with the pixels
// shuffled, or nil.
func (d *Distances) Text(control *Distances) string {
	var b strings.Builder
	if d.Polynomials > 1 {
		fmt.Fprintf(&b, "Over %d polynomials (mean and 95 %% interval) the", d.Polynomials)
	} else {
		b.WriteString("The")
	}
	near, far := d.Rows[min(1, len(d.Rows)-1)], d.far()
	fmt.Fprintf(&b, " mean |b_ij| is %v for the %d pairs at distance %.3g and %v for the %d at %.3g.", near.Mean, near.Pairs, near.Distance, far.Mean, far.Pairs, far.Distance)
	fmt.Fprintf(&b, " Of the largest fifth of all weights (L1), %s of those at distance %.3g are part, and %s of those at %.3g; no dependence would be 20 %%.",
		part(near.Groups[0]), near.Distance, part(far.Groups[0]), far.Distance)
	fmt.Fprintf(&b, " The rank correlation of |b_ij| and d_ij is %v", d.Correlation)
	if control != nil {
		fmt.Fprintf(&b, "; with the pixels shuffled it is %v", control.Correlation)
	}
	fmt.Fprintf(&b, ". After each pixel's own level is taken out it is %v", d.Adjusted)
	if control != nil {
		fmt.Fprintf(&b, ", shuffled %v", control.Adjusted)
	}
	b.WriteString(". ")
	switch {
	case !d.Falls(control):
		b.WriteString("So these weights do not fall with distance.")
	case d.Slope.Mean < 0:
		fmt.Fprintf(&b, "So the weights fall with distance, on average by a factor of %.3g a pixel, but the correlation says how loosely.", math.Exp(-d.Slope.Mean))
	default:
		b.WriteString("So the weights' ranks fall with distance, but their mean logarithm does not.")
	}
	if d.Excluded > 0 {
		fmt.Fprintf(&b, " %d inputs that are zero in every training image are left out.", d.Excluded)
	}
	return b.String()
}

// far is the distance, three quarters of the way through the pairs, that stands
// for those far apart.
func (d *Distances) far() Distance {
	total := 0
	for _, r := range d.Rows {
		total += r.Pairs
	}
	seen := 0
	for _, r := range d.Rows {
		if seen += r.Pairs; 4*seen >= 3*total {
			return r
		}
	}
	return d.Rows[len(d.Rows)-1]
}

func part(v Interval) string {
	if math.IsNaN(v.Low) {
		return fmt.Sprintf("%.1f %%", 100*v.Mean)
	}
	return fmt.Sprintf("%.1f %% (%.1f to %.1f)", 100*v.Mean, 100*v.Low, 100*v.High)
}

// Records is the study as a table, one row a distance, with headings.
func (d *Distances) Records() [][]string {
	head := []string{"distance", "pairs", "mean", "mean_low", "mean_high", "q05", "q25", "q50", "q75", "q95"}
	for g := range groups {
		name := fmt.Sprintf("L%d", g+1)
		head = append(head, name, name+"_low", name+"_high")
	}
	for i := range histogramBins {
		head = append(head, fmt.Sprintf("from_%.3g", HistogramBin(i)))
	}
	number := func(v float64) string {
		if math.IsNaN(v) {
			return ""
		}
		return strconv.FormatFloat(v, 'g', 6, 64)
	}
	out := [][]string{head}
	for _, r := range d.Rows {
		row := []string{number(r.Distance), strconv.Itoa(r.Pairs), number(r.Mean.Mean), number(r.Mean.Low), number(r.Mean.High)}
		for _, q := range r.Quantiles {
			row = append(row, number(q))
		}
		for _, g := range r.Groups {
			row = append(row, number(g.Mean), number(g.Low), number(g.High))
		}
		for _, n := range r.Histogram {
			row = append(row, strconv.Itoa(n))
		}
		out = append(out, row)
	}
	return out
}
