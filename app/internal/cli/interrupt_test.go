//go:build linux

package cli

import (
	"bytes"
	"flag"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/coarsegrain/taylornet/train"
)

var instants = flag.Int("instants", 2, "interrupt each command this many times, spread over at most as many seconds")

// interruptible returns commands that together pass through all stages. DIR stands for a
// new folder.
func interruptible() [][]string {
	quiet := func(args ...string) []string { return append(args, "--quiet") }
	return [][]string{
		quiet("train", "--epochs", "3", "--out", "DIR"),
		quiet("train", "--net", small, "--epochs", "30", "--save-every", "1ns", "--out", "DIR"),
		quiet("train", "--net", "mnist", "--size", "28", "--data", "digits", "--epochs", "1", "--out", "DIR"),
		quiet("sweep", "--net", small, "--epochs", "3", "--seeds", "3", "--parallel", "2", "--out", "DIR"),
		quiet("taylor", "--size", "5", "--order", "1,2,3", "--seeds", "1", "--epochs", "2", "--out", "DIR"),
		quiet("distill", "run", "--levels", "20,2", "--steps", "20,20", "--out", "DIR"),
		quiet("distill", "run", "--levels", "2", "--steps", "20", "--evaluate", "retrain", "--retrain-seeds", "1", "--out", "DIR"),
		quiet("eval", "mnist-paper", "--data", "pictures", "--robustness"),
		quiet("eval", "digits", "--robustness"),
		append([]string{"predict", "mnist"}, slices.Repeat([]string{"three.png"}, 200)...),
		quiet("explain", "mnist", "three.png", "--out", "DIR"),
		quiet("explain", "mnist-paper", "--second-order", "--out", "DIR"),
		quiet("explain", "run", "--monomials", "--out", "DIR"),
		quiet("classify", "refs.safetensors", "--data", "digits"),
		append(quiet("classify", "refs.safetensors", "--out", "DIR"), slices.Repeat([]string{"three.png"}, 50)...),
		quiet("bench", "--seconds", "1", "--profile"),
		quiet("net", "mnist"),
		quiet("data"),
	}
}

// TestInterrupt interrupts commands at instants that are spread over their time. They end
// within a second, with one line if they were not done, and what can be resumed is.
func TestInterrupt(t *testing.T) {
	dir := workFolder(t)
	picturesOf(t, filepath.Join(dir, "pictures"))
	for _, args := range interruptible() {
		t.Run(args[0], func(t *testing.T) {
			with := func(out string) []string {
				words := slices.Clone(args)
				if i := slices.Index(words, "DIR"); i >= 0 {
					words[i] = out
				}
				return words
			}
			whole := runIn(t, dir, time.Duration(*instants)*time.Second, with(filepath.Join(t.TempDir(), "out"))...)
			if checkInterrupted(t, args, whole); whole.code != done && whole.react == 0 {
				t.Fatalf("%.300q: status %d: %s", args, whole.code, whole.stderr)
			}
			longest, forced := whole.react, 0
			for i := range *instants {
				out := filepath.Join(t.TempDir(), "out")
				got := runIn(t, dir, whole.took*time.Duration(i)/time.Duration(*instants), with(out)...)
				if !checkInterrupted(t, with(out), got) {
					forced++
				} else if left := leftovers(t, filepath.Dir(out)); got.code == failed && len(left) > 0 {
					t.Errorf("%q leaves %q", args, left)
				}
				longest = max(longest, got.react)
				if i == *instants-1 {
					resumed(t, dir, args[0], out)
				}
			}
			t.Logf("%.90q took %v; it ended at most %v after the interrupt, %d of %d times without itself", args, whole.took.Round(time.Millisecond), longest.Round(time.Millisecond), forced, *instants)
		})
	}
}

// checkInterrupted reports how a command ended, and returns false if it did not by itself.
func checkInterrupted(t *testing.T, args []string, got outcome) bool {
	t.Helper()
	early := got.took-got.react < 200*time.Millisecond && got.stderr == "" // before it took signals
	switch {
	case got.code == done, got.code < 0 && early:
	case got.code != failed || strings.Count(got.stderr, "\n") != 1 || !strings.HasPrefix(got.stderr, "taylornet: ") || !strings.Contains(got.stderr, "interrupted"):
		t.Errorf("%.300q: status %d: %s", args, got.code, got.stderr)
	}
	return !strings.HasPrefix(got.stderr, "taylornet: interrupted: interrupt signal received: ")
}

// resumed resumes what a command has saved in a folder, if it can be.
func resumed(t *testing.T, dir, name, out string) {
	t.Helper()
	if (name == "train" || name == "distill") && train.Exists(out) {
		if got := runIn(t, dir, time.Minute, name, "--resume", "--quiet", "--out", out); got.code != done {
			t.Errorf("%s is not resumed: status %d: %s", name, got.code, got.stderr)
		}
	}
}

// picturesOf makes a folder of class folders with many pictures.
func picturesOf(t *testing.T, dir string) {
	t.Helper()
	content, err := os.ReadFile("../../../docs/images/three.png")
	if err != nil {
		t.Skip("the documents are not here")
	}
	for class := range 2 {
		if err := os.MkdirAll(filepath.Join(dir, fmt.Sprint(class)), 0o777); err != nil {
			t.Fatal(err)
		}
		for i := range 100 {
			if err := os.WriteFile(filepath.Join(dir, fmt.Sprint(class), fmt.Sprint(i, ".png")), content, 0o666); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// TestInterruptDownload interrupts a download from a server that does not answer.
func TestInterruptDownload(t *testing.T) {
	server, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Skip("no network:", err)
	}
	defer server.Close()
	t.Setenv("HTTPS_PROXY", "http://"+server.Addr().String())
	t.Setenv("HTTP_PROXY", "http://"+server.Addr().String())
	dir := t.TempDir()
	got := runIn(t, dir, 500*time.Millisecond, "data", "mnist", "--fetch", "--quiet", "--data-dir", dir)
	if got.react == 0 {
		t.Skipf("the download did not wait: %s", got.stderr)
	}
	if !checkInterrupted(t, []string{"data", "--fetch"}, got) || got.code != failed {
		t.Errorf("status %d after %v: %s", got.code, got.react, got.stderr)
	}
}

// TestInterruptFullPipe interrupts a command whose output nobody reads.
func TestInterruptFullPipe(t *testing.T) {
	for _, errors := range []bool{false, true} {
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		fill(t, w)
		var stdout, stderr bytes.Buffer
		cmd := exec.CommandContext(t.Context(), "taylornet", "net", "mnist")
		cmd.Stdout, cmd.Stderr = w, &stderr
		if errors {
			cmd.Stderr = w
		}
		got := await(t, cmd, 500*time.Millisecond, &stdout, &stderr)
		if got.react == 0 || got.code != failed || !errors && !strings.HasPrefix(got.stderr, "taylornet: interrupted: interrupt signal received: ") {
			t.Errorf("status %d after %v: %s", got.code, got.react, got.stderr)
		}
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	}
}

// fill writes to a pipe until it takes no more.
func fill(t *testing.T, w *os.File) {
	t.Helper()
	if err := w.SetWriteDeadline(time.Now().Add(50 * time.Millisecond)); err != nil {
		t.Skip("pipes have no deadlines here:", err)
	}
	for {
		if _, err := w.Write(make([]byte, 1<<16)); err != nil {
			return
		}
	}
}

// TestSecondInterrupt ends a command that is blocked, before the time of grace.
func TestSecondInterrupt(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	fill(t, w)
	cmd := exec.CommandContext(t.Context(), "taylornet", "net", "mnist")
	cmd.Stdout = w
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	time.Sleep(300 * time.Millisecond)
	for range 2 {
		if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		time.Sleep(100 * time.Millisecond) // two at once could count as one
	}
	start := time.Now()
	_ = cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code != failed || time.Since(start) > hang {
		t.Errorf("status %d after %v", code, time.Since(start))
	}
}

// TestNotRegular names pipes, devices and folders wherever a file can be named. Nothing is
// waited for.
func TestNotRegular(t *testing.T) {
	dir := workFolder(t)
	pipe := filepath.Join(dir, "pipe")
	if err := syscall.Mkfifo(pipe, 0o666); err != nil {
		t.Skip("no pipes here:", err)
	}
	beside := filepath.Join(dir, "beside.safetensors")
	if err := syscall.Mkfifo(beside, 0o666); err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{pipe, "/dev/zero", dir, "", "-", strings.Repeat("x", 10_000)} {
		for _, args := range [][]string{
			{"net", file}, {"bench", "--net", file}, {"train", "--net", file + ":linear"}, {"train", "--teacher", file}, {"train", "--data", file},
			{"eval", file}, {"eval", "digits", "--data", file}, {"predict", file, "three.png"}, {"predict", "digits", file},
			{"explain", file}, {"explain", "digits", "three.png", "--about", file}, {"explain", "digits", file},
			{"distill", file}, {"distill", "digits", "--other", file}, {"classify", file, "three.png"},
			{"classify", "refs.safetensors", "three.png", "--model", file}, {"classify", "refs.safetensors", "three.png", "--other", file}, {"classify", "refs.safetensors", file},
			{"train", "--resume", "--out", file}, {"sweep", "--resume", "--out", file}, {"distill", "digits", "--resume", "--out", file}, {"taylor", "--data", file},
		} {
			if file == "" && slices.Contains([]string{"--teacher", "--data", "--out", "--model", "--other"}, args[len(args)-2]) {
				continue // as if it was not given
			}
			got := runIn(t, dir, 10*time.Second, append(args, "--quiet")...)
			if got.react > 0 || got.code < failed || strings.Count(got.stderr, "\n") != 1 {
				t.Errorf("%.200q: status %d after %v: %s", args, got.code, got.took, got.stderr)
			}
		}
	}
	// A pipe beside references is passed by.
	if got := runIn(t, dir, 10*time.Second, "classify", "refs.safetensors", "three.png", "--quiet"); got.code != done {
		t.Errorf("status %d: %s", got.code, got.stderr)
	}
}
