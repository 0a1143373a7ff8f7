package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/coarsegrain/taylornet/app/internal/report"
	"github.com/coarsegrain/taylornet/dataset"
	"github.com/coarsegrain/taylornet/internal/memory"
	"github.com/coarsegrain/taylornet/model"
	"github.com/coarsegrain/taylornet/taylor"
	"github.com/coarsegrain/taylornet/train"
)

func (f *evalFlags) checkOrders() error {
	switch {
	case f.orders < 0 || f.orders > taylor.MaxOrders:
		return usagef("--orders %d: want 1 to %d", f.orders, taylor.MaxOrders)
	case f.orders > 0 && f.mirror:
		return usagef("--orders %d and --mirror do not go together: the orders are those of one image", f.orders)
	case f.orders == 0 && cmp.Or(f.out, f.control) != "":
		return usagef("--out and --control are about orders: say with --orders how many")
	}
	return nil
}

// evaluatedOrders is a study of the orders of a model.
type evaluatedOrders struct {
	*taylor.OrderStudy
	Control *evaluatedControl `json:"control,omitempty"`
	Charts  []string          `json:"charts,omitempty"` // files
}

// evaluatedControl is the same of the model that it is compared with.
type evaluatedControl struct {
	Model    string  `json:"model"`
	Accuracy float64 `json:"accuracy"`
	*taylor.OrderStudy
}

// evalOrders studies the orders of a model, named arg, on images of the data, and of its
// control, and draws both. It is nil if that is not asked for.
func (a *app) evalOrders(ctx context.Context, arg string, m *model.Model, data *dataset.Data, set *dataset.Set, f *evalFlags) (*evaluatedOrders, error) {
	if f.orders == 0 {
		return nil, nil
	}
	control, err := a.loadControl(m, data, set, f)
	if err != nil {
		return nil, fmt.Errorf("--control: %w", err)
	}
	out := &evaluatedOrders{}
	if out.OrderStudy, err = a.studyOrders(ctx, m, set, f.orders); err != nil {
		return nil, fmt.Errorf("--orders: %w", err)
	}
	charted := []report.Orders{{Name: legend(arg), OrderStudy: out.OrderStudy}}
	if control != nil {
		if out.Control, err = a.evalControl(ctx, control, set, f); err != nil {
			return nil, fmt.Errorf("--control: %w", err)
		}
		charted = append(charted, report.Orders{Name: legend(f.control), OrderStudy: out.Control.OrderStudy})
	}
	if f.out == "" {
		return out, nil
	}
	if err := makeDir(f.out); err != nil {
		return nil, err
	}
	for _, c := range report.OrderCharts(charted...) {
		if err := writeChart(f.out, c); err != nil {
			return nil, err
		}
		out.Charts = append(out.Charts, filepath.Join(f.out, c.Name+".svg"))
	}
	return out, nil
}

// legend returns the name of a model for a chart.
func legend(arg string) string {
	return strings.TrimSuffix(arg, filepath.Ext(train.ModelFile))
}

func (a *app) studyOrders(ctx context.Context, m *model.Model, set *dataset.Set, orders int) (*taylor.OrderStudy, error) {
	progress, done := a.progress("orders", set.Len())
	defer done()
	return taylor.StudyOrders(ctx, m, set.All(), taylor.OrderOptions{Orders: orders, Progress: progress})
}

// loadControl returns the control of a model, nil if none is asked for. It must fit the
// images that the model is measured on, and not have learned them.
func (a *app) loadControl(m *model.Model, data *dataset.Data, set *dataset.Set, f *evalFlags) (*model.Model, error) {
	if f.control == "" {
		return nil, nil
	}
	control, err := a.loadModel(f.control, model.Options{Engine: a.engine.Engine})
	if err != nil {
		return nil, err
	}
	its, own := train.ReadRecord(control).Config, train.ReadRecord(m).Config
	differs := its.Seed != own.Seed || its.Validation != own.Validation
	if f.split == "validation" && own.Validation > 0 && differs && train.TrainedOn(control, data) {
		return nil, errors.New("it learned images that are validation images of the model: give one that was trained with the same seed")
	}
	held := data.Bytes() + memory.Of[float32](float64(m.Net().NumParams()))
	return control.Within(a.left(held)), control.CheckFits(set)
}

// evalControl evaluates the control of a model on the same images.
func (a *app) evalControl(ctx context.Context, control *model.Model, set *dataset.Set, f *evalFlags) (*evaluatedControl, error) {
	e, err := control.Evaluate(ctx, set.All())
	if err != nil {
		return nil, err
	}
	study, err := a.studyOrders(ctx, control, set, f.orders)
	return &evaluatedControl{f.control, e.Accuracy(), study}, err
}

// writeOrders writes a study of orders, that of the control, and where the charts are.
func (a *app) writeOrders(out *evaluatedOrders, e *model.Evaluation, classes []string) {
	a.writeStudy(out.OrderStudy, e.Accuracy())
	a.writeMargins(out.OrderStudy, classes)
	if c := out.Control; c != nil {
		a.printf("\nThe control %s:\n", c.Model)
		a.writeStudy(c.OrderStudy, c.Accuracy)
	}
	if len(out.Charts) > 0 {
		a.printf("\ncharts  %s\n", strings.Join(out.Charts, "  "))
	}
}

// writeStudy writes the accuracy of each partial sum beside that of the network, and what
// each order carries.
func (a *app) writeStudy(s *taylor.OrderStudy, accuracy float64) {
	a.printf("\n")
	headings := []string{">order", ">right up to it"}
	if c := s.Cancellation; c != nil {
		headings = append(headings, ">of "+plural(c.Images, "image"), ">mean size", ">part of the margin")
	}
	t := newTable(headings...)
	for k := range max(len(s.Partial), len(s.Orders)) {
		cells := []string{fmt.Sprint(k), "-"}
		if k < len(s.Partial) {
			cells[1] = percent(s.Partial[k].Accuracy)
		}
		if s.Orders != nil {
			o := s.Orders[k]
			cells = append(cells, percent(o.Accuracy), fmt.Sprintf("%.3g", o.Size), percent(o.Margin))
		}
		t.add(cells...)
	}
	t.add("all", percent(accuracy))
	t.write(a.out)
	if c := s.Cancellation; c != nil {
		a.printf("\nThe last three columns are of %s, spread evenly.\nThere the orders' sizes add up to %.3g times the largest logit, at worst %.3g times.\n", plural(c.Images, "image"), c.Median, c.Worst)
	}
	if s.Note != "" {
		a.printf("\n%s\n", s.Note)
	}
}

// writeMargins writes what the orders up to the highest asked for add to the margin of each
// class, and what the others do together.
func (a *app) writeMargins(s *taylor.OrderStudy, classes []string) {
	if s.Orders == nil || s.Orders[0].ByClass == nil {
		return
	}
	headings := []string{"answer"}
	for k := range s.Partial {
		headings = append(headings, fmt.Sprintf(">order %d", k))
	}
	if len(s.Orders) > len(s.Partial) {
		headings = append(headings, ">higher")
	}
	t := newTable(headings...)
	for c, class := range classes {
		cells, higher := []string{class}, 0.0
		for k, o := range s.Orders {
			if k < len(s.Partial) {
				cells = append(cells, percent(o.ByClass[c]))
			} else {
				higher += o.ByClass[c]
			}
		}
		if len(s.Orders) > len(s.Partial) {
			cells = append(cells, percent(higher))
		}
		t.add(cells...)
	}
	a.printf("\nParts of the margin by the class that is answered:\n\n")
	t.write(a.out)
}
