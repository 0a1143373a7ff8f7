package cli

import (
	"context"
	"fmt"
	"sync"

	"github.com/coarsegrain/taylornet/dataset"
	"github.com/coarsegrain/taylornet/spec"
	"github.com/coarsegrain/taylornet/sweep"
	"github.com/coarsegrain/taylornet/train"
)

// sweepCommand is a sweep as the command makes it.
type sweepCommand struct {
	*app
	flags *sweepFlags
	plan  *sweep.Plan
	opts  sweep.Options
}

func (a *app) sweep(ctx context.Context, f *sweepFlags) error {
	if err := f.validate(); err != nil {
		return err
	}
	s := &sweepCommand{app: a, flags: f, opts: sweep.Options{
		Dir: f.out, Resume: f.resume, Parallel: f.parallel, Workers: f.workers, Memory: a.memory.bytes, SaveEvery: f.saveEvery, Engine: a.engine.Engine, Teacher: a.loadTeacher,
	}}
	load, plan := sized(a.loadGiven, false), s.newPlan
	if f.resume {
		load, plan = sized(a.loadRecorded, true), s.resumedPlan
		if f.data != "" { // where they are now
			load = sized(func(ctx context.Context, _ string, opts dataset.Options) (*dataset.Data, error) {
				return a.loadGiven(ctx, f.data, opts)
			}, true)
		}
	}
	s.opts.Load = load.Once()
	if err := plan(ctx); err != nil {
		return err
	}
	if err := s.checkShown(); err != nil {
		return err
	}
	progress := s.showProgress()
	results, err := sweep.Run(ctx, s.plan, s.opts)
	progress.clear()
	if err != nil {
		return s.advised(err)
	}
	return s.writeResults(results)
}

// showProgress has the sweep show its progress and write the reports of its runs.
func (s *sweepCommand) showProgress() *trainProgress {
	runs := s.plan.Runs(s.opts.Dir)
	p := s.trainProgress(len(runs))
	left := 0
	for i, run := range runs {
		if run.Finished() {
			p.done(i, "")
		} else {
			left++
		}
	}
	var said sync.Once
	s.opts.Watch = func(run sweep.PlannedRun, data *dataset.Data) func(train.Progress) {
		prefix := ""
		if min(left, s.flags.parallel) > 1 {
			prefix = fmt.Sprintf("run %d: ", run.Number)
		}
		heading := []string{fmt.Sprintf("%v: %s, seed %d; %s", run, run.Title(), run.Seed, s.job(run, data).heading())}
		said.Do(func() { heading = append(readLines(data), heading...) })
		return p.run(run.Number-1, heading, prefix)
	}
	s.opts.Trained = func(run sweep.PlannedRun, data *dataset.Data, result *train.Result) error {
		return s.job(run, data).writeReport(result)
	}
	s.opts.Done = func(run sweep.PlannedRun, r *sweep.RunResult, diverged error) {
		if diverged != nil {
			p.done(run.Number-1, fmt.Sprintf("%v: %v", run, diverged))
			return
		}
		p.done(run.Number-1, fmt.Sprintf("%v done: %s", run, s.describe(r)))
	}
	return p
}

// job returns a run of the sweep as train would make it.
func (s *sweepCommand) job(run sweep.PlannedRun, data *dataset.Data) *job {
	net, _ := spec.Parse(run.Config.Net) // the plan is valid
	return &job{config: run.Settings(), net: net, size: run.Size, data: data, dir: run.Dir, general: s.generalWords()}
}

// describe returns a finished run in a line.
func (s *sweepCommand) describe(r *sweep.RunResult) string {
	text := seconds(r.Seconds).String()
	if r.ValidationAccuracy != nil {
		text += ", validation " + percent(*r.ValidationAccuracy)
	}
	if s.plan.Test {
		text += ", test " + percent(*r.TestAccuracy)
	}
	return text
}
