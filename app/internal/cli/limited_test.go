//go:build linux

package cli

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/coarsegrain/taylornet/distill"
	"github.com/coarsegrain/taylornet/internal/fsx"
	"github.com/coarsegrain/taylornet/train"
)

// outcome is how a command ended.
type outcome struct {
	code           int // -1 if a signal ended it
	stdout, stderr string
	took           time.Duration
	react          time.Duration // from the signal to the end; 0 if there was none
	resident       int64         // bytes, at most
}

// addressSpace is the virtual memory that a command may take, in kB: far more than it
// needs, and less than would trouble the machine.
const addressSpace = "4000000"

// hang is a time after which a command that was interrupted counts as hanging. A machine
// can be slow, so it is longer than the second that is promised.
const hang = 5 * time.Second

// runIn runs the command in a folder, with bounds to its memory. After the given time it
// gets an interrupt, if it is still running.
func runIn(t *testing.T, dir string, after time.Duration, args ...string) outcome {
	t.Helper()
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(t.Context(), "sh", append([]string{"-c", "ulimit -v " + addressSpace + ` && exec taylornet "$@"`, "sh"}, args...)...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, &stdout, &stderr
	cmd.Env = append(os.Environ(), "XDG_CACHE_HOME="+filepath.Join(dir, "cache"), "TAYLORNET_DATA=")
	return await(t, cmd, after, &stdout, &stderr)
}

// await starts a command and waits for its end, after an interrupt at the given time.
func await(t *testing.T, cmd *exec.Cmd, after time.Duration, stdout, stderr *bytes.Buffer) outcome {
	t.Helper()
	start := time.Now()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	var err error
	var signalled time.Time
	select {
	case err = <-ended:
	case <-time.After(after):
		signalled = time.Now()
		if err := cmd.Process.Signal(os.Interrupt); err != nil && !errors.Is(err, os.ErrProcessDone) {
			t.Fatal(err)
		}
		select {
		case err = <-ended:
		case <-time.After(hang):
			_ = cmd.Process.Kill()
			err = <-ended
			t.Logf("killed: %v", err)
			t.Fatalf("%.200q did not end within %v of an interrupt", cmd.Args, hang)
		}
	}
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	out := outcome{code: cmd.ProcessState.ExitCode(), stdout: stdout.String(), stderr: stderr.String(), took: time.Since(start)}
	if !signalled.IsZero() {
		out.react = time.Since(signalled)
	}
	if usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		out.resident = usage.Maxrss << 10
	}
	return out
}

// workFolder returns a folder with what commands need: a run, references of it beside its
// model, and a picture.
func workFolder(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	run := filepath.Join(dir, "run")
	mustRun(t, "train", "--quiet", "--net", small, "--epochs", "1", "--validation", "0.5", "--out", run)
	mustRun(t, "distill", run, "--quiet", "--levels", "2", "--steps", "1", "--evaluate", "none", "--out", filepath.Join(dir, "refs"))
	refs, err := fsx.ReadFile(filepath.Join(dir, "refs", distill.LevelFile(2)), 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	picture, err := fsx.ReadFile("../../../docs/images/three.png", 1<<20)
	if err != nil {
		t.Skip("the documents are not here")
	}
	for name, content := range map[string][]byte{"refs.safetensors": refs, "own.safetensors": modelBytes(t, run), "three.png": picture} {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if !train.Exists(run) {
		t.Fatal("no run")
	}
	return dir
}
