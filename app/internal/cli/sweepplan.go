package cli

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/coarsegrain/taylornet/spec"
	"github.com/coarsegrain/taylornet/sweep"
	"github.com/coarsegrain/taylornet/train"
)

// newPlan makes the plan of a new sweep, and chooses its folder if none was given.
func (s *sweepCommand) newPlan(ctx context.Context) (err error) {
	f := s.flags
	common, err := newJob(ctx, &f.trainFlags, s.opts.Load)
	if err != nil {
		return err
	}
	if f.data == "" {
		f.data = common.config.Data // for all variations, whatever their networks
	}
	s.plan = &sweep.Plan{Data: common.config.Data, Seed: common.config.Seed, Seeds: f.seeds}
	s.plan.Test = f.test || len(f.try) <= 1 && !f.given("test")
	for _, try := range f.try {
		if err := s.vary(ctx, try); err != nil {
			return usagef("--try %s: %w", quoted(try), err)
		}
	}
	if len(f.try) == 0 {
		if err := s.vary(ctx, ""); err != nil {
			return err
		}
	}
	if err := s.plan.Validate(); err != nil {
		return &usageError{err}
	}
	if s.opts.Dir == "" {
		s.opts.Dir, err = s.newDir(filepath.Join("sweeps", filepath.Base(s.plan.Data)))
	}
	return err
}

// vary adds a variation to the plan.
func (s *sweepCommand) vary(ctx context.Context, text string) error {
	words, err := splitWords(text)
	if err != nil {
		return err
	}
	f, err := s.flags.with(words)
	if err != nil {
		return fmt.Errorf("%w: see taylornet sweep --help", err)
	}
	j, err := newJob(ctx, f, s.opts.Load)
	if err != nil {
		return err
	}
	v := &sweep.Variation{Name: joinWords(words), Size: j.size, Config: j.config}
	if err := sweep.Check(ctx, s.plan, v, s.opts); err != nil {
		return err
	}
	if err := s.plan.Add(v.Name, v.Size, v.Config); err != nil {
		return err
	}
	s.plan.Variations[len(s.plan.Variations)-1].DataSHA256 = j.data.Train.Fingerprint()
	return nil
}

// checkShown returns an error if the results would hold no accuracies to compare
// variations by.
func (s *sweepCommand) checkShown() error {
	for _, v := range s.plan.Variations {
		if v.Config.Validation == 0 && !s.plan.Test {
			return usagef("%s: with --validation 0 there are only test accuracies to compare by, which must choose nothing: show them with --test", v.Title())
		}
	}
	return nil
}

// resumedPlan reads the plan of the sweep to resume.
func (s *sweepCommand) resumedPlan(ctx context.Context) (err error) {
	dir := s.opts.Dir
	if !sweep.Exists(dir) {
		return fmt.Errorf("nothing to resume in %s: name the sweep's folder with --out, or start a sweep without --resume", dir)
	}
	if s.plan, err = sweep.ReadPlan(dir); err != nil {
		return err
	}
	names, err := s.changed()
	if err != nil {
		return err
	}
	s.plan.Test = s.plan.Test || s.flags.test
	if err := cannotChange(names, "sweep", dir, sweep.PlanFile); err != nil || s.flags.data == "" {
		return err
	}
	return s.checkMoved(ctx)
}

// checkMoved returns an error if the data that are named are not those of the plan.
func (s *sweepCommand) checkMoved(ctx context.Context) error {
	for _, v := range s.plan.Variations {
		data, err := s.opts.Load(ctx, s.plan.Data, v.Size)
		if err != nil {
			return err
		}
		if v.DataSHA256 != "" && v.DataSHA256 != data.Train.Fingerprint() {
			return otherData("sweep", s.opts.Dir, s.flags.data, s.plan.Data)
		}
	}
	return nil
}

// changed lists the flags that would make another sweep of the one to resume.
func (s *sweepCommand) changed() ([]string, error) {
	var names []string
	if s.flags.given("seeds") && s.flags.seeds != s.plan.Seeds {
		names = append(names, "--seeds")
	}
	if s.flags.given("try") && !s.triesAgree() {
		names = append(names, "--try")
	}
	source, err := dataSource(s.flags.data)
	if err != nil {
		return nil, err
	}
	for _, v := range s.plan.Variations {
		changed, err := s.changedIn(v, source)
		if err != nil {
			return nil, fmt.Errorf("%s: variation %q: %w", sweep.PlanFile, v.Name, err)
		}
		for _, name := range changed {
			if !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	return names, nil
}

// triesAgree reports whether the variations given are those of the plan.
func (s *sweepCommand) triesAgree() bool {
	return slices.EqualFunc(s.flags.try, s.plan.Variations, func(try string, v *sweep.Variation) bool {
		words, err := splitWords(try)
		return err == nil && joinWords(words) == v.Name
	})
}

// changedIn lists the flags that hold for all variations and that one does not agree
// with.
func (s *sweepCommand) changedIn(v *sweep.Variation, source string) ([]string, error) {
	words, err := splitWords(v.Name)
	if err != nil {
		return nil, err
	}
	f, err := s.flags.with(words)
	if err != nil {
		return nil, err
	}
	if f.net != s.flags.net {
		f.net = "" // the variation's own, whose file may have changed since
	}
	net, err := spec.Parse(v.Config.Net)
	if err != nil {
		return nil, err
	}
	return (&job{config: v.Config, net: net}).changed(f, source)
}

// advised adds to an error of a sweep what to do about it.
func (s *sweepCommand) advised(err error) error {
	switch {
	case errors.Is(err, train.ErrInterrupted):
		return fmt.Errorf("%w: resume with: taylornet sweep --resume --out %s", err, quoted(s.opts.Dir))
	case errors.Is(err, sweep.ErrData):
		return fmt.Errorf("%w: name the folder of the sweep's own images with --data", err)
	case errors.Is(err, sweep.ErrExists):
		return fmt.Errorf("%w: resume it with --resume, or choose another folder with --out", err)
	case errors.Is(err, train.ErrExists):
		return fmt.Errorf("%w: choose another folder with --out", err)
	}
	return err
}
