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

// TestImplausibleHistory reads checkpoints whose figures no run has.
func TestImplausibleHistory(t *testing.T) {
	for _, tt := range []struct {
		change func(*status)
		want   string
	}{
		{func(*status) {}, ""},
		{func(s *status) { s.History[1].Epoch = 7 }, "history: epoch 7 is in place 2"},
		{func(s *status) { s.History[1].TrainLoss = 1e300 }, "history: epoch 2: training loss 1e+300: want 0 to "},
		{func(s *status) { s.History[0].TrainLoss = -1 }, "training loss -1"},
		{func(s *status) { s.History[0].ValidationLoss = 1e307 }, "validation loss 1e+307"},
		{func(s *status) { s.History[0].ValidationAccuracy = 99 }, "validation accuracy 99: want 0 to 1"},
		{func(s *status) { s.History[0].TrainAccuracy = -0.1 }, "training accuracy -0.1: want 0 to 1"},
		{func(s *status) { s.History[0].TestAccuracy = 1.1 }, "test accuracy 1.1: want 0 to 1"},
		{func(s *status) { s.History[0].Partial = []float64{0.9, 1.1} }, "accuracy of a partial sum 1.1: want 0 to 1"},
		{func(s *status) { s.History[0].Partial = make([]float64, 9) }, "number of partial sums 9: want 0 to 8"},
		{func(s *status) { s.History[0].Seconds = -9.2e18 }, "seconds -9.2e+18: want 0 to 1000000000"},
		{func(s *status) { s.History[0].ImagesPerSecond = 1e100 }, "images per second 1e+100"},
		{func(s *status) { s.History[0].Rate = 1e9 }, "rate 1000000000"},
		{func(s *status) { s.Partial.Loss = 1e300 }, "loss of the epoch in progress 1e+300"},
		{func(s *status) { s.Partial.Images, s.Partial.Correct = 10, 11 }, "hits of the epoch in progress 11: want 0 to 10"},
		{func(s *status) { s.Partial.Seconds = 1e10 }, "seconds of the epoch in progress 10000000000"},
		{func(s *status) { s.Config.Rate = 0 }, "rate 0: want above 0, up to 1000"},
	} {
		data, cfg := digits(t), small()
		r, err := newRun(cfg, data, Options{})
		if err != nil {
			t.Fatal(err)
		}
		r.History = []Metrics{{Epoch: 1}, {Epoch: 2, TrainLoss: 999, TrainAccuracy: 1, ImagesPerSecond: 1e6}}
		tt.change(&r.status)
		dir := t.TempDir()
		r.opts.Dir = dir
		if err := r.save(); err != nil {
			t.Fatal(err)
		}
		_, err = ReadRun(dir)
		if (err == nil) != (tt.want == "") {
			t.Errorf("error %v, want %q", err, tt.want)
		} else if err != nil && (!strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), filepath.Join(dir, LastFile))) {
			t.Errorf("error %v, want %q and the file", err, tt.want)
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
		if err == nil && c.Config == cfg && c.consistent(cfg.Epochs, r.perEpoch, r.batch.N) {
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
