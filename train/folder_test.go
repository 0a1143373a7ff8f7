package train

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/coarsegrain/taylornet/internal/fsx/fsxtest"
)

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

// TestInterruptedAfterTheLastEpoch ends the context of a run that only has to be
// evaluated.
func TestInterruptedAfterTheLastEpoch(t *testing.T) {
	data, cfg := digits(t), small()
	dir := filepath.Join(t.TempDir(), "run")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	_, err := Run(ctx, cfg, data, Options{Dir: dir, Progress: func(p Progress) {
		if p.Epoch == cfg.Epochs && p.Finished != nil {
			cancel()
		}
	}})
	if !errors.Is(err, ErrInterrupted) || !errors.Is(err, context.Canceled) {
		t.Fatalf("error %v, want an interruption", err)
	}
	resumed, err := Run(t.Context(), cfg, data, Options{Dir: dir, Resume: true})
	if err != nil {
		t.Fatal(err)
	}
	whole, err := Run(t.Context(), cfg, data, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(modelBytes(t, resumed), modelBytes(t, whole)) {
		t.Error("the resumed run has another model than the uninterrupted one")
	}
}

// A run continues on the same images by another name, to the same model, and refuses
// others by the same name.
func TestResumeByChecksum(t *testing.T) {
	data, cfg := digits(t), small()
	dir := filepath.Join(t.TempDir(), "run")
	whole, err := Run(t.Context(), cfg, data, Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	moved, there := *data, cfg
	moved.Name, there.Data = "moved", "/elsewhere/moved"
	resumed, err := Run(t.Context(), there, &moved, Options{Dir: dir, Resume: true})
	if err != nil || !bytes.Equal(modelBytes(t, resumed), modelBytes(t, whole)) {
		t.Errorf("the run on data that were moved has another model (%v)", err)
	}
	record, err := ReadRun(dir)
	if err != nil || record.DataSHA256 != data.Train.Fingerprint() || record.Config.Data != "digits" || record.Epochs != cfg.Epochs {
		t.Errorf("the record is %+v (%v)", record, err)
	}
	other := *data
	other.Train = data.Train.All().Copy("digits train")
	other.Train.Pixels[0]++
	_, err = Run(t.Context(), cfg, &other, Options{Dir: dir, Resume: true})
	if err == nil || !strings.Contains(err.Error(), "differ from those that it was trained on, digits (checksum ") {
		t.Errorf("other images by the same name: error %v", err)
	}
	cfg.Rate *= 2
	if _, err = Run(t.Context(), cfg, data, Options{Dir: dir, Resume: true}); err == nil || !strings.Contains(err.Error(), "its settings differ") {
		t.Errorf("other settings: error %v", err)
	}
}
