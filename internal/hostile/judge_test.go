//go:build linux

package hostile

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"
)

// What a command may take, whatever file of less than a megabyte it gets.
const (
	mostMemory = 300e6 // bytes resident
	mostTime   = 10 * time.Second
	// hang is when a command is killed. A busy machine is slow, so mostTime counts only if
	// the command has also computed for so long.
	hang = 12 * mostTime
	// mostAddresses keeps the machine alive, in kB.
	mostAddresses = 6_000_000
	// patience is when a command that trains is interrupted, as a user would: how long
	// training takes is for the user to say. Evaluating each image with 17 disturbances is
	// interrupted later, since most networks are done by then.
	patience, longPatience = 2 * time.Second, mostTime / 2
	// longest is the largest length of an error in bytes.
	longest = 2500
)

// report is what an attack came to.
type report struct {
	attack  *attack
	memory  float64 // the most bytes resident
	seconds float64
	faults  []string
}

// carryOut writes the input, runs the command, and judges what it did.
func (a *attack) carryOut(t *testing.T, base places) report {
	r := report{attack: a}
	dir := *keep
	if dir == "" {
		dir = base.base
	}
	dir = filepath.Join(dir, fmt.Sprintf("%04d", a.number)+"-"+fmt.Sprint(time.Now().UnixNano()))
	base.in, base.out = filepath.Join(dir, "in"), filepath.Join(dir, "out")
	err := os.MkdirAll(dir, 0o777)
	if err == nil && a.write != nil {
		err = a.write(base.in)
	}
	if err != nil {
		r.faults = []string{"the input cannot be written: " + err.Error()}
		return r
	}
	if *keep == "" {
		defer remove(dir)
	}

	ctx, cancel := context.WithTimeout(t.Context(), hang)
	defer cancel()
	shell := []string{"-c", fmt.Sprintf(`ulimit -v %d; exec "$@"`, mostAddresses), "sh", base.binary}
	cmd := exec.CommandContext(ctx, "/bin/sh", append(shell, base.fill(a.args)...)...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "XDG_CACHE_HOME="+dir, "TAYLORNET_DATA=")
	cmd.WaitDelay = time.Second
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	start := time.Now()
	if err := cmd.Start(); err != nil {
		r.faults = []string{err.Error()}
		return r
	}
	interruptAfter := hang
	if slices.Contains([]string{"train", "sweep", "distill", "taylor"}, a.args[0]) {
		interruptAfter = patience
	} else if slices.Contains(a.args, "--robustness") {
		interruptAfter = longPatience
	}
	timer := time.AfterFunc(interruptAfter, func() { _ = cmd.Process.Signal(os.Interrupt) })
	defer timer.Stop()
	err = cmd.Wait()
	r.seconds = time.Since(start).Seconds()
	if usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		r.memory = float64(usage.Maxrss) * 1024
	}
	r.judge(ctx, err, cmd.ProcessState, stdout.String(), stderr.String())
	r.written(dir)
	if *keep != "" {
		_ = os.WriteFile(filepath.Join(dir, "command"), []byte(strings.Join(base.fill(a.args), " ")+"\n"), 0o666)
	}
	return r
}

// remove removes a folder, unreadable folders in it included.
func remove(dir string) {
	_ = filepath.WalkDir(dir, func(path string, d fs.DirEntry, _ error) error {
		if d != nil && d.IsDir() {
			return os.Chmod(path, 0o777)
		}
		return nil
	})
	_ = os.RemoveAll(dir)
}

func (r *report) fault(format string, args ...any) {
	r.faults = append(r.faults, "  "+fmt.Sprintf(format, args...))
}

// written looks at the files that were written: none is outside the folder that was given,
// JSON is whole, and pages have no markup of others.
func (r *report) written(dir string) {
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		name, _ := filepath.Rel(dir, path)
		switch {
		case name == "in" && d != nil && d.IsDir():
			return fs.SkipDir
		case name == "in":
			return nil
		case err != nil:
			return err
		case filepath.Dir(name) == "." && name != "." && name != "out":
			r.fault("it wrote %q, outside its folder", name)
		}
		if !d.Type().IsRegular() {
			return nil
		}
		text, err := os.ReadFile(path)
		switch filepath.Ext(name) {
		case ".json":
			if !json.Valid(text) {
				r.fault("%s is not JSON: %s", name, head(string(text)))
			}
		case ".html", ".svg":
			if bytes.Contains(text, []byte("<script>alert")) {
				r.fault("%s holds markup of the input", name)
			}
		}
		return err
	})
	if err != nil {
		r.fault("%v", err)
	}
}

// judge holds an outcome against what is promised.
func (r *report) judge(ctx context.Context, err error, state *os.ProcessState, stdout, stderr string) {
	status := state.ExitCode()
	var exit *exec.ExitError
	switch computed := state.UserTime() + state.SystemTime(); {
	case ctx.Err() != nil:
		r.fault("it had not ended after %v", hang)
	case err != nil && !errors.As(err, &exit):
		r.fault("it could not be run: %v", err)
	case status != 0 && status != 1 && status != 2:
		r.fault("it ended with %v", state)
	case r.seconds > mostTime.Seconds() && computed > mostTime:
		r.fault("it took %.1f s", r.seconds)
	}
	if r.memory > mostMemory {
		r.fault("it took %.0f MB", r.memory/1e6)
	}
	for _, word := range []string{"panic", "fatal error", "goroutine "} {
		if strings.Contains(stderr, word) {
			r.fault("it crashed: %s", head(stderr))
			return
		}
	}
	quiet, asJSON := slices.Contains(r.attack.args, "--quiet"), slices.Contains(r.attack.args, "--json")
	// A single line of error, and nothing besides if the command is to be quiet.
	if lines := strings.Count(stderr, "\n"); status != 0 && ctx.Err() == nil && quiet && lines != 1 {
		r.fault("it wrote %d lines of error: %s", lines, head(stderr))
	}
	for line := range strings.Lines(stderr) {
		if len(line) > longest {
			r.fault("it wrote a line of error of %d bytes: %s", len(line), head(line))
		}
	}
	for name, text := range map[string]string{"output": stdout, "error": stderr} {
		if at := raw(text); at >= 0 {
			r.fault("it wrote %q to standard %s: %s", text[at:min(len(text), at+4)], name, head(text[max(0, at-40):]))
		}
	}
	if asJSON && (stdout != "" || status == 0) {
		// Not decoded: that would take this process more memory than the command may.
		if object := strings.HasPrefix(stdout, "{") && json.Valid([]byte(stdout)); !object && ctx.Err() == nil {
			r.fault("its output is not a JSON object: %s", head(stdout))
		}
	}
}

// raw returns the place of the first character that a terminal would obey instead of
// showing it, -1 if there is none.
func raw(text string) int {
	for i, r := range text {
		_, size := utf8.DecodeRuneInString(text[i:])
		if unicode.IsControl(r) && r != '\n' || r == utf8.RuneError && size == 1 ||
			r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 {
			return i
		}
	}
	return -1
}

// head returns the beginning of a text in quotes.
func head(text string) string { return fmt.Sprintf("%.300q", text) }
