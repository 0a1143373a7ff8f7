package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/coarsegrain/taylornet/dataset"
	"github.com/coarsegrain/taylornet/internal/parallel"
	"github.com/coarsegrain/taylornet/train"
)

// resultFile is what a sweep adds to the folder of a run when all else is in it: a
// run that has one is finished, and never looked at again.
const resultFile = "result.json"

// sweepRun is a finished run of a sweep.
type sweepRun struct {
	Seed               uint64   `json:"seed"`
	Diverged           bool     `json:"diverged,omitempty"` // and has only its seed
	ValidationAccuracy *float64 `json:"validation_accuracy,omitempty"`
	TestAccuracy       *float64 `json:"test_accuracy,omitempty"`
	Seconds            float64  `json:"seconds,omitzero"` // in steps, without evaluation
	Epochs             int      `json:"epochs,omitzero"`
	Model              string   `json:"model,omitempty"`
}

// sweep is a sweep in progress.
type sweep struct {
	*app
	flags  *sweepFlags
	plan   *sweepPlan
	dir    string
	shown  *trainProgress
	atOnce int // runs that are made at a time
	load   loader
	mu     sync.Mutex // of loaded
	loaded map[dataset.Size]*dataset.Data
}

// loadOnce loads the data set, the first time that the size is asked for.
func (s *sweep) loadOnce(name string, size dataset.Size) (*dataset.Data, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if data := s.loaded[size]; data != nil {
		return data, nil
	}
	data, err := s.load(name, size)
	if err != nil {
		return nil, err
	}
	if s.loaded == nil {
		s.loaded = map[dataset.Size]*dataset.Data{}
	}
	s.loaded[size] = data
	return data, nil
}

// plannedRun is a variation trained with one seed.
type plannedRun struct {
	*variation
	seed uint64
	dir  string
	name string // among all
}

// planned lists the runs in their order: seed by seed, so that those of an
// interrupted sweep can be compared.
func (s *sweep) planned() []plannedRun {
	var list []plannedRun
	for i := range s.plan.Seeds {
		for _, v := range s.plan.Variations {
			seed := s.plan.Seed + uint64(i)
			list = append(list, plannedRun{
				variation: v, seed: seed,
				dir:  train.SeedDir(filepath.Join(s.dir, v.Folder), seed),
				name: fmt.Sprintf("run %d of %d", len(list)+1, s.plan.Seeds*len(s.plan.Variations)),
			})
		}
	}
	return list
}

// run makes the runs that are not finished, as many at a time as asked, in their
// order.
func (s *sweep) run(ctx context.Context) error {
	planned := s.planned()
	results := make([]*sweepRun, len(planned))
	s.shown = s.trainProgress(len(planned))
	for i, p := range planned {
		var err error
		if results[i], err = p.read(); err != nil {
			return err
		}
		if results[i] != nil {
			s.shown.done(i, "")
		} else if s.atOnce < s.flags.parallel {
			s.atOnce++
		}
	}
	group, running := errgroup.WithContext(ctx)
	group.SetLimit(s.flags.parallel)
	for i, p := range planned {
		if results[i] != nil {
			continue
		}
		group.Go(func() (err error) {
			results[i], err = s.train(running, i, p)
			return err
		})
	}
	err := group.Wait()
	s.shown.clear()
	if err != nil {
		return err
	}
	finished := make(map[*variation][]*sweepRun)
	for i, p := range planned {
		r := results[i]
		if !s.plan.Test {
			r.TestAccuracy = nil
		}
		finished[p.variation] = append(finished[p.variation], r)
	}
	return s.finish(finished)
}

// read is how the run ended before, nil if it did not.
func (p plannedRun) read() (*sweepRun, error) {
	path := filepath.Join(p.dir, resultFile)
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	r := &sweepRun{}
	if err == nil {
		err = json.Unmarshal(text, r)
	}
	if err == nil && r.Seed != p.seed {
		err = fmt.Errorf("it is of seed %d", r.Seed)
	}
	if err != nil {
		return nil, fmt.Errorf("reading the result %s: %w: remove it to have the run evaluated anew", path, err)
	}
	if !r.Diverged {
		r.Model = filepath.Join(p.dir, train.ModelFile) // from where we are now
	}
	return r, nil
}

// train makes a planned run or goes on with it.
func (s *sweep) train(ctx context.Context, i int, p plannedRun) (*sweepRun, error) {
	result, err := s.trainJob(ctx, i, p)
	r := &sweepRun{Seed: p.seed}
	switch {
	case errors.Is(err, train.ErrInterrupted):
		return nil, fmt.Errorf("%s: %w: go on with: taylornet sweep --resume --out %s", p.name, err, quoted(s.dir))
	case errors.Is(err, train.ErrDiverged):
		r.Diverged = true
		s.shown.done(i, fmt.Sprintf("%s: %v", p.name, err))
	case err != nil:
		return nil, fmt.Errorf("%s: %w", p.name, err)
	default:
		r.take(result)
		r.Model = filepath.Join(p.dir, train.ModelFile)
		s.shown.done(i, fmt.Sprintf("%s done: %s", p.name, s.describe(r)))
	}
	return r, writeFile(filepath.Join(p.dir, resultFile), func(w io.Writer) error { return json.NewEncoder(w).Encode(r) })
}

// trainJob trains with the run's share of the processors, if the workers were not given.
func (s *sweep) trainJob(ctx context.Context, i int, p plannedRun) (*train.Result, error) {
	if ctx.Err() != nil {
		return nil, train.ErrInterrupted
	}
	j := &job{config: p.Config, net: p.net, size: p.Size, dir: p.dir}
	j.config.Seed = p.seed
	var err error
	if j.data, err = s.loadOnce(s.plan.Data, p.Size); err != nil {
		return nil, err
	}
	f := s.flags.trainFlags
	if f.resume = f.resume && train.Exists(p.dir); !f.resume {
		if j.teacher, err = loadTeacher(j.config.Teacher, p.seed); err != nil {
			return nil, err
		}
	}
	prefix := ""
	if s.atOnce > 1 {
		prefix = fmt.Sprintf("run %d: ", i+1)
		if f.workers == 0 {
			f.workers = max(1, parallel.Workers(0)/s.atOnce)
		}
	}
	return runJob(ctx, j, &f, s.shown.run(i, fmt.Sprintf("%s: %s, seed %d; %s", p.name, p.variation.name(), p.seed, j.heading()), prefix))
}

// take notes how a run went.
func (r *sweepRun) take(result *train.Result) {
	if result.Validation != nil {
		accuracy := result.Validation.Accuracy()
		r.ValidationAccuracy = &accuracy
	}
	accuracy := result.Test.Accuracy()
	r.TestAccuracy = &accuracy
	r.Seconds, r.Epochs = result.Seconds(), len(result.History)
}

// describe is a finished run in a line.
func (s *sweep) describe(r *sweepRun) string {
	text := seconds(r.Seconds).String()
	if r.ValidationAccuracy != nil {
		text += ", validation " + percent(*r.ValidationAccuracy)
	}
	if s.plan.Test {
		text += ", test " + percent(*r.TestAccuracy)
	}
	return text
}
