package report

import (
	"errors"
	"fmt"
	"io"
	"math"
	"slices"

	"github.com/coarsegrain/taylornet/internal/stats"
	"github.com/coarsegrain/taylornet/taylor"
)

// Direct is what a page on direct Taylor expansions tells of.
type Direct struct {
	Title   string
	Command string // that repeats it
	Orders  []DirectOrder
	// Study is of the second-order weights against distance, and Control the same
	// with the pixels shuffled; both may be nil.
	Study, Control *taylor.Distances
}

// DirectOrder is the expansions of one order, of several seeds.
type DirectOrder struct {
	Order        int
	Coefficients int            // a class
	Accuracy     stats.Interval // on the test images, after the last epoch, 0 to 1
	Curve        []float64      // by epoch, the mean over the seeds, 0 to 1
	Seconds      float64        // of training, the mean over the seeds
}

// Charts draws the accuracy by epoch and the study of distances: by the names of
// their files.
func (d *Direct) Charts() []NamedChart {
	var list []NamedChart
	if len(d.Orders) > 0 && len(d.Orders[0].Curve) > 0 {
		c := Chart{Title: "Test accuracy by epoch and order", X: Axis{Label: "epoch", Whole: true}, Y: Axis{Label: "accuracy (%)"}}
		for _, o := range d.Orders {
			l := Line{Name: fmt.Sprintf("order %d", o.Order)}
			for i, v := range o.Curve {
				l.X, l.Y = append(l.X, float64(i+1)), append(l.Y, 100*v)
			}
			c.Lines = append(c.Lines, l)
		}
		list = append(list, NamedChart{"accuracy", c, "Nothing was chosen by these figures: the last epoch is what is kept."})
	}
	if d.Study == nil {
		return list
	}
	return append(list, DistanceCharts(d.Study, d.Control)...)
}

// NamedChart is a chart with a name for its file and a caption.
type NamedChart struct {
	Name string
	Chart
	Caption string
}

// DistanceCharts draws a study of second-order weights against distance, beside a
// control or nil.
func DistanceCharts(study, control *taylor.Distances) []NamedChart {
	distances := Axis{Label: "distance of the two pixels"}
	mean := Chart{Title: "Weights against distance", X: distances, Y: Axis{Label: "mean |b|", Log: true}}
	mean.Lines = append(mean.Lines, meanLine("as they are", study))
	if control != nil {
		mean.Lines = append(mean.Lines, meanLine("pixels shuffled", control))
	}
	spread := Chart{Title: "The distribution at each distance", X: distances, Y: Axis{Label: "|b|", Log: true}}
	for i, name := range []string{"5 %", "25 %", "median", "75 %", "95 %"} {
		l := Line{Name: name}
		for _, r := range study.Rows {
			l.add(r.Distance, r.Quantiles[i])
		}
		spread.Lines = append(spread.Lines, l)
	}
	fifths := Chart{Title: "Share of each fifth of the weights", X: distances, Y: Axis{Label: "share of the weights at this distance (%)"}}
	for g := range study.Rows[0].Groups {
		l := Line{Name: fmt.Sprintf("L%d", g+1)}
		for _, r := range study.Rows {
			l.addInterval(r.Distance, stats.Interval(r.Groups[g]), 100)
		}
		fifths.Lines = append(fifths.Lines, l)
	}
	list := []NamedChart{
		{"weights", mean, "Mean size of the second-order weights by distance, with 95 % intervals over the seeds where there are several."},
		{"distribution", spread, "Quantiles of the sizes at each distance."},
		{"fifths", fifths, "The weights, sorted by size, in five equal groups, L1 the largest: each group's share of the weights at a distance. Without a dependence each would be 20 %."},
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

func (l *Line) add(x, y float64) {
	if y > 0 {
		l.X, l.Y = append(l.X, x), append(l.Y, y)
	}
}

func (l *Line) addInterval(x float64, v stats.Interval, scale float64) {
	l.X, l.Y = append(l.X, x), append(l.Y, scale*v.Mean)
	if !math.IsNaN(v.Low) {
		l.Low, l.High = append(l.Low, scale*v.Low), append(l.High, scale*v.High)
	}
}

// WriteDirect writes the page, one HTML document. Equal inputs give equal bytes.
func WriteDirect(w io.Writer, in Direct) error {
	if len(in.Orders) == 0 {
		return errors.New("report: there are no orders")
	}
	p := &direct{Direct: &in}
	var err error
	if p.Figures, err = figures(in.Charts()); err != nil {
		return fmt.Errorf("report: %w", err)
	}
	return render(w, directPage, p)
}

// figures are charts for a page.
func figures(charts []NamedChart) ([]figure, error) {
	var list []figure
	for _, c := range charts {
		svg, err := c.inline(c.Title)
		if err != nil {
			return nil, err
		}
		list = append(list, figure{svg, c.Caption})
	}
	return list, nil
}

// direct is what the page shows.
type direct struct {
	*Direct
	Figures []figure
}

// Text is the study in words.
func (p *direct) Text() string {
	if p.Study == nil {
		return ""
	}
	return p.Study.Text(p.Control)
}

// Accurate writes an accuracy with its interval.
func (p *direct) Accurate(v stats.Interval) string { return Accuracy(v) }

// Accuracy writes a mean accuracy with its interval in per cent.
func Accuracy(v stats.Interval) string {
	if ends := bounds(v); ends != "" {
		return fmt.Sprintf("%s (%s)", percent(v.Mean), ends)
	}
	return percent(v.Mean)
}
