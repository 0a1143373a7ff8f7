package cli

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/coarsegrain/taylornet/sweep"
	"github.com/coarsegrain/taylornet/train"
)

// TestKilledSweepsResume kills a sweep that makes two runs at a time at random
// instants, often within a save, and resumes it each time, until it is done. The results,
// times aside, and the models must be those of an uninterrupted sweep that made one run
// after the other.
func TestKilledSweepsResume(t *testing.T) {
	args := func(dir string) []string {
		list := []string{"sweep", "--quiet", "--parallel", "2", "--save-every", "1ns", "--out", dir}
		if _, err := os.Stat(filepath.Join(dir, sweep.PlanFile)); err == nil {
			return append(list, "--resume")
		}
		return append(list, "--net", small, "--epochs", "2", "--batch", "256", "--seeds", "2",
			"--try", "", "--try", "--optimiser sgd --rate 1000 --clip 0", "--try", "--rate 0.02")
	}
	whole := filepath.Join(t.TempDir(), "whole")
	start := time.Now()
	mustRun(t, append(args(whole), "--parallel", "1")...)
	killed{
		args:        args,
		outcome:     sweepBytes,
		longest:     time.Since(start) / 2,
		kills:       10,
		withinSaves: 3,
	}.comesTo(t, sweepBytes(t, whole))
}

// sweepBytes returns a sweep's results without times and its folder's name, and then its
// models.
func sweepBytes(t *testing.T, dir string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, sweep.ResultsFile))
	if err != nil {
		t.Fatal(err)
	}
	out := sweep.Results{}
	if err := json.Unmarshal(text, &out); err != nil {
		t.Fatal(err)
	}
	var models []byte
	for i := range out.Variations {
		v := &out.Variations[i]
		v.Seconds = 0
		for _, r := range v.Runs {
			r.Seconds, r.Model = 0, strings.TrimPrefix(r.Model, dir)
			if !r.Diverged {
				models = append(models, modelBytes(t, filepath.Dir(filepath.Join(dir, r.Model)))...)
			}
		}
	}
	out.Run, out.Best = "", strings.TrimPrefix(out.Best, dir)
	if len(models) == 0 {
		t.Fatalf("%s has no %s", dir, train.ModelFile)
	}
	text, err = json.Marshal(out)
	if err != nil {
		t.Fatal(err)
	}
	return append(text, models...)
}
