package cli

import (
	"fmt"
	"path/filepath"
	"time"

	"github.com/coarsegrain/taylornet/dataset"
	"github.com/coarsegrain/taylornet/train"
)

// summarise writes the summary of a run.
func (a *app) summarise(j *job, r *train.Result) error {
	out := r.Summary(j.dir)
	out.Report = filepath.Join(j.dir, reportFile)
	if a.json {
		return a.writeJSON(struct {
			train.Summary
			Read dataset.Read `json:"read"`
		}{out, j.data.Read})
	}
	a.notef("")
	a.printf("%s\n", describe(j.net))
	t := newTable("", "")
	t.add("test accuracy", fmt.Sprintf("%s  (%s of %s)", percent(out.TestAccuracy), count(r.Test.Correct), plural(r.Test.Total, "image")))
	if len(out.TestPartial) > 0 {
		t.add("test to order", byOrder(out.TestPartial))
	}
	if r.Validation != nil {
		t.add("validation", fmt.Sprintf("%s  (epoch %d of %d)", percent(*out.ValidationAccuracy), out.BestEpoch, out.Epochs))
	}
	if len(out.Partial) > 0 {
		t.add("validation to order", byOrder(out.Partial))
	}
	t.add("time", fmt.Sprintf("%v  (%s images/s)", seconds(out.Seconds), wholePart(out.ImagesPerSecond)))
	t.add("model", out.Model)
	t.add("report", out.Report)
	t.write(a.out)
	if !a.quiet {
		dir := quoted(j.dir)
		a.printf("\nNext:\n  taylornet eval %s\n  taylornet predict %s IMAGE...\n  taylornet net %s\n", dir, dir, dir)
	}
	return nil
}

// seconds returns a time, rounded for display.
func seconds(s float64) time.Duration {
	const longest = 9e9 // that a Duration can hold
	if !(s < longest) {
		s = longest
	}
	d := time.Duration(max(s, 0) * float64(time.Second))
	if d < time.Minute {
		return d.Round(10 * time.Millisecond)
	}
	return d.Round(time.Second)
}
