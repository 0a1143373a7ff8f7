package train

import (
	"bytes"
	"context"
	"errors"
	"path/filepath"
	"testing"

	"github.com/coarsegrain/taylornet/internal/ctxtest"
	"github.com/coarsegrain/taylornet/internal/fsx"
)

// TestStopsAnywhere ends the context of a run, with a teacher, wherever it is asked: in a
// step, as the statistics are measured, in an evaluation. The rest must come to the same
// model.
func TestStopsAnywhere(t *testing.T) {
	data, cfg := digits(t), small()
	cfg.Epochs, cfg.Freeze, cfg.Average = 2, 0.6, 0.9
	taught, err := Run(t.Context(), cfg, data, Options{})
	if err != nil {
		t.Fatal(err)
	}
	cfg.Teacher = "itself"
	opts := Options{Workers: 1, Teacher: taught.Model}
	all := ctxtest.After(t.Context(), 0)
	whole, err := Run(all, cfg, data, opts)
	if err != nil {
		t.Fatal(err)
	}
	asked, stops := all.Asked(), 0
	for after := 1; after < asked; after += 1 + asked/25 {
		opts := opts
		opts.Dir = filepath.Join(t.TempDir(), "run")
		ctx := ctxtest.After(t.Context(), after)
		if _, err = Run(ctx, cfg, data, opts); !errors.Is(err, ErrInterrupted) || !errors.Is(err, context.Canceled) {
			t.Fatalf("ended at question %d of %d: %v", after, asked, err)
		}
		if more := ctx.Asked() - after; more > 500 { // once for each micro-batch of an evaluation
			t.Errorf("ended at question %d of %d, asked %d times again", after, asked, more)
		}
		stops++
		opts.Resume = true
		resumed, err := Run(t.Context(), cfg, data, opts)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(modelBytes(t, resumed), modelBytes(t, whole)) {
			t.Errorf("ended at question %d of %d: another model", after, asked)
		}
	}
	if stops < 20 {
		t.Errorf("stopped %d times", stops)
	}
}

// TestOneRunInAFolder starts runs in the folder of one that is in progress. They must be
// refused, new or resumed, and the first must end as if it were alone.
func TestOneRunInAFolder(t *testing.T) {
	data, cfg := digits(t), small()
	cfg.Epochs = 1
	alone, err := Run(t.Context(), cfg, data, Options{})
	if err != nil {
		t.Fatal(err)
	}
	other := cfg
	other.Seed++
	opts := Options{Dir: filepath.Join(t.TempDir(), "run")}
	first, refused := opts, 0
	disturb := func() {
		for _, c := range []Config{cfg, other} {
			for _, resume := range []bool{false, true} {
				opts.Resume = resume
				if _, err := Run(t.Context(), c, data, opts); !errors.Is(err, ErrInUse) {
					t.Errorf("a second run in the folder: %v", err)
				}
				refused++
			}
		}
	}
	first.Progress = func(Progress) { disturb() }
	first.Finished = func(*Result) error {
		disturb()
		return nil
	}
	result, err := Run(t.Context(), cfg, data, first)
	if err != nil {
		t.Fatal(err)
	}
	if refused == 0 || !bytes.Equal(modelBytes(t, result), modelBytes(t, alone)) {
		t.Errorf("%d were refused, or the first has another model", refused)
	}
	opts.Resume = true
	if _, err := Run(t.Context(), cfg, data, opts); err != nil {
		t.Errorf("after the first: %v", err)
	}
}

// TestFinishedFails ends a run by its hook.
func TestFinishedFails(t *testing.T) {
	data, cfg := digits(t), small()
	cfg.Epochs = 1
	why := errors.New("no room for the report")
	dir := filepath.Join(t.TempDir(), "run")
	_, err := Run(t.Context(), cfg, data, Options{Dir: dir, Finished: func(*Result) error { return why }})
	if !errors.Is(err, why) {
		t.Error(err)
	}
	if o, err := fsx.Own(dir, ErrInUse); err != nil {
		t.Errorf("the folder is not given up: %v", err)
	} else {
		o.Release()
	}
}
