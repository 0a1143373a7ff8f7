package report

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"

	"github.com/coarsegrain/taylornet/distill"
	"github.com/coarsegrain/taylornet/internal/stats"
	"github.com/coarsegrain/taylornet/model"
)

// Distilled is what a page on a distillation tells of: the gallery.
type Distilled struct {
	Title   string
	Command string       // that repeats it
	Model   *model.Model // that classifies
	// Full is the accuracy of the whole network on the test images, 0 to 1; 0 if
	// it is not known.
	Full   float64
	Tested string // the test images, by name
	Leaves int    // training images that were distilled
	// Levels are those of the distillation, the one with most images first.
	Levels []DistilledLevel
}

// DistilledLevel is the references of one level and how they do. Only References
// and Test are required.
type DistilledLevel struct {
	References *distill.References
	Test       *distill.Evaluation
	Validation float64 // accuracy on the validation images, 0 to 1; 0 if there are none
	Controls   []distill.Control
	Retrained  []distill.Retrained
	// Transfer is the accuracies with the images embedded by other models, 0 to 1.
	Transfer []float64
}

// WriteDistilled writes the page, one HTML document. Equal inputs give equal
// bytes.
func WriteDistilled(w io.Writer, in Distilled) error {
	if err := in.validate(); err != nil {
		return fmt.Errorf("report: %w", err)
	}
	in.Title, in.Tested = cmp.Or(in.Title, "Distilled images"), cmp.Or(in.Tested, "the test images")
	p := &gallery{Distilled: &in, ByLevel: in.byLevel(), Retraining: in.retraining()}
	var err error
	if p.Curves, err = figures(in.Charts()); err != nil {
		return fmt.Errorf("report: %w", err)
	}
	for i := range in.Levels {
		shown, err := in.show(i)
		if err != nil {
			return fmt.Errorf("report: level %d: %w", i+1, err)
		}
		p.Shown = append(p.Shown, shown)
	}
	slices.Reverse(p.Shown) // the references before what they were made of
	return render(w, galleryPage, p)
}

// validate reports parts that do not belong together.
func (d *Distilled) validate() error {
	if d.Model == nil {
		return errors.New("there is no model")
	}
	if len(d.Levels) == 0 {
		return errors.New("there are no levels")
	}
	for i := range d.Levels {
		if err := d.Levels[i].validate(d.Model); err != nil {
			return fmt.Errorf("level %d: %w", i+1, err)
		}
	}
	return nil
}

func (l *DistilledLevel) validate(m *model.Model) error {
	r, e := l.References, l.Test
	if r == nil || r.Set == nil || len(r.Groups) == 0 {
		return errors.New("there are no references")
	}
	if e == nil {
		return errors.New("there is no evaluation of the references")
	}
	if err := m.CheckFits(r.Set); err != nil {
		return err
	}
	set, classes := r.Set, len(m.Classes())
	switch {
	case r.Len() < classes:
		return fmt.Errorf("there are %d references for %d classes", r.Len(), classes)
	case set.C != 1 && set.C != 3:
		return fmt.Errorf("references with %d channels are no pictures", set.C)
	case len(set.Pixels) != r.Len()*set.H*set.W*set.C:
		return fmt.Errorf("%d references of %dx%dx%d have %d values", r.Len(), set.H, set.W, set.C, len(set.Pixels))
	case int(slices.Max(set.Labels)) >= classes:
		return fmt.Errorf("a reference is of class %d of %d", slices.Max(set.Labels), classes)
	case len(e.ByReference) != classes:
		return fmt.Errorf("the counts by reference are of %d classes, the model knows %d", len(e.ByReference), classes)
	}
	for _, row := range e.ByReference {
		if len(row) != r.Len() {
			return fmt.Errorf("the counts by reference have a row of %d for %d references", len(row), r.Len())
		}
	}
	return checkConfusion(e.Confusion, classes)
}

// perClass is the number of images of a class.
func (l *DistilledLevel) perClass() int { return l.References.Len() / len(l.References.Set.Classes) }

// mean is that of accuracies with its interval, nil if there are none.
func mean(accuracies []float64) *stats.Interval {
	if len(accuracies) == 0 {
		return nil
	}
	v := stats.Student(accuracies)
	return &v
}

// known is an accuracy without an interval, nil if it is 0.
func known(accuracy float64) *stats.Interval {
	if accuracy == 0 {
		return nil
	}
	return mean([]float64{accuracy})
}

// control is the accuracy of a control, nil if the level has none of that name.
func (l *DistilledLevel) control(name string) *stats.Interval {
	for _, c := range l.Controls {
		if c.Name == name {
			return mean(c.Accuracies)
		}
	}
	return nil
}

// series is an accuracy by level: a column of the table or a line of the chart.
type series struct {
	name string
	at   func(l *DistilledLevel) *stats.Interval
}

// controls lists the controls of all levels.
func (d *Distilled) controls() []series {
	var list []series
	for _, l := range d.Levels {
		for _, c := range l.Controls {
			if !slices.ContainsFunc(list, func(s series) bool { return s.name == c.Name }) {
				list = append(list, series{c.Name, func(l *DistilledLevel) *stats.Interval { return l.control(c.Name) }})
			}
		}
	}
	return list
}

// Charts draws the accuracy by the number of images, if there are several levels:
// by the names of their files.
func (d *Distilled) Charts() []NamedChart {
	if len(d.Levels) < 2 {
		return nil
	}
	list := []series{{"references", func(l *DistilledLevel) *stats.Interval { return mean([]float64{l.Test.Accuracy()}) }}}
	list = append(list, d.controls()...)
	list = append(list, series{"the whole network", func(*DistilledLevel) *stats.Interval { return known(d.Full) }})
	c := Chart{Title: "Accuracy by number of images", X: Axis{Label: "images a class", Log: true, Whole: true}, Y: Axis{Label: "accuracy (%)"}}
	for _, s := range list {
		line := Line{Name: s.name}
		for i := range d.Levels {
			l := &d.Levels[i]
			if v := s.at(l); v != nil {
				if math.IsNaN(v.Low) { // all points of a line have an interval, or none
					v.Low, v.High = v.Mean, v.Mean
				}
				line.addInterval(float64(l.perClass()), *v, 100)
			}
		}
		if len(line.X) > 0 {
			c.Lines = append(c.Lines, line)
		}
	}
	return []NamedChart{{"levels", c, "The controls classify as the references do, with other images in their place; with 95\u00a0% intervals where images were drawn several times."}}
}

// accuracyTable is a table of accuracies.
type accuracyTable struct {
	Corner  string // what the rows are
	Columns []string
	Rows    []accuracyRow
}

type accuracyRow struct {
	Name     string
	PerClass int
	Cells    []*stats.Interval // nil where there is none
}

// byLevel has the controls beside the references. Columns without a figure are
// left out.
func (d *Distilled) byLevel() *accuracyTable {
	columns := []series{
		{"references", func(l *DistilledLevel) *stats.Interval {
			v := stats.Wilson(l.Test.Correct, l.Test.Total)
			return &v
		}},
	}
	columns = append(columns, d.controls()...)
	columns = append(columns,
		series{"embedded by other models", func(l *DistilledLevel) *stats.Interval { return mean(l.Transfer) }},
		series{"on validation images", func(l *DistilledLevel) *stats.Interval { return known(l.Validation) }})
	columns = slices.DeleteFunc(columns, func(s series) bool {
		return !slices.ContainsFunc(d.Levels, func(l DistilledLevel) bool { return s.at(&l) != nil })
	})
	t := &accuracyTable{Corner: "Level"}
	for _, s := range columns {
		t.Columns = append(t.Columns, s.name)
	}
	for i := range d.Levels {
		l := &d.Levels[i]
		row := accuracyRow{Name: Count(i + 1), PerClass: l.perClass()}
		for _, s := range columns {
			row.Cells = append(row.Cells, s.at(l))
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

// retraining is nil if no network was trained.
func (d *Distilled) retraining() *accuracyTable {
	t := &accuracyTable{Corner: "Network", Columns: []string{"distilled images", distill.RandomReal}}
	for i := range d.Levels {
		l := &d.Levels[i]
		for _, r := range l.Retrained {
			t.Rows = append(t.Rows, accuracyRow{r.Name, l.perClass(), []*stats.Interval{mean(r.Distilled), mean(r.Random)}})
		}
	}
	if len(t.Rows) == 0 {
		return nil
	}
	return t
}

// gallery is what the page shows.
type gallery struct {
	*Distilled
	ByLevel, Retraining *accuracyTable
	Curves              []figure
	Shown               []*shownLevel // the one with fewest images first
}

// Validated reports whether there are validation figures.
func (p *gallery) Validated() bool {
	return slices.ContainsFunc(p.Levels, func(l DistilledLevel) bool { return l.Validation != 0 })
}

// Figures are those at the top of the page.
func (p *gallery) Figures() []headline {
	last := &p.Levels[len(p.Levels)-1]
	r, e := last.References, last.Test
	list := []headline{
		{"References", Count(r.Len()), fmt.Sprintf("images, %s a class", Count(last.perClass()))},
		{"Test accuracy", percent(e.Accuracy()), interval(e.Correct, e.Total)},
	}
	if p.Full > 0 {
		list = append(list, headline{"The whole network", percent(p.Full), fmt.Sprintf("on the same %s test images", Count(e.Total))})
	}
	if p.Leaves > 0 {
		list = append(list, headline{"Training images", Count(p.Leaves), fmt.Sprintf("distilled, %s to a reference", Count(p.Leaves/r.Len()))})
	}
	return list
}
