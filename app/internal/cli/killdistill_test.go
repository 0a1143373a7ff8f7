package cli

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/coarsegrain/taylornet/distill"
)

// TestKilledDistillationsResume kills a distillation at random instants, often
// within a save, and goes on each time, until it is done: the references of every
// level must be those of a run that was left alone.
func TestKilledDistillationsResume(t *testing.T) {
	dir := t.TempDir()
	model, whole := filepath.Join(dir, "model"), filepath.Join(dir, "whole")
	mustRun(t, smallRun(model, "--validation", "0.6")...) // leaves fewer images to distil
	args := func(dir string) []string {
		list := []string{"distill", model, "--quiet", "--evaluate", "none", "--out", dir}
		if distill.Exists(dir) {
			return append(list, "--resume")
		}
		return append(list, "--levels", "40,20,2", "--steps", "20,30,200", "--refine", "1")
	}
	start := time.Now()
	mustRun(t, args(whole)...)
	killed{
		args:        args,
		outcome:     referenceBytes,
		longest:     time.Since(start) / 2, // from where every run gets on
		kills:       10,
		withinSaves: 3,
	}.comesTo(t, referenceBytes(t, whole))
}

// referenceBytes is the references of all levels, one after the other.
func referenceBytes(t *testing.T, dir string) (all []byte) {
	t.Helper()
	c, _, err := distill.ReadConfig(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range c.PerClass {
		content, err := os.ReadFile(filepath.Join(dir, distill.LevelFile(k)))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, content...)
	}
	return all
}
