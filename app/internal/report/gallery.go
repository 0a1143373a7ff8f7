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

// Distilled is what the page on a distillation, the gallery, is made from.
type Distilled struct {
	Title   string
	Command string       // that repeats it
	Model   *model.Model // that classifies
	// Assessment has the levels, the one with most images first. Only their references
	// and evaluations are required; a FullAccuracy of 0 is not known.
	*distill.Assessment
}

// WriteDistilled writes the page, one HTML document. Equal inputs give equal
// bytes.
func WriteDistilled(w io.Writer, in Distilled) error {
	if err := in.validate(); err != nil {
		return fmt.Errorf("report: %w", err)
	}
	in.Title = cmp.Or(in.Title, "Distilled images")
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

// validate returns an error about parts that do not belong together.
func (d *Distilled) validate() error {
	if d.Model == nil {
		return errors.New("there is no model")
	}
	if d.Assessment == nil || len(d.Levels) == 0 {
		return errors.New("there are no levels")
	}
	for i := range d.Levels {
		if err := validateLevel(&d.Levels[i], d.Model); err != nil {
			return fmt.Errorf("level %d: %w", i+1, err)
		}
	}
	return nil
}

// validateLevel returns an error about parts of a level that do not belong together.
func validateLevel(l *distill.LevelAssessment, m *model.Model) error {
	r, e := l.References, l.Evaluation
	if r == nil || r.Set == nil || len(r.Groups) == 0 {
		return errors.New("there are no references")
	}
	if e == nil {
		return errors.New("there is no evaluation of the references")
	}
	for _, label := range r.Set.Labels {
		if most := len(m.Classes()); int(label) >= most {
			return fmt.Errorf("a reference is of class %d of %d", label, most)
		}
	}
	if err := m.CheckFits(r.Set); err != nil {
		return err
	}
	set, classes := r.Set, len(r.Set.Classes)
	switch {
	case r.Len() < classes:
		return fmt.Errorf("there are %d references for %d classes", r.Len(), classes)
	case set.C != 1 && set.C != 3:
		return fmt.Errorf("references with %d channels are not pictures", set.C)
	case len(set.Pixels) != r.Len()*set.H*set.W*set.C:
		return fmt.Errorf("%d references of %dx%dx%d have %d values", r.Len(), set.H, set.W, set.C, len(set.Pixels))
	case len(e.ByReference) != classes:
		return fmt.Errorf("the counts by reference are of %d classes, the references of %d", len(e.ByReference), classes)
	}
	for _, row := range e.ByReference {
		if len(row) != r.Len() {
			return fmt.Errorf("the counts by reference have a row of %d for %d references", len(row), r.Len())
		}
	}
	return checkConfusion(e.Confusion, classes)
}

// known returns an accuracy without an interval, nil if it was not measured.
func known(accuracy *float64) *stats.Interval {
	if accuracy == nil {
		return nil
	}
	return mean([]float64{*accuracy})
}

// mean returns the mean of accuracies with its interval, nil if there are none.
func mean(accuracies []float64) *stats.Interval {
	if len(accuracies) == 0 {
		return nil
	}
	v := stats.Student(accuracies)
	return &v
}

// full returns the accuracy of the whole network, nil if it is not known.
func (d *Distilled) full() *stats.Interval {
	if d.FullAccuracy == 0 {
		return nil
	}
	return known(&d.FullAccuracy)
}

// TestName names the images that are classified.
func (d *Distilled) TestName() string { return cmp.Or(d.Test, "the test images") }

// series is an accuracy by level: a column of the table or a line of the chart.
type series struct {
	name string
	at   func(l *distill.LevelAssessment) *stats.Interval
}

const randomReal = "random real images"

// baselines lists the images that may take the references' place.
func baselines() []series {
	type level = distill.LevelAssessment
	return []series{
		{randomReal, func(l *level) *stats.Interval { return mean(l.RandomRealDraws) }},
		{"medoids", func(l *level) *stats.Interval { return known(l.Medoid) }},
		{"k-means centres", func(l *level) *stats.Interval { return known(l.KMeans) }},
		{"class means", func(l *level) *stats.Interval { return known(l.ClassMean) }},
	}
}

// Charts returns the chart of accuracy by number of images, if there are several levels.
func (d *Distilled) Charts() []NamedChart {
	if len(d.Levels) < 2 {
		return nil
	}
	list := []series{{"references", func(l *distill.LevelAssessment) *stats.Interval { return known(&l.Evaluation.Accuracy) }}}
	list = append(list, baselines()...)
	list = append(list, series{"the whole network", func(*distill.LevelAssessment) *stats.Interval { return d.full() }})
	c := Chart{Title: "Accuracy by number of images", X: Axis{Label: "images per class", Log: true, Whole: true}, Y: Axis{Label: "accuracy (%)"}}
	for _, s := range list {
		line := Line{Name: s.name}
		for i := range d.Levels {
			l := &d.Levels[i]
			if v := s.at(l); v != nil {
				if math.IsNaN(v.Low) { // all points of a line have an interval, or none
					v.Low, v.High = v.Mean, v.Mean
				}
				line.addInterval(float64(l.References.PerClass()), *v, 100)
			}
		}
		if len(line.X) > 0 {
			c.Lines = append(c.Lines, line)
		}
	}
	return []NamedChart{{"levels", c, "The baselines are other images in the place of the references. Bars are 95\u00a0% intervals of images that were drawn several times."}}
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

// byLevel returns the table of the references and the baselines. Columns without a
// figure are left out.
func (d *Distilled) byLevel() *accuracyTable {
	columns := []series{
		{"references", func(l *distill.LevelAssessment) *stats.Interval {
			v := stats.Wilson(l.Evaluation.Correct, l.Evaluation.Total)
			return &v
		}},
	}
	columns = append(columns, baselines()...)
	columns = append(columns,
		series{"embedded by other models", func(l *distill.LevelAssessment) *stats.Interval { return mean(l.Others) }},
		series{"on validation images", func(l *distill.LevelAssessment) *stats.Interval { return known(l.ValidationAccuracy) }})
	columns = slices.DeleteFunc(columns, func(s series) bool {
		return !slices.ContainsFunc(d.Levels, func(l distill.LevelAssessment) bool { return s.at(&l) != nil })
	})
	t := &accuracyTable{Corner: "Level"}
	for _, s := range columns {
		t.Columns = append(t.Columns, s.name)
	}
	for i := range d.Levels {
		l := &d.Levels[i]
		row := accuracyRow{Name: Count(i + 1), PerClass: l.References.PerClass()}
		for _, s := range columns {
			row.Cells = append(row.Cells, s.at(l))
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

// retraining returns the table of fresh networks, nil if none was trained.
func (d *Distilled) retraining() *accuracyTable {
	t := &accuracyTable{Corner: "Network", Columns: []string{"distilled images", randomReal}}
	for i := range d.Levels {
		l := &d.Levels[i]
		for _, r := range l.Retrained {
			t.Rows = append(t.Rows, accuracyRow{r.Name, l.References.PerClass(), []*stats.Interval{mean(r.Distilled), mean(r.Random)}})
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
	return slices.ContainsFunc(p.Levels, func(l distill.LevelAssessment) bool { return l.ValidationAccuracy != nil })
}

// Figures returns the figures at the top of the page.
func (p *gallery) Figures() []headline {
	last := &p.Levels[len(p.Levels)-1]
	r, e := last.References, last.Evaluation
	list := []headline{
		{"References", Count(r.Len()), fmt.Sprintf("images, %s per class", Count(r.PerClass()))},
		{"Test accuracy", percent(e.Accuracy), interval(e.Correct, e.Total)},
	}
	if p.FullAccuracy > 0 {
		list = append(list, headline{"The whole network", percent(p.FullAccuracy), fmt.Sprintf("on the same %s test images", Count(e.Total))})
	}
	if p.Leaves > 0 {
		list = append(list, headline{"Training images", Count(p.Leaves), fmt.Sprintf("distilled, %s to a reference", Count(p.Leaves/r.Len()))})
	}
	return list
}
