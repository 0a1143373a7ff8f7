package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"github.com/coarsegrain/taylornet/internal/stats"
)

// outcomeFile is what a sweep comes to: the object of --json.
const outcomeFile = "results.json"

// sweepOutput is what sweep writes with --json, and to a file.
type sweepOutput struct {
	Data       string            `json:"data"`
	Seeds      int               `json:"seeds"`
	Variations []variationOutput `json:"variations"`
	Best       string            `json:"best,omitempty"` // model of all, by the validation images
	Run        string            `json:"run"`
}

// variationOutput is a variation over its seeds. What cannot be said, as all runs
// diverged or there is one, is left out.
type variationOutput struct {
	Flags          string      `json:"flags"`
	Params         int         `json:"params"`
	Degree         int         `json:"degree"`
	Runs           []*sweepRun `json:"runs"`
	Validation     *meanOutput `json:"validation,omitempty"`
	Difference     *meanOutput `json:"difference,omitempty"` // of the validation accuracies from the first variation's
	Test           *meanOutput `json:"test,omitempty"`
	TestDifference *meanOutput `json:"test_difference,omitempty"`
	Seconds        float64     `json:"seconds,omitzero"` // of a run, the mean
}

// meanOutput is a mean over seeds, its standard deviation and the ends of its
// interval.
type meanOutput struct {
	Mean float64  `json:"mean"`
	SD   *float64 `json:"sd,omitempty"`
	Low  *float64 `json:"low,omitempty"`
	High *float64 `json:"high,omitempty"`
}

// newMean is that of values, nil if there are none.
func newMean(values []float64) *meanOutput {
	if len(values) == 0 {
		return nil
	}
	v := stats.Student(values)
	m := &meanOutput{Mean: v.Mean}
	if len(values) > 1 {
		sd := stats.Deviation(values)
		m.SD, m.Low, m.High = &sd, &v.Low, &v.High
	}
	return m
}

// meanOf is the mean of what runs have of something.
func meanOf(runs []*sweepRun, what func(*sweepRun) *float64) *meanOutput {
	var values []float64
	for _, r := range runs {
		if v := what(r); v != nil {
			values = append(values, *v)
		}
	}
	return newMean(values)
}

func validationOf(r *sweepRun) *float64 { return r.ValidationAccuracy }
func testOf(r *sweepRun) *float64       { return r.TestAccuracy }

func secondsOf(r *sweepRun) *float64 {
	if r.Diverged {
		return nil
	}
	return &r.Seconds
}

// difference is the mean of how much more runs have of something than others with
// the same seeds.
func difference(runs, others []*sweepRun, what func(*sweepRun) *float64) *meanOutput {
	var values []float64
	for i, r := range runs {
		if a, b := what(r), what(others[i]); a != nil && b != nil {
			values = append(values, *a-*b)
		}
	}
	m := newMean(values)
	if m != nil {
		m.SD = nil // not of interest
	}
	return m
}

// best is the run with the highest validation accuracy, the first of equals; so far
// may be nil, and is what is returned if no run was validated.
func best(soFar *sweepRun, runs []*sweepRun) *sweepRun {
	for _, r := range runs {
		if v := r.ValidationAccuracy; v != nil && (soFar == nil || *v > *soFar.ValidationAccuracy) {
			soFar = r
		}
	}
	return soFar
}

// finish writes what the sweep came to.
func (s *sweep) finish(runs map[*variation][]*sweepRun) error {
	out := &sweepOutput{Data: s.plan.Data, Seeds: s.plan.Seeds, Run: s.dir}
	var winner *sweepRun
	for i, v := range s.plan.Variations {
		o := variationOutput{
			Flags: v.Flags, Params: v.net.NumParams(), Degree: v.net.Degree(), Runs: runs[v],
			Validation: meanOf(runs[v], validationOf), Test: meanOf(runs[v], testOf),
		}
		if i > 0 && s.plan.Seeds > 1 {
			first := runs[s.plan.Variations[0]]
			o.Difference = difference(runs[v], first, validationOf)
			o.TestDifference = difference(runs[v], first, testOf)
		}
		if m := meanOf(runs[v], secondsOf); m != nil {
			o.Seconds = m.Mean
		}
		out.Variations = append(out.Variations, o)
		winner = best(winner, runs[v])
	}
	if winner != nil {
		out.Best = winner.Model
	}
	path := filepath.Join(s.dir, outcomeFile)
	if err := writeFile(path, func(w io.Writer) error { return json.NewEncoder(w).Encode(out) }); err != nil {
		return err
	}
	if s.json {
		return s.writeJSON(out)
	}
	s.notef("")
	s.printf("%s, %s\n\n", s.plan.Data, s.plan.seedRange())
	s.writeTable(out)
	s.printf("\nresults  %s\n", path)
	if out.Best != "" {
		s.printf("best     %s, by validation\n", out.Best)
	}
	if !s.quiet && !s.plan.Test {
		s.printf("\nThe test accuracies, once the choice is made:\n  taylornet sweep --resume --out %s --test\n", quoted(s.dir))
	}
	return nil
}

// writeTable writes a row a variation, with the columns that there is something
// to say in.
func (s *sweep) writeTable(out *sweepOutput) {
	columns := []struct {
		headings []string
		of       func(o *variationOutput) *meanOutput
		cells    func(*meanOutput) []string
	}{
		{[]string{">validation", ">sd", "95 % interval"}, func(o *variationOutput) *meanOutput { return o.Validation }, (*meanOutput).level},
		{[]string{">difference", "95 % interval"}, func(o *variationOutput) *meanOutput { return o.Difference }, (*meanOutput).change},
		{[]string{">test", ">sd", "95 % interval"}, func(o *variationOutput) *meanOutput { return o.Test }, (*meanOutput).level},
		{[]string{">difference", "95 % interval"}, func(o *variationOutput) *meanOutput { return o.TestDifference }, (*meanOutput).change},
	}
	headings := []string{"variation", ">parameters", ">degree"}
	rows := make([][]string, len(out.Variations))
	for i, o := range out.Variations {
		rows[i] = []string{s.plan.Variations[i].name(), count(o.Params), formatDegree(o.Degree)}
	}
	for _, c := range columns {
		if !slices.ContainsFunc(out.Variations, func(o variationOutput) bool { return c.of(&o) != nil }) {
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
	t := newTable(append(headings, ">time", "")...)
	for i, o := range out.Variations {
		t.add(append(rows[i], o.time(), o.diverged())...)
	}
	t.write(s.out)
}

// level is the mean, the standard deviation and the interval.
func (m *meanOutput) level() []string {
	return []string{percent(m.Mean), optional(m.SD), m.ends()}
}

// change is the mean, as a difference, and the interval.
func (m *meanOutput) change() []string {
	text := fmt.Sprintf("%+.2f %%", 100*m.Mean)
	return []string{strings.Replace(text, "-0.00", "+0.00", 1), m.ends()} // of a sum that is not quite 0
}

// ends is the interval.
func (m *meanOutput) ends() string {
	if m.Low == nil {
		return "-"
	}
	return fmt.Sprintf("%.2f to %.2f", 100**m.Low, 100**m.High)
}

func (o *variationOutput) time() string {
	if o.Seconds == 0 {
		return "-"
	}
	return seconds(o.Seconds).String()
}

// diverged says how many runs the means are without.
func (o *variationOutput) diverged() string {
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
