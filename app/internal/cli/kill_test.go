package cli

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/coarsegrain/taylornet/internal/rng"
	"github.com/coarsegrain/taylornet/train"
)

// smallRun returns the arguments of a training run of some 160 steps.
func smallRun(dir string, more ...string) []string {
	return append([]string{
		"train", "--quiet", "--net", "Input(8,8,1) Conv(3,3,4,1,1,1) Norm CG(2,2,4,2,2) Linear(10)",
		"--epochs", "4", "--out", dir,
	}, more...)
}

// small is a network that is trained in a moment.
const small = "Input(8,8,1) CG(2,2,1,2,2) Linear(10)"

// command prepares the real command, in a process of its own; see TestMain.
func command(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	return exec.CommandContext(t.Context(), "taylornet", args...)
}

func mustRun(t *testing.T, args ...string) {
	t.Helper()
	if out, err := command(t, args...).CombinedOutput(); err != nil {
		t.Fatalf("taylornet %q: %v\n%s", args, err, out)
	}
}

func modelBytes(t *testing.T, dir string) []byte {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(dir, train.ModelFile))
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// kinds are the kinds of training, with their flags.
var kinds = map[string][]string{"plain": nil, "graded": {"--orders", "1", "--graded", "0.2"}}

func TestSameBytesForAnyWorkers(t *testing.T) {
	for kind, flags := range kinds {
		var first []byte
		for _, workers := range []int{1, 2, 4} {
			dir := filepath.Join(t.TempDir(), "run")
			mustRun(t, append(smallRun(dir, "--workers", strconv.Itoa(workers)), flags...)...)
			if got := modelBytes(t, dir); first == nil {
				first = got
			} else if !bytes.Equal(got, first) {
				t.Errorf("%s: %d workers give a model that differs from that of 1", kind, workers)
			}
		}
	}
}

// TestKilledRunsResume kills a training run at random instants, often within a
// save, and resumes it each time, until it is done. The model must be that of an
// uninterrupted run.
func TestKilledRunsResume(t *testing.T) {
	for kind, flags := range kinds {
		t.Run(kind, func(t *testing.T) {
			whole := filepath.Join(t.TempDir(), "whole")
			mustRun(t, smallRun(whole, flags...)...)
			killed{
				args:        func(dir string) []string { return append(resuming(dir), flags...) },
				outcome:     modelBytes,
				longest:     120 * time.Millisecond,
				kills:       10,
				withinSaves: 3,
			}.comesTo(t, modelBytes(t, whole))
		})
	}
}

// resuming returns the arguments that start or resume a run, saving at every step.
func resuming(dir string) []string {
	args := smallRun(dir, "--save-every", "1ns")
	if train.Exists(dir) {
		args = append(args, "--resume")
	}
	return args
}

// allKills is the number of kills over all tests that kill, if it is given.
var allKills = flag.Int("kills", 0, "kill training, sweeps and distillations at least this many times in total; 0 means a few times")

// killed is work that is killed again and again.
type killed struct {
	args               func(dir string) []string // start it in a folder or resume it
	outcome            func(t *testing.T, dir string) []byte
	longest            time.Duration // from a start to a kill
	kills, withinSaves int           // at least, and how many of them within a save
}

// comesTo does the work in one folder after the other, killed at random instants,
// until there were enough kills. Each time the outcome must be as wanted.
func (k killed) comesTo(t *testing.T, want []byte) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("no SIGKILL on Windows")
	}
	k.kills = max(k.kills, (*allKills+2)/3)
	random := rng.New(1, "kills")
	kills, torn, run := 0, 0, 0
	for ; kills < k.kills || torn < k.withinSaves; run++ {
		if run == 20+k.kills {
			t.Fatalf("%d kills, %d within a save, in %d runs", kills, torn, run)
		}
		dir := filepath.Join(t.TempDir(), fmt.Sprint("run", run))
		for running := true; running; {
			at := time.Now().Add(time.Duration((0.04 + 0.96*random.Float64()) * float64(k.longest)))
			withinSave := kills%2 == 0
			running = killOnce(t, k.args(dir), func() bool {
				return time.Now().After(at) && (!withinSave || len(leftovers(t, dir)) > 0)
			})
			if running {
				kills++
			}
			if len(leftovers(t, dir)) > 0 {
				torn++
			}
			if running && kills >= k.kills && torn >= k.withinSaves {
				mustRun(t, k.args(dir)...)
				running = false
			}
		}
		if !bytes.Equal(k.outcome(t, dir), want) {
			t.Fatalf("run %d: after %d kills the outcome differs from that of an uninterrupted run", run, kills)
		}
		if left := leftovers(t, dir); len(left) > 0 {
			t.Errorf("a resumed run leaves %q", left)
		}
		if _, err := os.Lstat(filepath.Join(dir, ".lock")); err == nil {
			t.Error("a resumed run leaves its lock file")
		}
	}
	t.Logf("%d kills, %d of them within a save, in %d runs", kills, torn, run)
}

// killOnce starts or resumes work and kills it when the moment has come. It reports
// whether the work was killed before its end.
func killOnce(t *testing.T, args []string, moment func() bool) bool {
	t.Helper()
	var stderr bytes.Buffer
	cmd := command(t, args...)
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	for len(ended) == 0 && !moment() {
		time.Sleep(100 * time.Microsecond)
	}
	if err := cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		t.Fatal(err)
	}
	err := <-ended
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() < 0 { // ended by a signal
		return true
	}
	if err != nil {
		t.Fatalf("%v: %s", err, stderr.String())
	}
	return false
}

// leftovers lists the temporary files in a folder and those in it, in which another
// process may be at work.
func leftovers(t *testing.T, dir string) (names []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if strings.Contains(filepath.Base(path), ".tmp-") {
			names = append(names, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// TestFullDisk has a save fail for want of space, by a limit to the size of
// files. The error is one line, the previous checkpoint is kept, and the run resumes
// from it once there is space.
func TestFullDisk(t *testing.T) {
	sh, err := exec.LookPath("sh")
	if err != nil || runtime.GOOS == "windows" {
		t.Skip("no shell that could limit the size of files")
	}
	whole, dir := filepath.Join(t.TempDir(), "whole"), filepath.Join(t.TempDir(), "run")
	mustRun(t, smallRun(whole)...)
	if !killOnce(t, resuming(dir), func() bool { return train.Exists(dir) }) {
		t.Skip("the run was done before it could be killed")
	}
	last := filepath.Join(dir, train.LastFile)
	before, err := os.ReadFile(last)
	if err != nil {
		t.Fatal(err)
	}
	limited := exec.CommandContext(t.Context(), sh, append([]string{"-c", `ulimit -f 2 && exec taylornet "$@"`, "sh"}, resuming(dir)...)...)
	out, err := limited.CombinedOutput()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != failed || !strings.HasPrefix(string(out), "taylornet: writing ") || strings.Count(string(out), "\n") != 1 {
		t.Fatalf("%v: %s", err, out)
	}
	if after, err := os.ReadFile(last); err != nil || !bytes.Equal(after, before) {
		t.Errorf("the checkpoint is not what it was: %v", err)
	}
	mustRun(t, resuming(dir)...)
	if !bytes.Equal(modelBytes(t, dir), modelBytes(t, whole)) {
		t.Error("the model differs from that of an uninterrupted run")
	}
}
