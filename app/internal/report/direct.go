package report

import (
	"errors"
	"fmt"
	"io"

	"github.com/coarsegrain/taylornet/internal/stats"
	"github.com/coarsegrain/taylornet/taylor"
)

// Direct is the content of a page on direct Taylor expansions.
type Direct struct {
	Title   string
	Command string // that repeats it
	*taylor.DirectStudy
}

// Charts draws the accuracy by epoch and the study of distances, with the names of
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
		list = append(list, NamedChart{"accuracy", c, "These figures chose nothing: the weights of the last epoch are kept."})
	}
	if d.Study == nil {
		return list
	}
	return append(list, DistanceCharts(d.Study)...)
}

// WriteDirect writes the page, one HTML document. Equal inputs give equal bytes.
func WriteDirect(w io.Writer, in Direct) error {
	if in.DirectStudy == nil || len(in.Orders) == 0 {
		return errors.New("report: there are no orders")
	}
	p := &direct{Direct: &in}
	if in.Study != nil {
		p.Text = StudyText(in.Study)
	}
	var err error
	if p.Figures, err = figures(in.Charts()); err != nil {
		return fmt.Errorf("report: %w", err)
	}
	return render(w, directPage, p)
}

// direct is what the page shows.
type direct struct {
	*Direct
	Text    string // the study in words
	Figures []figure
}

// Accurate writes the mean accuracy of an order with its interval.
func (p *direct) Accurate(o taylor.DirectOrder) string {
	return Accuracy(stats.Student(o.TestAccuracies))
}

// Accuracy writes a mean accuracy, 0 to 1, with its interval in per cent.
func Accuracy(v stats.Interval) string {
	if ends := bounds(v); ends != "" {
		return fmt.Sprintf("%s (%s)", percent(v.Mean), ends)
	}
	return percent(v.Mean)
}
