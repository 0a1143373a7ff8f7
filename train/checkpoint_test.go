package train

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// checkpointOf is the checkpoint of a finished run.
func checkpointOf(tb testing.TB, cfg Config) []byte {
	tb.Helper()
	dir := filepath.Join(tb.TempDir(), "run")
	if _, err := Run(tb.Context(), cfg, digits(tb), Options{Dir: dir}); err != nil {
		tb.Fatal(err)
	}
	data, err := os.ReadFile(filepath.Join(dir, LastFile))
	if err != nil {
		tb.Fatal(err)
	}
	return data
}

// TestImpossibleProgress resumes from checkpoints that no run can have left.
func TestImpossibleProgress(t *testing.T) {
	cfg := small()
	cfg.Epochs = 1
	data := checkpointOf(t, cfg)
	for _, tt := range []struct{ name, from, to string }{
		{"as it is", "", ""},
		{"a step too many", `\"step\":35,`, `\"step\":36,`},
		{"a step too few", `\"step\":35,`, `\"step\":34,`},
		{"a negative step", `\"step\":35,`, `\"step\":-1,`},
		{"not done", `\"done\":true`, `\"done\":null`},
		{"no best epoch", `\"best\":0,`, `\"best\":-1`},
		{"a best epoch to come", `\"best\":0,`, `\"best\":1,`},
		{"fewer optimiser steps than none", `\"optimiser_steps\":35`, `\"optimiser_steps\":-9`},
	} {
		dir := t.TempDir()
		changed := bytes.Replace(data, []byte(tt.from), []byte(tt.to), 1)
		if tt.from != "" && bytes.Equal(changed, data) {
			t.Fatalf("%s: no %s in the checkpoint", tt.name, tt.from)
		}
		if err := os.WriteFile(filepath.Join(dir, LastFile), changed, 0o666); err != nil {
			t.Fatal(err)
		}
		_, err := Run(t.Context(), cfg, digits(t), Options{Dir: dir, Resume: true})
		if (err == nil) != (tt.from == "") {
			t.Errorf("%s: error %v", tt.name, err)
		}
	}
}

func FuzzCheckpoint(f *testing.F) {
	cfg := small()
	cfg.Epochs = 1
	data := checkpointOf(f, cfg)
	f.Add(data)
	f.Add(data[:len(data)/2])
	f.Add([]byte{})
	f.Add(bytes.Replace(data, []byte(`\"step\":35,`), []byte(`\"step\":99,`), 1))
	f.Add([]byte(strings.NewReplacer("muon", "muox", "onecycle", "onecyclx").Replace(string(data)))) // two faults
	r, err := newRun(cfg, digits(f), Options{})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := decodeCheckpoint(data)
		if err == nil && c.Config == cfg && c.consistent(cfg.Epochs, r.perEpoch) {
			err = r.restore(c)
			if !r.Done {
				r.schedule.At(r.Step, cfg.Epochs*r.perEpoch)
			}
		}
		if err != nil && strings.Contains(err.Error(), "\n") {
			t.Errorf("error of several lines: %v", err)
		}
	})
}
