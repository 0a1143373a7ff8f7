package sweep

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/coarsegrain/taylornet/dataset"
	"github.com/coarsegrain/taylornet/model"
	"github.com/coarsegrain/taylornet/tensor"
	"github.com/coarsegrain/taylornet/train"
)

func load(ctx context.Context, name string, size dataset.Size) (*dataset.Data, error) {
	return dataset.Load(ctx, name, dataset.Options{Size: size})
}

// quickPlan returns a plan of two seeds with a variation that trains, one that diverges,
// and one of smaller images.
func quickPlan(t *testing.T) *Plan {
	t.Helper()
	p := &Plan{Data: "digits", Seed: 3, Seeds: 2}
	c := train.Recipe("digits")
	c.Net, c.Epochs, c.Batch, c.Seed = "Input(8,8,1) CG(2,2,1,2,2) Linear(10)", 2, 128, p.Seed
	diverging, small := c, c
	diverging.Optimiser, diverging.Rate, diverging.Clip = "sgd", 1000, 0
	small.Net = "Input(4,4,1) CG(2,2,1,2,2) Linear(10)"
	for _, err := range []error{
		p.Add("", dataset.Size{}, c), p.Add("diverging", dataset.Size{}, diverging), p.Add("small", dataset.Size{H: 4, W: 4}, small),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return p
}

// outcome returns results as JSON without times and the folder.
func outcome(t *testing.T, r *Results, dir string) string {
	t.Helper()
	for i := range r.Variations {
		r.Variations[i].Seconds = 0
		for _, run := range r.Variations[i].Runs {
			run.Seconds = 0
		}
	}
	text, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	return strings.ReplaceAll(string(text), dir, "DIR")
}

// TestResumedSweep interrupts a sweep after each run and compares its results with those
// of one that made two runs at a time.
func TestResumedSweep(t *testing.T) {
	plan := quickPlan(t)
	whole, dir := filepath.Join(t.TempDir(), "a"), filepath.Join(t.TempDir(), "b")
	opts := Options{Dir: whole, Parallel: 2, Load: Load(load).Once()}
	results, err := Run(t.Context(), plan, opts)
	if err != nil {
		t.Fatal(err)
	}
	want := outcome(t, results, whole)
	if !results.Variations[1].Runs[0].Diverged || results.Variations[1].Validation != nil || results.Variations[2].Difference == nil {
		t.Errorf("results %s", want)
	}
	opts.Dir, opts.Parallel = dir, 0
	interruptions := 0
	for {
		ctx, cancel := context.WithCancel(t.Context())
		opts.Resume = Exists(dir)
		opts.Done = func(run PlannedRun, _ *RunResult, _ error) {
			if run.Number < run.Of {
				cancel()
			}
		}
		results, err = Run(ctx, plan, opts)
		cancel()
		if err == nil {
			break
		}
		if !errors.Is(err, train.ErrInterrupted) || !errors.Is(err, context.Canceled) || strings.Contains(err.Error(), "\n") {
			t.Fatalf("error %v, want an interruption with its cause", err)
		}
		interruptions++
	}
	if got := outcome(t, results, dir); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if interruptions != 5 {
		t.Errorf("%d interruptions, want 5", interruptions)
	}
	for _, run := range plan.Runs(dir) {
		if !run.Finished() {
			t.Errorf("%v is not finished", run)
		}
	}
	opts.Resume = false
	if _, err := Run(t.Context(), plan, opts); !errors.Is(err, ErrExists) {
		t.Errorf("a second sweep in the same folder: error %v", err)
	}
}

// TestOneSweepInAFolder starts a sweep in the folder of one that is in progress.
func TestOneSweepInAFolder(t *testing.T) {
	plan, refused := quickPlan(t), 0
	opts := Options{Dir: filepath.Join(t.TempDir(), "sweep"), Load: load}
	first := opts
	first.Watch = func(run PlannedRun, _ *dataset.Data) func(train.Progress) {
		for _, resume := range []bool{false, true} {
			opts.Resume = resume
			if _, err := Run(t.Context(), plan, opts); !errors.Is(err, train.ErrInUse) {
				t.Errorf("before %v a second sweep: error %v", run, err)
			}
			refused++
		}
		return nil
	}
	if _, err := Run(t.Context(), plan, first); err != nil || refused == 0 {
		t.Errorf("the first, with %d refused: error %v", refused, err)
	}
}

// TestInterruptedLoad: a sweep is interrupted, too, while it reads its data.
func TestInterruptedLoad(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	cause := errors.New("enough")
	opts := Options{Dir: t.TempDir(), Load: func(ctx context.Context, _ string, _ dataset.Size) (*dataset.Data, error) {
		cancel(cause)
		return nil, context.Cause(ctx)
	}}
	if _, err := Run(ctx, quickPlan(t), opts); !errors.Is(err, train.ErrInterrupted) || !errors.Is(err, cause) {
		t.Errorf("error %v, want an interruption with its cause", err)
	}
}

// TestTrainedFails ends a sweep by an error of Trained; the run is then looked at again.
func TestTrainedFails(t *testing.T) {
	plan, dir := quickPlan(t), t.TempDir()
	full := errors.New("the disk is full")
	opts := Options{Dir: dir, Load: load, Trained: func(PlannedRun, *dataset.Data, *train.Result) error { return full }}
	if _, err := Run(t.Context(), plan, opts); !errors.Is(err, full) || !strings.HasPrefix(err.Error(), "run 1 of 6: ") {
		t.Fatalf("error %v", err)
	}
	seen := 0
	opts.Resume, opts.Trained = true, func(PlannedRun, *dataset.Data, *train.Result) error { seen++; return nil }
	if _, err := Run(t.Context(), plan, opts); err != nil || seen != 4 {
		t.Errorf("%d runs were trained, want 4 (%v)", seen, err)
	}
}

func TestCheck(t *testing.T) {
	plan := quickPlan(t)
	first := plan.Variations[0]
	if err := Check(t.Context(), plan, first, Options{Load: load}); err != nil {
		t.Error(err)
	}
	if err := Check(t.Context(), plan, first, Options{Load: load, Memory: 1 << 16}); !errors.Is(err, tensor.ErrMemory) {
		t.Errorf("a run in 64 kB: error %v", err)
	}
	other := *first
	other.Size = dataset.Size{H: 5, W: 5}
	if err := Check(t.Context(), plan, &other, Options{Load: load}); err == nil {
		t.Error("images that do not fit the network: no error")
	}
	var seeds []uint64
	missing := errors.New("no teacher")
	taught := *first
	taught.Config.Teacher = "teachers"
	opts := Options{Load: load, Teacher: func(_ string, seed uint64) (*model.Model, error) {
		seeds = append(seeds, seed)
		return nil, missing
	}}
	if err := Check(t.Context(), plan, &taught, opts); !errors.Is(err, missing) || len(seeds) != 1 || seeds[0] != plan.Seed {
		t.Errorf("error %v after seeds %v", err, seeds)
	}
}

func TestOnce(t *testing.T) {
	calls := 0
	once := Load(func(_ context.Context, name string, _ dataset.Size) (*dataset.Data, error) {
		calls++
		if name == "" {
			return nil, os.ErrNotExist
		}
		return &dataset.Data{Name: name}, nil
	}).Once()
	for range 2 {
		for _, size := range []dataset.Size{{}, {H: 1, W: 1}} {
			if data, err := once(t.Context(), "a", size); err != nil || data.Name != "a" {
				t.Fatal(err)
			}
		}
		if _, err := once(t.Context(), "", dataset.Size{}); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("error %v", err)
		}
	}
	if calls != 4 {
		t.Errorf("%d calls, want 4: two sizes, and an error twice", calls)
	}
}
