package cli

import (
	"context"
	"fmt"

	"github.com/coarsegrain/taylornet/dataset"
	"github.com/coarsegrain/taylornet/model"
	"github.com/coarsegrain/taylornet/taylor"
)

func (f *evalFlags) checkOrders() error {
	switch {
	case f.orders < 0 || f.orders > taylor.MaxOrders:
		return usagef("--orders %d: want 1 to %d", f.orders, taylor.MaxOrders)
	case f.orders > 0 && f.mirror:
		return usagef("--orders %d and --mirror do not go together: the orders are those of one image", f.orders)
	}
	return nil
}

// evalOrders studies the orders of a model on images, nil if that is not asked for.
func (a *app) evalOrders(ctx context.Context, m *model.Model, set *dataset.Set, f *evalFlags) (*taylor.OrderStudy, error) {
	if f.orders == 0 {
		return nil, nil
	}
	progress, done := a.progress("orders", set.Len())
	defer done()
	s, err := taylor.StudyOrders(ctx, m, set.All(), taylor.OrderOptions{Orders: f.orders, Progress: progress})
	if err != nil {
		return nil, fmt.Errorf("--orders: %w", err)
	}
	return s, nil
}

// writeOrders writes the accuracy of each partial sum beside that of the network, and what
// each order carries.
func (a *app) writeOrders(s *taylor.OrderStudy, e *model.Evaluation) {
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
	t.add("all", percent(e.Accuracy()))
	t.write(a.out)
	if c := s.Cancellation; c != nil {
		a.printf("\nThe last three columns are of %s, spread evenly.\nThere the orders' sizes add up to %.3g times the largest logit, at worst %.3g times.\n", plural(c.Images, "image"), c.Median, c.Worst)
	}
	if s.Note != "" {
		a.printf("\n%s\n", s.Note)
	}
}
