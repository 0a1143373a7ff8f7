package train

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/coarsegrain/taylornet/dataset"
	"github.com/coarsegrain/taylornet/internal/fsx/fsxtest"
	"github.com/coarsegrain/taylornet/spec"
)

// small is a run of three short epochs; norms' statistics are fixed from the middle
// of the second on.
func small() Config {
	c := Recipe("digits")
	c.Net = "Input(8,8,1) Conv(3,3,4,1,1,1) Norm CG(2,2,4,2,2) Conv(1,1,6,1,1) Linear(10)"
	c.Epochs, c.Validation = 3, 0.2
	c.Optimiser, c.Freeze, c.Spread, c.Mixup = "muon", 0.5, 4, 0.2
	return c
}

func digits(t testing.TB) *dataset.Data {
	t.Helper()
	data, err := dataset.Load("digits", dataset.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func modelBytes(t *testing.T, r *Result) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := r.Model.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestWorkersGiveIdenticalBytes(t *testing.T) {
	data := digits(t)
	var want []byte
	for _, workers := range []int{1, 2, 4} {
		result, err := Run(t.Context(), small(), data, Options{Workers: workers})
		if err != nil {
			t.Fatal(err)
		}
		got := modelBytes(t, result)
		if want == nil {
			want = got
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%d workers: another model than with 1", workers)
		}
	}
	other := small()
	other.Seed++
	result, err := Run(t.Context(), other, data, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(modelBytes(t, result), want) {
		t.Error("another seed gave the same model")
	}
}

// TestResumeEqualsNeverHavingStopped interrupts a run at random steps, saving
// now and then in between, and compares the outcome with an uninterrupted run.
func TestResumeEqualsNeverHavingStopped(t *testing.T) {
	data, cfg := digits(t), small()
	whole, err := Run(t.Context(), cfg, data, Options{})
	if err != nil {
		t.Fatal(err)
	}
	want := modelBytes(t, whole)
	r := rand.New(rand.NewPCG(1, 1))
	for range 4 {
		dir := filepath.Join(t.TempDir(), "run")
		interruptions := 0
		for {
			ctx, cancel := context.WithCancel(t.Context())
			left := 1 + r.IntN(40)
			_, err := Run(ctx, cfg, data, Options{Dir: dir, Resume: Exists(dir), Progress: func(Progress) {
				if left--; left == 0 {
					cancel()
				}
			}})
			cancel()
			if err == nil {
				break
			}
			if !errors.Is(err, ErrInterrupted) {
				t.Fatal(err)
			}
			interruptions++
		}
		got, err := os.ReadFile(filepath.Join(dir, ModelFile))
		if err != nil {
			t.Fatal(err)
		}
		if interruptions == 0 || !bytes.Equal(got, want) {
			t.Errorf("%d interruptions: another model than without", interruptions)
		}
		metrics, err := os.ReadFile(filepath.Join(dir, MetricsFile))
		if err != nil || bytes.Count(metrics, []byte("\n")) != cfg.Epochs {
			t.Errorf("metrics have %d lines, want %d (%v)", bytes.Count(metrics, []byte("\n")), cfg.Epochs, err)
		}
	}
}

// TestDiskFailures lets every call to the disk of a short run fail in turn. The
// run must say so, and go on from what it left to the same model.
func TestDiskFailures(t *testing.T) {
	data, cfg := digits(t), small()
	cfg.Epochs = 1
	whole, err := Run(t.Context(), cfg, data, Options{})
	if err != nil {
		t.Fatal(err)
	}
	want := modelBytes(t, whole)
	failures := 0
	for fail := 1; ; fail++ {
		dir := filepath.Join(t.TempDir(), "run")
		_, err := Run(t.Context(), cfg, data, Options{Dir: dir, fs: &fsxtest.Failing{Fail: fail}})
		if err == nil {
			break
		}
		failures++
		if !errors.Is(err, fsxtest.ErrDisk) || strings.Contains(err.Error(), "\n") {
			t.Fatalf("call %d fails: error %v", fail, err)
		}
		result, err := Run(t.Context(), cfg, data, Options{Dir: dir, Resume: Exists(dir)})
		if err != nil {
			t.Fatalf("call %d failed, going on: %v", fail, err)
		}
		if !bytes.Equal(modelBytes(t, result), want) {
			t.Errorf("call %d failed: another model after going on", fail)
		}
	}
	if failures < 10 {
		t.Errorf("only %d calls failed", failures)
	}
}

func TestDivergenceKeepsCheckpoint(t *testing.T) {
	deep := "Input(8,8,1) Conv(3,3,4,1,1,1) CG(1,1,4,1,1) CG(1,1,4,1,1) CG(2,2,4,2,2) CG(2,2,4,2,2) Norm Linear(10)"
	for _, tt := range []struct {
		name, at string
		change   func(*Config)
	}{
		{"the loss", "at epoch 1, step ", func(*Config) {}},
		{"the statistics of an epoch of one step", "after epoch 1: ", func(c *Config) { c.Net, c.Batch, c.Freeze = deep, 1200, 0 }},
		{"the same without validation", "after epoch 1: ", func(c *Config) { c.Net, c.Batch, c.Freeze, c.Validation = deep, 1438, 0, 0 }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			data, cfg := digits(t), small()
			cfg.Rate, cfg.Clip, cfg.Optimiser, cfg.Average, cfg.Mixup = 900, 0, "sgd", 0, 0
			tt.change(&cfg)
			dir := filepath.Join(t.TempDir(), "run")
			_, err := Run(t.Context(), cfg, data, Options{Dir: dir})
			if !errors.Is(err, ErrDiverged) || strings.Contains(err.Error(), "\n") {
				t.Fatalf("error %v, want one line wrapping %v", err, ErrDiverged)
			}
			for _, want := range []string{tt.at, "; the last good checkpoint is kept in " + dir, ": try a lower rate than 900 or clipping, such as a clip of 5"} {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error %q does not say %q", err, want)
				}
			}
			c, err := readCheckpoint(dir)
			if err != nil {
				t.Fatal(err)
			}
			for _, vector := range c.file.Tensors {
				for _, v := range vector.Data {
					if !finite(float64(v)) {
						t.Fatalf("the kept checkpoint has the value %v in %s", v, vector.Name)
					}
				}
			}
		})
	}
}

func TestRefusals(t *testing.T) {
	data, cfg := digits(t), small()
	cfg.Epochs = 1
	dir := filepath.Join(t.TempDir(), "run")
	if _, err := Run(t.Context(), cfg, data, Options{Dir: dir, Resume: true}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("resuming nothing: error %v", err)
	}
	if _, err := Run(t.Context(), cfg, data, Options{Dir: dir}); err != nil {
		t.Fatal(err)
	}
	if _, err := Run(t.Context(), cfg, data, Options{Dir: dir}); !errors.Is(err, ErrExists) {
		t.Errorf("a second run in the same folder: error %v", err)
	}
	changed := cfg
	changed.Rate /= 2
	if _, err := Run(t.Context(), changed, data, Options{Dir: dir, Resume: true}); err == nil {
		t.Error("resuming with other settings: no error")
	}
	data.Train.Pixels[0]++
	if _, err := Run(t.Context(), cfg, data, Options{Dir: dir, Resume: true}); err == nil {
		t.Error("resuming with other images: no error")
	}
	data.Train.Pixels[0]--
	if err := Check(cfg, data, nil); err != nil {
		t.Errorf("a run that could start: %v", err)
	}
	wrong := cfg
	wrong.Net = "Input(9,8,1) Linear(10)"
	if _, err := Run(t.Context(), wrong, data, Options{}); err == nil {
		t.Error("a network for other images: no error")
	}
	if Check(wrong, data, nil) == nil {
		t.Error("a network for other images: no error of Check")
	}
	wrong.Net = "Input(8,8,1) Linear(7)"
	if _, err := Run(t.Context(), wrong, data, Options{}); err == nil {
		t.Error("a network for other classes: no error")
	}
	if Check(wrong, data, nil) == nil {
		t.Error("a network for other classes: no error of Check")
	}
	last := filepath.Join(dir, LastFile)
	whole, err := os.ReadFile(last)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []int{0, 7, 100, len(whole) - 1} {
		if err := os.WriteFile(last, whole[:n], 0o666); err != nil {
			t.Fatal(err)
		}
		if _, err := Run(t.Context(), cfg, data, Options{Dir: dir, Resume: true}); err == nil || !strings.Contains(err.Error(), last) {
			t.Errorf("resuming from %d of %d bytes: error %v", n, len(whole), err)
		}
	}
}

func TestValidateReportsEveryFault(t *testing.T) {
	c := Config{Net: "Input(1,1,1)", Optimiser: "adam", Schedule: "step", Epochs: -1, Smoothing: 2}
	err := c.Validate()
	if err == nil {
		t.Fatal("no error")
	}
	for _, part := range []string{"adamw", "onecycle", "epochs", "batch", "rate", "smoothing", "network"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("the error does not speak of %q: %v", part, err)
		}
	}
	for _, name := range spec.Presets() {
		recipe := Recipe(name)
		if err := recipe.Validate(); err != nil {
			t.Errorf("recipe for %s: %v", name, err)
		}
	}
}

func TestPatience(t *testing.T) {
	cfg := small()
	cfg.Epochs, cfg.Patience, cfg.Rate = 50, 2, 1e-9 // no epoch can better the first by much
	result, err := Run(t.Context(), cfg, digits(t), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if n := len(result.History); n == cfg.Epochs || n != result.Best+1+cfg.Patience {
		t.Errorf("%d epochs with the best at %d, want %d more", n, result.Best+1, cfg.Patience)
	}
}

func TestNoValidationKeepsLast(t *testing.T) {
	cfg := small()
	cfg.Validation = 0
	result, err := Run(t.Context(), cfg, digits(t), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if result.Best != cfg.Epochs-1 || result.Validation != nil || result.Test.Total != digits(t).Test.Len() {
		t.Errorf("best %d, validation %v, %d test images", result.Best, result.Validation, result.Test.Total)
	}
}

// The model knows how far apart the logits of its training images are.
func TestLogitRange(t *testing.T) {
	data, cfg := digits(t), small()
	cfg.Validation = 0
	result, err := Run(t.Context(), cfg, data, Options{})
	if err != nil {
		t.Fatal(err)
	}
	want, err := result.Model.MeasureRange(data.Train.All())
	if err != nil {
		t.Fatal(err)
	}
	if got := result.Model.LogitRange; !(got > 0) || got != want {
		t.Errorf("range of logits %v, want %v", got, want)
	}
}

func TestThinned(t *testing.T) {
	all := digits(t).Train.All()
	for _, tt := range []struct{ most, n, last int }{{10000, 1438, 1437}, {1438, 1438, 1437}, {719, 719, 1436}, {3, 3, 958}, {1, 1, 0}} {
		got := thinned(all, tt.most)
		if got.Len() != tt.n || got.Index[0] != 0 || int(got.Index[got.Len()-1]) != tt.last {
			t.Errorf("at most %d: %d images, the last is %d, want %d and %d", tt.most, got.Len(), got.Index[got.Len()-1], tt.n, tt.last)
		}
	}
}

func TestProgress(t *testing.T) {
	var seen []string
	cfg := small()
	cfg.Epochs, cfg.Batch = 2, 512
	_, err := Run(t.Context(), cfg, digits(t), Options{SaveEvery: time.Nanosecond, Progress: func(p Progress) {
		seen = append(seen, fmt.Sprintf("%d/%d %d/%d %v", p.Epoch, p.Epochs, p.Step, p.Steps, p.Finished != nil))
	}})
	if err != nil {
		t.Fatal(err)
	}
	want := "1/2 1/2 false,1/2 2/2 false,1/2 2/2 true,2/2 1/2 false,2/2 2/2 false,2/2 2/2 true"
	if got := strings.Join(seen, ","); got != want {
		t.Errorf("progress\n got %s\nwant %s", got, want)
	}
}
