package distill

import (
	"context"
	"errors"
	"maps"
	"path/filepath"
	"testing"

	"github.com/coarsegrain/taylornet/internal/ctxtest"
	"github.com/coarsegrain/taylornet/model"
	"github.com/coarsegrain/taylornet/train"
)

// TestStopsAnywhere ends the context of a distillation wherever it is asked: as images are
// embedded, grouped, refined and optimised. The rest must come to the same references.
func TestStopsAnywhere(t *testing.T) {
	set, models := someDigits(t, 400), []*model.Model{trained(t)}
	for _, change := range []func(*Config){
		func(c *Config) { c.Refine = 1 },
		func(c *Config) { c.Start, c.Target = "hard", "level" },
		func(c *Config) { c.Objective, c.Start = Distribution, "" },
	} {
		c := long()
		for i := range c.Steps {
			c.Steps[i] = min(c.Steps[i], 3)
		}
		change(&c)
		whole := filepath.Join(t.TempDir(), "whole")
		all := ctxtest.After(t.Context(), 0)
		if _, err := Run(all, c, models, set, Options{Dir: whole, Workers: 1}); err != nil {
			t.Fatal(err)
		}
		want, asked, stops := levelFiles(t, whole, c), all.Asked(), 0
		for after := 1; after < asked; after += 1 + asked/12 {
			opts := Options{Dir: filepath.Join(t.TempDir(), "run"), Workers: 1}
			ctx := ctxtest.After(t.Context(), after)
			if _, err := Run(ctx, c, models, set, opts); !errors.Is(err, ErrInterrupted) || !errors.Is(err, context.Canceled) {
				t.Fatalf("ended at question %d of %d: %v", after, asked, err)
			}
			if more := ctx.Asked() - after; more > 1000 { // once for each micro-batch of an embedding
				t.Errorf("ended at question %d of %d, asked %d times again", after, asked, more)
			}
			opts.Resume = true
			if _, err := Run(t.Context(), c, models, set, opts); err != nil {
				t.Fatal(err)
			}
			if !maps.Equal(levelFiles(t, opts.Dir, c), want) {
				t.Errorf("ended at question %d of %d: other references", after, asked)
			}
			stops++
		}
		if stops < 10 {
			t.Errorf("stopped %d times", stops)
		}
	}
}

// TestOneDistillationInAFolder starts distillations in the folder of one that is in
// progress.
func TestOneDistillationInAFolder(t *testing.T) {
	c, set, models := small(), someDigits(t, 400), []*model.Model{trained(t)}
	opts := Options{Dir: filepath.Join(t.TempDir(), "run")}
	first, refused := opts, 0
	disturb := func() {
		for _, resume := range []bool{false, true} {
			opts.Resume = resume
			if _, err := Run(t.Context(), c, models, set, opts); !errors.Is(err, train.ErrInUse) {
				t.Errorf("a second one in the folder: %v", err)
			}
			refused++
		}
	}
	first.Progress = func(Progress) { disturb() }
	first.Finished = func([]*References) error {
		disturb()
		return nil
	}
	if _, err := Run(t.Context(), c, models, set, first); err != nil || refused == 0 {
		t.Errorf("the first, with %d refused: %v", refused, err)
	}
	opts.Resume = true
	if _, err := Run(t.Context(), c, models, set, opts); err != nil {
		t.Errorf("after the first: %v", err)
	}
}
