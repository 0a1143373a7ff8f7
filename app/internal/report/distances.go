package report

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/coarsegrain/taylornet/internal/stats"
	"github.com/coarsegrain/taylornet/taylor"
)

// StudyText states in words what a study of second-order weights found.
func StudyText(s *taylor.Study) string {
	var b strings.Builder
	d, baseline := s.Weights, s.Shuffled
	if d.Polynomials > 1 {
		fmt.Fprintf(&b, "Over %d polynomials (mean and 95 %% interval), the", d.Polynomials)
	} else {
		b.WriteString("The")
	}
	near, far := d.Rows[min(1, len(d.Rows)-1)], farApart(d.Rows)
	fmt.Fprintf(&b, " mean |b_ij| is %v for the %d pairs at distance %.3g and %v for the %d at %.3g.",
		estimate(near.Mean), near.Pairs, near.Distance, estimate(far.Mean), far.Pairs, far.Distance)
	fmt.Fprintf(&b, " The largest fifth of all weights (L1) contains %s of those at distance %.3g and %s of those at %.3g. Without dependence on distance it would contain 20 %% of each.",
		share(near.Groups[0]), near.Distance, share(far.Groups[0]), far.Distance)
	fmt.Fprintf(&b, " The rank correlation of |b_ij| and d_ij is %v. With shuffled pixels it is %v.", estimate(d.Correlation), estimate(baseline.Correlation))
	fmt.Fprintf(&b, " Without each pixel's own level it is %v, and %v with shuffled pixels. ", estimate(d.Adjusted), estimate(baseline.Adjusted))
	switch {
	case !s.Falls():
		b.WriteString("So these weights do not fall with distance.")
	case d.Slope.Mean < 0:
		fmt.Fprintf(&b, "So the weights fall with distance, on average by a factor of %.3g per pixel. The correlation says how loosely.", math.Exp(-d.Slope.Mean))
	default:
		b.WriteString("So the weights' ranks fall with distance, but their mean logarithm does not.")
	}
	if d.Excluded > 0 {
		fmt.Fprintf(&b, " %d inputs that are zero in every training image are left out.", d.Excluded)
	}
	return b.String()
}

// farApart returns the distance, three quarters of the way through the pairs, that
// stands for those far apart.
func farApart(rows []taylor.Distance) taylor.Distance {
	total := 0
	for _, r := range rows {
		total += r.Pairs
	}
	seen := 0
	for _, r := range rows {
		if seen += r.Pairs; 4*seen >= 3*total {
			return r
		}
	}
	return rows[len(rows)-1]
}

// estimate writes a mean with its interval.
func estimate(v taylor.Interval) string {
	if math.IsNaN(v.Low) {
		return fmt.Sprintf("%.3g", v.Mean)
	}
	return fmt.Sprintf("%.3g (%.3g to %.3g)", v.Mean, v.Low, v.High)
}

// share writes a mean fraction with its interval in per cent.
func share(v taylor.Interval) string {
	if math.IsNaN(v.Low) {
		return fmt.Sprintf("%.1f %%", 100*v.Mean)
	}
	return fmt.Sprintf("%.1f %% (%.1f to %.1f)", 100*v.Mean, 100*v.Low, 100*v.High)
}

// DistanceRecords returns the weights by distance as a table with headings, one row per
// distance.
func DistanceRecords(d *taylor.Distances) [][]string {
	head := []string{"distance", "pairs", "mean", "mean_low", "mean_high", "q05", "q25", "q50", "q75", "q95"}
	for g := range d.Rows[0].Groups {
		name := fmt.Sprintf("L%d", g+1)
		head = append(head, name, name+"_low", name+"_high")
	}
	for i := range d.Rows[0].Histogram {
		head = append(head, fmt.Sprintf("from_%.3g", taylor.HistogramBin(i)))
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

// DistanceCharts draws a study of second-order weights against distance.
func DistanceCharts(s *taylor.Study) []NamedChart {
	rows := s.Weights.Rows
	distances := Axis{Label: "distance of the two pixels"}
	mean := Chart{Title: "Weights against distance", X: distances, Y: Axis{Label: "mean |b|", Log: true}}
	mean.Lines = []Line{meanLine("as they are", s.Weights), meanLine("pixels shuffled", s.Shuffled)}
	spread := Chart{Title: "The distribution at each distance", X: distances, Y: Axis{Label: "|b|", Log: true}}
	for i, name := range []string{"5 %", "25 %", "median", "75 %", "95 %"} {
		l := Line{Name: name}
		for _, r := range rows {
			if v := r.Quantiles[i]; v > 0 {
				l.X, l.Y = append(l.X, r.Distance), append(l.Y, v)
			}
		}
		spread.Lines = append(spread.Lines, l)
	}
	fifths := Chart{Title: "Share of each fifth of the weights", X: distances, Y: Axis{Label: "share of the weights at this distance (%)"}}
	for g := range rows[0].Groups {
		l := Line{Name: fmt.Sprintf("L%d", g+1)}
		for _, r := range rows {
			l.addInterval(r.Distance, stats.Interval(r.Groups[g]), 100)
		}
		fifths.Lines = append(fifths.Lines, l)
	}
	list := []NamedChart{
		{"weights", mean, "Mean size of the second-order weights by distance, with 95 % intervals over the random seeds if there are several."},
		{"distribution", spread, "Quantiles of the sizes at each distance."},
		{"fifths", fifths, "The weights, sorted by size, in five equal groups, L1 the largest: each group's share of the weights at a distance. If weights did not depend on distance, each would be 20 %."},
	}
	return slices.DeleteFunc(list, func(c NamedChart) bool {
		return !slices.ContainsFunc(c.Lines, func(l Line) bool { return len(l.X) > 0 })
	})
}

// meanLine leaves out what a logarithmic axis cannot show.
func meanLine(name string, d *taylor.Distances) Line {
	l := Line{Name: name}
	for _, r := range d.Rows {
		if v := r.Mean; v.Mean > 0 && !(v.Low <= 0) {
			l.addInterval(r.Distance, stats.Interval(v), 1)
		}
	}
	return l
}
