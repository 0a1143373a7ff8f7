package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/coarsegrain/taylornet/train"
)

// rounds is how often commands are started together.
var rounds = flag.Int("rounds", 3, "how often the tests of runs in one folder start runs together")

// tinyRun returns the arguments of a training run of a moment.
func tinyRun(seed int, more ...string) []string {
	return append([]string{
		"train", "--json", "--quiet", "--net", small,
		"--epochs", "1", "--batch", "256", "--workers", "1", "--seed", strconv.Itoa(seed),
	}, more...)
}

// ended is how a command ended.
type ended struct {
	code           int
	stdout, stderr bytes.Buffer
}

// atOnce starts commands in a folder at the same time and waits for them.
func atOnce(t *testing.T, dir string, commands [][]string) []ended {
	t.Helper()
	out := make([]ended, len(commands))
	var all sync.WaitGroup
	for i, args := range commands {
		all.Go(func() {
			cmd := command(t, args...)
			cmd.Dir, cmd.Stdout, cmd.Stderr = dir, &out[i].stdout, &out[i].stderr
			var exit *exec.ExitError
			if err := cmd.Run(); errors.As(err, &exit) {
				out[i].code = exit.ExitCode()
			} else if err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	return out
}

// alone returns the models of tiny runs with the seeds 1 to n, each made alone.
func alone(t *testing.T, n int) [][]byte {
	t.Helper()
	models := make([][]byte, n)
	for i := range models {
		dir := filepath.Join(t.TempDir(), "run")
		mustRun(t, tinyRun(i+1, "--out", dir)...)
		models[i] = modelBytes(t, dir)
	}
	return models
}

// complete returns an error about a run folder that is not that of a finished run with this
// model.
func complete(dir string, model []byte) error {
	for _, name := range []string{train.ConfigFile, train.MetricsFile, train.LastFile, reportFile} {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			return err
		}
	}
	got, err := os.ReadFile(filepath.Join(dir, train.ModelFile))
	if err == nil && !bytes.Equal(got, model) {
		err = errors.New(dir + " has another model than the run alone")
	}
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".") {
			err = errors.Join(err, errors.New(e.Name()+" is left in "+dir))
		}
	}
	return err
}

// TestRunsTogether starts ten runs with different seeds at once in one folder, again and
// again, none with a folder of its own. Each must make its own and complete its run in it.
func TestRunsTogether(t *testing.T) {
	const runs = 10
	models, dir := alone(t, runs), t.TempDir()
	var commands [][]string
	for i := range runs {
		commands = append(commands, tinyRun(i+1))
	}
	seen := map[string]bool{}
	for range *rounds {
		for i, e := range atOnce(t, dir, commands) {
			var out train.Summary
			if err := json.Unmarshal(e.stdout.Bytes(), &out); e.code != done || err != nil {
				t.Errorf("status %d: %s", e.code, &e.stderr)
				continue
			}
			if seen[out.Run] {
				t.Errorf("two runs in %s", out.Run)
			}
			seen[out.Run] = true
			if err := complete(filepath.Join(dir, out.Run), models[i]); err != nil {
				t.Error(err)
			}
		}
	}
	entries, err := os.ReadDir(filepath.Join(dir, runsDir))
	if want := runs * *rounds; err != nil || len(entries) != want || len(seen) != want {
		t.Errorf("%d folders of %d runs, want %d (%v)", len(entries), len(seen), want, err)
	}
}

// TestTwoRunsInOneFolder starts two runs with different seeds at once in the same folder.
// One runs as if alone; the other is refused.
func TestTwoRunsInOneFolder(t *testing.T) {
	if runtime.GOOS == "plan9" || runtime.GOOS == "js" {
		t.Skip("no locks here")
	}
	models, inUse := alone(t, 2), 0
	for range *rounds {
		dir := filepath.Join(t.TempDir(), "runs", "one")
		list := atOnce(t, t.TempDir(), [][]string{tinyRun(1, "--out", dir), tinyRun(2, "--out", dir)})
		first := 0
		if list[0].code != done {
			first = 1
		}
		second := &list[1-first]
		said := second.stderr.String()
		if list[first].code != done || second.code != failed || second.stdout.Len() > 0 || strings.Count(said, "\n") != 1 {
			t.Fatalf("statuses %d and %d: %s%s", list[0].code, list[1].code, &list[0].stderr, &list[1].stderr)
		}
		switch {
		case strings.Contains(said, "another run is writing to the folder") && strings.Contains(said, "choose another folder with --out"):
			inUse++
		case !strings.Contains(said, "the folder already holds a run"): // if it came late
			t.Error(said)
		}
		if err := complete(dir, models[first]); err != nil {
			t.Error(err)
		}
	}
	t.Logf("%d of %d were refused while the other ran", inUse, *rounds)
}

// TestResumedTogether resumes a run that was killed twice at the same time. One resumes it;
// the other is refused, or finds it finished.
func TestResumedTogether(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no SIGKILL on Windows")
	}
	whole := filepath.Join(t.TempDir(), "whole")
	mustRun(t, smallRun(whole)...)
	refused := 0
	for range *rounds {
		dir := filepath.Join(t.TempDir(), "run")
		killOnce(t, resuming(dir), func() bool { return train.Exists(dir) })
		resume := append(resuming(dir), "--json")
		succeeded := 0
		for _, e := range atOnce(t, t.TempDir(), [][]string{resume, resume}) {
			switch {
			case e.code == done:
				succeeded++
			case e.code == failed && strings.Contains(e.stderr.String(), "another run is writing to the folder"):
				refused++
			default:
				t.Errorf("status %d: %s", e.code, &e.stderr)
			}
		}
		if succeeded == 0 {
			t.Error("both were refused")
		}
		if err := complete(dir, modelBytes(t, whole)); err != nil {
			t.Error(err)
		}
	}
	t.Logf("%d of %d were refused", refused, *rounds)
}

// TestRefusedLeavesNoFolder ends training before it begins. No folder may be left.
func TestRefusedLeavesNoFolder(t *testing.T) {
	dir := t.TempDir()
	for _, args := range [][]string{
		tinyRun(1, "--rate", "0"),
		tinyRun(1, "--average", "2"),
		tinyRun(1, "--net", "Input(28,28,1) Linear(10)"),
		tinyRun(1, "--net", "Input(28,28,1) Linear(10)", "--out", "new"),
	} {
		if e := atOnce(t, dir, [][]string{args})[0]; e.code == done {
			t.Errorf("%q succeeded", args)
		}
	}
	for _, name := range []string{"new", filepath.Join(runsDir, "digits")} {
		if _, err := os.Lstat(filepath.Join(dir, name)); err == nil {
			t.Errorf("%s is left", name)
		}
	}
}
