package sweep

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/coarsegrain/taylornet/internal/approx"
	"github.com/coarsegrain/taylornet/train"
)

// finishedRun is a run with these accuracies, without validation images if that is 0.
func finishedRun(validation, test float64) *RunResult {
	r := &RunResult{TestAccuracy: &test}
	if validation > 0 {
		r.ValidationAccuracy = &validation
	}
	return r
}

func TestMeansOfASweep(t *testing.T) {
	diverged := &RunResult{Diverged: true}
	runs := []*RunResult{finishedRun(0.9, 0), diverged, finishedRun(0.8, 0), finishedRun(0.7, 0)}
	m := meanOf(runs, validationOf)
	tol := 1e-12
	// Student's for two degrees of freedom, 4.303.
	half := 4.303 * 0.1 / math.Sqrt(3)
	if !approx.Close(m.Mean, 0.8, tol) || !approx.Close(*m.SD, 0.1, tol) || !approx.Close(*m.Low, 0.8-half, tol) || !approx.Close(*m.High, 0.8+half, tol) {
		t.Errorf("got %s", asJSON(t, m))
	}
	others := []*RunResult{finishedRun(0.8, 0), finishedRun(0.9, 0), finishedRun(0.6, 0), diverged}
	if d := difference(runs, others, validationOf); !approx.Close(d.Mean, 0.15, tol) || d.SD != nil || d.Low == nil {
		t.Errorf("the difference is %s", asJSON(t, d))
	}
	tested := []*RunResult{finishedRun(0, 0.5), finishedRun(0, 0.75)}
	others = []*RunResult{finishedRun(0.1, 0.25), finishedRun(0.1, 0.5)}
	if d := difference(tested, others, testOf); !approx.Close(d.Mean, 0.25, tol) {
		t.Errorf("on the test images the difference is %s", asJSON(t, d))
	}
	if d := difference(tested, others, validationOf); d != nil {
		t.Errorf("without validation images the difference is %s", asJSON(t, d))
	}
	if got := asJSON(t, meanOf(runs[:2], validationOf)); got != `{"mean":0.9}` {
		t.Errorf("of one run the mean is %s", got)
	}
	if m := meanOf([]*RunResult{diverged}, validationOf); m != nil {
		t.Errorf("of no run the mean is %s", asJSON(t, m))
	}
}

// TestPartialsOfASweep compares a variation with partial sums up to order 2 with one up to
// order 1.
func TestPartialsOfASweep(t *testing.T) {
	p := examplePlan()
	p.Variations[0].Config.Orders, p.Variations[1].Config.Orders = 1, 2
	run := func(partial, test []float64) *RunResult {
		r := finishedRun(0.9, 0.8)
		r.Partial, r.TestPartial = partial, test
		return r
	}
	runs := []*RunResult{ // seed by seed
		run([]float64{0.5}, []float64{0.25}), run([]float64{0.75, 1}, []float64{0.75, 0.5}),
		{Diverged: true}, run([]float64{0.25, 0}, []float64{0.25, 0.5}),
	}
	for _, tt := range []struct {
		test bool
		want string
	}{
		{false, `[{"order":1,"validation":{"mean":0.5},"difference":{"mean":0.25}},{"order":2,"validation":{"mean":0.5}}]`},
		{true, `[{"order":1,"validation":{"mean":0.5},"difference":{"mean":0.25},"test":{"mean":0.5},"test_difference":{"mean":0.5}},` +
			`{"order":2,"validation":{"mean":0.5},"test":{"mean":0.5}}]`},
	} {
		p.Test = tt.test
		out, err := p.results("d", runs)
		if err != nil {
			t.Fatal(err)
		}
		partial := out.Variations[1].Partial
		for i := range partial {
			for _, m := range []*Mean{partial[i].Validation, partial[i].Test} {
				if m != nil {
					m.SD, m.Low, m.High = nil, nil, nil
				}
			}
		}
		if got := asJSON(t, partial); got != tt.want {
			t.Errorf("test %v: got %s, want %s", tt.test, got, tt.want)
		}
		if text := asJSON(t, out); strings.Contains(text, "test_partial") != tt.test {
			t.Errorf("test %v: %s", tt.test, text)
		}
	}
}

func TestBestOfASweep(t *testing.T) {
	run := func(seed uint64, validation float64) *RunResult {
		return &RunResult{Seed: seed, ValidationAccuracy: &validation}
	}
	diverged := &RunResult{Seed: 9, Diverged: true}
	if got := best(nil, []*RunResult{diverged}); got != nil {
		t.Errorf("the best of none is of seed %d", got.Seed)
	}
	first := best(nil, []*RunResult{diverged, run(1, 0.5), run(2, 0.75), run(3, 0.75)})
	if first.Seed != 2 {
		t.Errorf("the best is of seed %d, want 2", first.Seed)
	}
	if got := best(first, []*RunResult{run(4, 0.7)}); got != first {
		t.Errorf("the best of all is of seed %d, want 2", got.Seed)
	}
	if got := best(first, []*RunResult{run(4, 0.8)}); got.Seed != 4 {
		t.Errorf("the best of all is of seed %d, want 4", got.Seed)
	}
}

// TestImplausibleResults reads results that a run of two epochs with seed 3 cannot have.
func TestImplausibleResults(t *testing.T) {
	run := PlannedRun{Variation: &Variation{Config: train.Config{Epochs: 2, Orders: 2}}, Seed: 3, Dir: t.TempDir()}
	for text, want := range map[string]string{
		`{"seed":3,"test_accuracy":1,"validation_accuracy":0.5,"seconds":7,"epochs":2}`: "",
		`{"seed":3,"test_accuracy":0,"epochs":1}`:                                       "",
		`{"seed":3,"diverged":true}`:                                                    "",
		`{"seed":4,"diverged":true}`:                                                    "it belongs to seed 4",
		`{"seed":3,"diverged":true,"test_accuracy":1}`:                                  "a run that diverged has no other figures",
		`{"seed":3}`: "the test accuracy is missing",
		`{"seed":3,"test_accuracy":99,"epochs":1}`:                         "test accuracy 99: want 0 to 1",
		`{"seed":3,"test_accuracy":1,"partial":[0.5,0.6],"epochs":1}`:      "",
		`{"seed":3,"test_accuracy":1,"partial":[0.5,6],"epochs":1}`:        "accuracy of a partial sum 6: want 0 to 1",
		`{"seed":3,"test_accuracy":1,"partial":[0,0,0],"epochs":1}`:        "there are 3 partial sums for orders up to 2",
		`{"seed":3,"test_accuracy":1,"test_partial":[0,0,0],"epochs":1}`:   "there are 3 partial sums for orders up to 2",
		`{"seed":3,"test_accuracy":1,"test_partial":[-1],"epochs":1}`:      "accuracy of a partial sum -1: want 0 to 1",
		`{"seed":3,"diverged":true,"partial":[0]}`:                         "a run that diverged has no other figures",
		`{"seed":3,"test_accuracy":1,"validation_accuracy":99,"epochs":1}`: "validation accuracy 99: want 0 to 1",
		`{"seed":3,"test_accuracy":1,"epochs":3}`:                          "epochs 3: want 1 to 2",
		`{"seed":3,"test_accuracy":1,"epochs":1,"seconds":-9223372036}`:    "seconds -9223372036: want 0 to",
		`{"seed":3,"test_accuracy":1,"epochs":1,"seconds":1e300}`:          "seconds 1e+300: want 0 to",
		`{"seed":3,"test_accuracy":1,"epochs":1,"seconds":1e400}`:          "cannot unmarshal",
		`{"seed":3,"model":"` + strings.Repeat("x", maxResult) + `"}`:      "larger than 1.0 MB",
	} {
		path := filepath.Join(run.Dir, ResultFile)
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		_, err := run.read()
		if (err == nil) != (want == "") {
			t.Errorf("%.80s: error %v, want %q", text, err, want)
		} else if err != nil && (!strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), path)) {
			t.Errorf("%.80s: error %v, want %q and the file", text, err, want)
		}
	}
}

func asJSON(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
