package cli

import (
	"cmp"
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

// writeTable writes a row per variation, with the columns that have something to say.
func (s *sweepCommand) writeTable(out *sweep.Results) {
	columns := []struct {
		headings []string
		of       func(o *sweep.VariationResult) *sweep.Mean
		cells    func(*sweep.Mean) []string
	}{
		{[]string{">validation", ">sd", "95 % interval"}, func(o *sweep.VariationResult) *sweep.Mean { return o.Validation }, levelCells},
		{[]string{">difference", "95 % interval"}, func(o *sweep.VariationResult) *sweep.Mean { return o.Difference }, changeCells},
		{[]string{">test", ">sd", "95 % interval"}, func(o *sweep.VariationResult) *sweep.Mean { return o.Test }, levelCells},
		{[]string{">difference", "95 % interval"}, func(o *sweep.VariationResult) *sweep.Mean { return o.TestDifference }, changeCells},
	}
	headings := []string{"variation", ">parameters", ">degree"}
	rows := make([][]string, len(out.Variations))
	for i, o := range out.Variations {
		rows[i] = []string{s.plan.Variations[i].Title(), count(o.Params), formatDegree(o.Degree)}
	}
	for _, c := range columns {
		if !slices.ContainsFunc(out.Variations, func(o sweep.VariationResult) bool { return c.of(&o) != nil }) {
			continue
		}
		headings = append(headings, c.headings...)
		for i := range out.Variations {
			cells := slices.Repeat([]string{"-"}, len(c.headings))
			if m := c.of(&out.Variations[i]); m != nil {
				cells = c.cells(m)
			}
			rows[i] = append(rows[i], cells...)
		}
	}
	if slices.ContainsFunc(out.Variations, func(o sweep.VariationResult) bool { return len(o.Partial) > 0 }) {
		headings = append(headings, "to order")
		for i, o := range out.Variations {
			rows[i] = append(rows[i], cmp.Or(byOrder(o.Partial), "-"))
		}
	}
	t := newTable(append(headings, ">time", "")...)
	for i := range out.Variations {
		o := &out.Variations[i]
		t.add(append(rows[i], trainingTime(o), divergedRuns(o))...)
	}
	t.write(s.out)
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
