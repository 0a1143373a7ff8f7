package cli

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/coarsegrain/taylornet/train"
)

// TestResumeTheLastSaved resumes without a folder. The run that says it was saved last is
// taken, whatever the times of files; of a run and its copy none is.
func TestResumeTheLastSaved(t *testing.T) {
	dir := t.TempDir()
	for seed := range 2 {
		if e := atOnce(t, dir, [][]string{tinyRun(seed + 1)})[0]; e.code != done {
			t.Fatal(&e.stderr)
		}
	}
	later := time.Now().Add(time.Hour)
	if err := os.Chtimes(filepath.Join(dir, "runs", "digits", train.LastFile), later, later); err != nil {
		t.Fatal(err)
	}
	resume := [][]string{{"train", "--resume", "--json", "--quiet"}}
	e := atOnce(t, dir, resume)[0]
	var out train.Summary
	if err := json.Unmarshal(e.stdout.Bytes(), &out); err != nil || out.Run != filepath.Join("runs", "digits-2") {
		t.Errorf("resumed %s (%v): %s", out.Run, err, &e.stderr)
	}
	if err := os.CopyFS(filepath.Join(dir, "runs", "copy"), os.DirFS(filepath.Join(dir, "runs", "digits-2"))); err != nil {
		t.Fatal(err)
	}
	e = atOnce(t, dir, resume)[0]
	want := "the runs in runs/copy, runs/digits-2 were saved at the same time: name the one to resume with --out"
	if e.code != failed || !strings.Contains(filepath.ToSlash(e.stderr.String()), want) {
		t.Errorf("status %d: %s", e.code, &e.stderr)
	}
}
