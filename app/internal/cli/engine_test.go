package cli

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/coarsegrain/taylornet/engine"
	"github.com/coarsegrain/taylornet/engine/cpu"
	"github.com/coarsegrain/taylornet/spec"
)

// counted is the engine of package cpu under another name. It counts what it compiles.
type counted struct {
	cpu.Engine[float32]
	programs, trainers atomic.Int32
}

func (*counted) Name() string { return "counted" }

func (c *counted) Compile(net *spec.Net, params []float32, opts engine.Options) (engine.Program[float32], error) {
	c.programs.Add(1)
	return c.Engine.Compile(net, params, opts)
}

func (c *counted) CompileTraining(net *spec.Net, opts engine.TrainingOptions) (engine.Trainer[float32], error) {
	c.trainers.Add(1)
	return c.Engine.CompileTraining(net, opts)
}

// TestEngines trains and evaluates with an engine that another binary brings.
func TestEngines(t *testing.T) {
	dir := t.TempDir()
	run := func(status int, e engine.Engine[float32], args ...string) string {
		t.Helper()
		var stderr bytes.Buffer
		var engines []engine.Engine[float32]
		if e != nil {
			engines = append(engines, e)
		}
		if got := Main(append(args, "--quiet"), io.Discard, &stderr, engines...); got != status {
			t.Fatalf("%q: exit status %d, want %d: %s", args, got, status, &stderr)
		}
		return stderr.String()
	}
	trained := filepath.Join(dir, "run")
	e := &counted{}
	run(done, e, smallRun(trained, "--epochs", "1", "--engine", "counted")...)
	if e.trainers.Load() != 1 || e.programs.Load() == 0 {
		t.Errorf("train compiled %d trainers and %d programs", e.trainers.Load(), e.programs.Load())
	}
	report, err := os.ReadFile(filepath.Join(trained, reportFile))
	if err != nil || !strings.Contains(string(report), "taylornet train --data digits --engine counted --net ") {
		t.Errorf("the report does not repeat --engine (%v)", err)
	}
	for _, args := range [][]string{
		{"eval", trained},
		{"predict", trained, "../../../docs/images/three.png"},
		{"sweep", "--seeds", "1", "--epochs", "1", "--net", small, "--out", filepath.Join(dir, "sweep")},
	} {
		e := &counted{}
		run(done, e, append(args, "--engine", "counted")...)
		if e.programs.Load() == 0 {
			t.Errorf("%s did not use the engine", args[0])
		}
	}
	run(done, &counted{}, "eval", trained, "--engine", "cpu")
	if text := run(misuse, &counted{}, "eval", trained, "--engine", "tpu"); !strings.Contains(text, "want cpu, counted") {
		t.Errorf("error %q", text)
	}
	if text := run(misuse, nil, "eval", trained, "--engine", "cpu"); !strings.Contains(text, "unknown flag: --engine") {
		t.Errorf("without a choice: error %q", text)
	}
}
