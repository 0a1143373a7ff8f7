package cli

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/coarsegrain/taylornet/sweep"
)

// writeResults writes what a sweep came to.
func (s *sweepCommand) writeResults(r *sweep.Results) error {
	if s.json {
		return s.writeJSON(r)
	}
	s.notef("")
	s.printf("%s, %s\n\n", r.Data, s.seedRange())
	s.writeTable(r)
	s.printf("\nresults  %s\n", filepath.Join(r.Run, sweep.ResultsFile))
	if r.Best != "" {
		s.printf("best     %s, by validation\n", r.Best)
	}
	if !s.quiet && !s.plan.Test {
		s.printf("\nThe test accuracies, once the choice is made:\n  taylornet sweep --resume --out %s --test\n", quoted(r.Run))
	}
	return nil
}

// seedRange says which seeds all variations have.
func (s *sweepCommand) seedRange() string {
	first, n := s.plan.Seed, s.plan.Seeds
	if n == 1 {
		return fmt.Sprintf("seed %d", first)
	}
	return fmt.Sprintf("seeds %d to %d", first, first+uint64(n-1))
}

// writeTable writes a row per variation, and one for each order that its network is cut off
// after, with the columns that have something to say.
func (s *sweepCommand) writeTable(out *sweep.Results) {
	whole, partial := make([]sweep.Accuracies, len(out.Variations)), []sweep.Accuracies(nil)
	for i, o := range out.Variations {
		whole[i] = o.Accuracies
		for _, p := range o.Partial {
			partial = append(partial, p.Accuracies)
		}
	}
	headings, cells := accuracyColumns(whole)
	t := newTable(slices.Concat([]string{"variation", ">parameters", ">degree"}, headings, []string{">time", ""})...)
	for i := range out.Variations {
		o := &out.Variations[i]
		row := []string{s.plan.Variations[i].Title(), count(o.Params), formatDegree(o.Degree)}
		t.add(slices.Concat(row, cells[i], []string{trainingTime(o), divergedRuns(o)})...)
	}
	t.write(s.out)
	if len(partial) == 0 {
		return
	}
	s.printf("\nCut off after an order of the expansion:\n\n")
	headings, cells = accuracyColumns(partial)
	t = newTable(slices.Concat([]string{"variation", ">to order"}, headings)...)
	for i, o := range out.Variations {
		for _, p := range o.Partial {
			t.add(slices.Concat([]string{s.plan.Variations[i].Title(), fmt.Sprint(p.Order)}, cells[0])...)
			cells = cells[1:]
		}
	}
	t.write(s.out)
}

// accuracyColumns returns the headings and, for each of the accuracies, the cells of the
// columns that have something to say.
func accuracyColumns(list []sweep.Accuracies) (headings []string, rows [][]string) {
	rows = make([][]string, len(list))
	for _, c := range []struct {
		headings []string
		of       func(*sweep.Accuracies) *sweep.Mean
		cells    func(*sweep.Mean) []string
	}{
		{[]string{">validation", ">sd", "95 % interval"}, func(a *sweep.Accuracies) *sweep.Mean { return a.Validation }, levelCells},
		{[]string{">difference", "95 % interval"}, func(a *sweep.Accuracies) *sweep.Mean { return a.Difference }, changeCells},
		{[]string{">test", ">sd", "95 % interval"}, func(a *sweep.Accuracies) *sweep.Mean { return a.Test }, levelCells},
		{[]string{">difference", "95 % interval"}, func(a *sweep.Accuracies) *sweep.Mean { return a.TestDifference }, changeCells},
	} {
		if !slices.ContainsFunc(list, func(a sweep.Accuracies) bool { return c.of(&a) != nil }) {
			continue
		}
		headings = append(headings, c.headings...)
		for i := range list {
			cells := slices.Repeat([]string{"-"}, len(c.headings))
			if m := c.of(&list[i]); m != nil {
				cells = c.cells(m)
			}
			rows[i] = append(rows[i], cells...)
		}
	}
	return headings, rows
}

// levelCells are the mean, the standard deviation and the interval.
func levelCells(m *sweep.Mean) []string {
	return []string{percent(m.Mean), optional(m.SD), ends(m)}
}

// changeCells are the mean, as a difference, and the interval.
func changeCells(m *sweep.Mean) []string {
	text := fmt.Sprintf("%+.2f %%", 100*m.Mean)
	return []string{strings.Replace(text, "-0.00", "+0.00", 1), ends(m)} // of a sum that is not quite 0
}

// ends writes the interval.
func ends(m *sweep.Mean) string {
	if m.Low == nil {
		return "-"
	}
	return fmt.Sprintf("%.2f to %.2f", 100**m.Low, 100**m.High)
}

// trainingTime writes the mean time of a run.
func trainingTime(o *sweep.VariationResult) string {
	if o.Seconds == 0 {
		return "-"
	}
	return seconds(o.Seconds).String()
}

// divergedRuns says how many runs the means leave out.
func divergedRuns(o *sweep.VariationResult) string {
	n := 0
	for _, r := range o.Runs {
		if r.Diverged {
			n++
		}
	}
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("%d diverged", n)
}
