package sweep

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/coarsegrain/taylornet/dataset"
	"github.com/coarsegrain/taylornet/engine"
	"github.com/coarsegrain/taylornet/internal/fsx"
	"github.com/coarsegrain/taylornet/internal/memory"
	"github.com/coarsegrain/taylornet/internal/parallel"
	"github.com/coarsegrain/taylornet/model"
	"github.com/coarsegrain/taylornet/train"
)

var (
	// ErrExists is wrapped by the error of a new sweep in a folder that already holds one.
	ErrExists = errors.New("the folder already holds a sweep")
	// ErrData is wrapped by the error of a sweep whose data have other images than those
	// that it was planned with.
	ErrData = errors.New("other images")
)

// Load returns a data set by its name, with images of this size unless it is zero.
type Load func(ctx context.Context, name string, size dataset.Size) (*dataset.Data, error)

// Once returns a function that calls load once per name and size, and returns the same
// data set from then on.
func (load Load) Once() Load {
	type key struct {
		name string
		size dataset.Size
	}
	var lock sync.Mutex
	loaded := map[key]*dataset.Data{}
	return func(ctx context.Context, name string, size dataset.Size) (*dataset.Data, error) {
		lock.Lock()
		defer lock.Unlock()
		k := key{name, size}
		if loaded[k] == nil {
			data, err := load(ctx, name, size)
			if err != nil {
				return nil, err
			}
			loaded[k] = data
		}
		return loaded[k], nil
	}
}

// Options say how a sweep is made. The outcome depends on the data, the teachers and the
// engine among them.
type Options struct {
	// Dir is the folder of the sweep, which is made if it is missing. Until Run returns,
	// the folder is the sweep's own: another gets an error that wraps train.ErrInUse.
	Dir string
	// Resume continues the sweep in Dir, which must be of the same plan.
	Resume bool
	// Parallel is the number of runs that are made at a time; 0 means 1.
	Parallel int
	// Engine is that of train.Options.
	Engine engine.Engine[float32]
	// Workers is the number of goroutines of each run. 0 shares the CPUs among the
	// runs that are made at a time.
	Workers int
	// Memory is that of train.Options, for all runs that are made at a time together.
	Memory int64
	// SaveEvery is that of train.Options.
	SaveEvery time.Duration

	// Load returns the data of a run. It is called for every run, also at the same
	// time: see Load.Once.
	Load Load
	// Teacher returns the teacher that a train.Config names, for a run with this seed.
	// It may be nil if no variation names one.
	Teacher func(name string, seed uint64) (*model.Model, error)

	// Watch, if not nil, is called before each run. It returns the Progress of
	// train.Options.
	Watch func(run PlannedRun, data *dataset.Data) func(train.Progress)
	// Trained, if not nil, is called after each run, before its result is recorded. An
	// error ends the sweep; the run is then looked at again when the sweep is resumed.
	Trained func(run PlannedRun, data *dataset.Data, result *train.Result) error
	// Done, if not nil, is called when the result of a run is recorded. The error
	// says how a run diverged; it is nil otherwise.
	Done func(run PlannedRun, result *RunResult, diverged error)
}

// sweep is a sweep in progress.
type sweep struct {
	plan   *Plan
	opts   Options
	files  fsx.FS
	atOnce int // runs that are made at a time
}

// Run makes the runs of a plan that are not finished and returns the results of all. A run
// that diverges does not end the sweep. If ctx ends first, Run returns an error that wraps
// train.ErrInterrupted; every run keeps its checkpoint.
func Run(ctx context.Context, plan *Plan, opts Options) (*Results, error) {
	if err := plan.Validate(); err != nil {
		return nil, fmt.Errorf("plan: %w", err)
	}
	owner, err := fsx.Own(opts.Dir, train.ErrInUse)
	if err != nil {
		return nil, err
	}
	defer owner.Release()
	s := &sweep{plan: plan, opts: opts, files: owner.FS(fsx.OS{})}
	if err := s.open(); err != nil {
		return nil, err
	}
	runs, err := s.runs(ctx)
	if err != nil {
		return nil, err
	}
	results, err := plan.results(opts.Dir, runs)
	if err != nil {
		return nil, err
	}
	return results, s.writeJSON(filepath.Join(opts.Dir, ResultsFile), results)
}

// Check returns the error that would keep a run of a variation from starting, its folder
// aside, if it were the only one.
func Check(ctx context.Context, plan *Plan, v *Variation, opts Options) error {
	data, err := opts.Load(ctx, plan.Data, v.Size)
	if err != nil {
		return err
	}
	differing := 1
	if v.Config.Teacher != "" { // each seed may have another one
		differing = plan.Seeds
	}
	for n := range differing {
		run := PlannedRun{Variation: v, Seed: plan.Seed + uint64(n)}
		teacher, err := opts.teacher(run)
		if err != nil {
			return err
		}
		if err := train.Check(run.Settings(), data, train.Options{Teacher: teacher, Workers: 1, Memory: opts.Memory}); err != nil {
			return err
		}
	}
	return nil
}

// teacher returns the teacher of a run; nil if it has none.
func (o *Options) teacher(run PlannedRun) (*model.Model, error) {
	if run.Config.Teacher == "" || o.Teacher == nil {
		return nil, nil
	}
	return o.Teacher(run.Config.Teacher, run.Seed)
}

// open makes the folder of a new sweep, or tidies that of a resumed one.
func (s *sweep) open() error {
	dir := s.opts.Dir
	if s.opts.Resume {
		return fsx.RemoveTemp(dir)
	}
	if Exists(dir) {
		return fmt.Errorf("%s: %w", dir, ErrExists)
	}
	for _, run := range s.plan.Runs(dir) {
		if train.Exists(run.Dir) {
			return fmt.Errorf("%s: %w", run.Dir, train.ErrExists)
		}
	}
	if err := fsx.RemoveTemp(dir); err != nil { // of a sweep that was killed before it had its plan
		return err
	}
	text, err := s.plan.encode()
	if err != nil {
		return err
	}
	return fsx.WriteBytes(s.files, filepath.Join(dir, PlanFile), text)
}

// runs makes the runs that are not finished and returns the results of all.
func (s *sweep) runs(ctx context.Context) ([]*RunResult, error) {
	planned := s.plan.Runs(s.opts.Dir)
	results := make([]*RunResult, len(planned))
	limit := max(1, s.opts.Parallel)
	for i, run := range planned {
		var err error
		if results[i], err = run.read(); err != nil {
			return nil, err
		}
		if results[i] == nil && s.atOnce < limit {
			s.atOnce++
		}
	}
	group, running := errgroup.WithContext(ctx)
	group.SetLimit(limit)
	for i, run := range planned {
		if results[i] != nil {
			continue
		}
		group.Go(func() (err error) {
			if results[i], err = s.make(running, run); err != nil {
				return fmt.Errorf("%v: %w", run, err)
			}
			return nil
		})
	}
	return results, group.Wait()
}

// make makes a run, or continues it, and records its result.
func (s *sweep) make(ctx context.Context, run PlannedRun) (*RunResult, error) {
	data, err := s.opts.Load(ctx, s.plan.Data, run.Size)
	if ctx.Err() != nil {
		return nil, fmt.Errorf("%w: %w", train.ErrInterrupted, context.Cause(ctx))
	}
	if err == nil && run.DataSHA256 != "" && run.DataSHA256 != data.Train.Fingerprint() {
		err = fmt.Errorf("%w: those of %s are not the images of the plan, %s", ErrData, data.Name, s.plan.Data)
	}
	if err != nil {
		return nil, err
	}
	result := &RunResult{Seed: run.Seed}
	record := func() error { return s.writeJSON(filepath.Join(run.Dir, ResultFile), result) }
	diverged := s.train(ctx, run, data, func(trained *train.Result) error {
		result.take(run.Dir, trained)
		if s.opts.Trained != nil {
			if err := s.opts.Trained(run, data, trained); err != nil {
				return err
			}
		}
		return record()
	})
	if diverged != nil {
		if !errors.Is(diverged, train.ErrDiverged) {
			return nil, diverged
		}
		result.Diverged = true
		if err := record(); err != nil {
			return nil, err
		}
	}
	if s.opts.Done != nil {
		s.opts.Done(run, result, diverged)
	}
	return result, nil
}

// train trains with the run's share of the CPUs, unless the options give workers, and of
// the memory.
func (s *sweep) train(ctx context.Context, run PlannedRun, data *dataset.Data, finished func(*train.Result) error) error {
	opts := train.Options{
		Dir: run.Dir, Resume: s.opts.Resume && train.Exists(run.Dir),
		Engine: s.opts.Engine, Workers: s.opts.Workers, SaveEvery: s.opts.SaveEvery, Memory: s.opts.Memory, Finished: finished,
	}
	if !opts.Resume {
		var err error
		if opts.Teacher, err = s.opts.teacher(run); err != nil {
			return err
		}
	}
	if opts.Workers == 0 && s.atOnce > 1 {
		opts.Workers = max(1, parallel.Workers(0)/s.atOnce)
	}
	if s.atOnce > 1 { // the data are held once
		held := data.Bytes()
		opts.Memory = int64(held) + memory.Rest(s.opts.Memory, held)/int64(s.atOnce)
	}
	if s.opts.Watch != nil {
		opts.Progress = s.opts.Watch(run, data)
	}
	_, err := train.Run(ctx, run.Settings(), data, opts)
	return err
}

func (s *sweep) writeJSON(path string, value any) error {
	text, err := json.Marshal(value)
	if err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	return fsx.WriteBytes(s.files, path, append(text, '\n'))
}
