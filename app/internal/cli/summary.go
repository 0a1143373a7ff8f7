package cli

import (
	"fmt"
	"path/filepath"
	"time"

	"github.com/coarsegrain/taylornet/train"
)

// trainOutput is what train writes with --json.
type trainOutput struct {
	Model              string   `json:"model"`
	TestAccuracy       float64  `json:"test_accuracy"`
	ValidationAccuracy *float64 `json:"validation_accuracy,omitempty"`
	Epochs             int      `json:"epochs"`
	BestEpoch          int      `json:"best_epoch"`
	Seconds            float64  `json:"seconds"` // in steps, without evaluation
	ImagesPerSecond    float64  `json:"images_per_second"`
	Params             int      `json:"params"`
	Degree             int      `json:"degree"`
	Data               string   `json:"data"`
	Run                string   `json:"run"`
	Report             string   `json:"report"`
}

// summarise writes how a run went.
func (a *app) summarise(j *job, r *train.Result) error {
	out := trainOutput{
		Model: filepath.Join(j.dir, train.ModelFile), TestAccuracy: r.Test.Accuracy(),
		Epochs: len(r.History), BestEpoch: r.History[r.Best].Epoch,
		Seconds: r.Seconds(), ImagesPerSecond: imagesPerSecond(r),
		Params: j.net.NumParams(), Degree: j.net.Degree(),
		Data: j.config.Data, Run: j.dir, Report: filepath.Join(j.dir, reportFile),
	}
	if r.Validation != nil {
		accuracy := r.Validation.Accuracy()
		out.ValidationAccuracy = &accuracy
	}
	if a.json {
		return a.writeJSON(out)
	}
	a.notef("")
	a.printf("%s\n", describe(j.net))
	t := newTable("", "")
	t.add("test accuracy", fmt.Sprintf("%s  (%s of %s)", percent(out.TestAccuracy), count(r.Test.Correct), plural(r.Test.Total, "image")))
	if r.Validation != nil {
		t.add("validation", fmt.Sprintf("%s  (epoch %d of %d)", percent(*out.ValidationAccuracy), out.BestEpoch, out.Epochs))
	}
	t.add("time", fmt.Sprintf("%v  (%s images/s)", seconds(out.Seconds), count(int(out.ImagesPerSecond))))
	t.add("model", out.Model)
	t.add("report", out.Report)
	t.write(a.out)
	if !a.quiet {
		dir := quoted(j.dir)
		a.printf("\nNext:\n  taylornet eval %s\n  taylornet predict %s IMAGE...\n  taylornet net %s\n", dir, dir, dir)
	}
	return nil
}

// imagesPerSecond is the rate over all epochs.
func imagesPerSecond(r *train.Result) float64 {
	var images float64
	for _, m := range r.History {
		images += m.ImagesPerSecond * m.Seconds
	}
	return images / r.Seconds()
}

// seconds rounds a time for the eye.
func seconds(s float64) time.Duration {
	d := time.Duration(s * float64(time.Second))
	if d < time.Minute {
		return d.Round(10 * time.Millisecond)
	}
	return d.Round(time.Second)
}
