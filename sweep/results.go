package sweep

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"

	"github.com/coarsegrain/taylornet/internal/check"
	"github.com/coarsegrain/taylornet/internal/fsx"
	"github.com/coarsegrain/taylornet/internal/stats"
	"github.com/coarsegrain/taylornet/spec"
	"github.com/coarsegrain/taylornet/train"
)

const (
	// ResultFile holds the RunResult in the folder of a run. It is written when
	// everything else is; a run that has one is finished.
	ResultFile = "result.json"
	// ResultsFile holds the Results in the folder of a sweep.
	ResultsFile = "results.json"
)

// RunResult is the outcome of one run.
type RunResult struct {
	Seed               uint64   `json:"seed"`
	Diverged           bool     `json:"diverged,omitempty"` // if so, only the seed is given besides
	ValidationAccuracy *float64 `json:"validation_accuracy,omitempty"`
	// Partial holds the validation accuracies of the partial sums of orders, as
	// train.Metrics does.
	Partial      []float64 `json:"partial,omitempty"`
	TestAccuracy *float64  `json:"test_accuracy,omitempty"`
	Seconds      float64   `json:"seconds,omitzero"` // in steps, without evaluation
	Epochs       int       `json:"epochs,omitzero"`
	Model        string    `json:"model,omitempty"` // file of the model
}

// take copies the outcome of a run in a folder.
func (r *RunResult) take(dir string, result *train.Result) {
	s := result.Summary(dir)
	r.ValidationAccuracy, r.Partial, r.TestAccuracy = s.ValidationAccuracy, s.Partial, &s.TestAccuracy
	r.Seconds, r.Epochs, r.Model = s.Seconds, s.Epochs, s.Model
}

// Finished reports whether the result of the run is recorded.
func (r PlannedRun) Finished() bool {
	_, err := os.Stat(filepath.Join(r.Dir, ResultFile))
	return err == nil
}

// read returns the recorded result of a run, nil if it is not finished.
func (r PlannedRun) read() (*RunResult, error) {
	path := filepath.Join(r.Dir, ResultFile)
	text, err := fsx.ReadFile(path, maxResult)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	result := &RunResult{}
	if err == nil {
		err = json.Unmarshal(text, result)
	}
	if err == nil {
		err = result.validate(r)
	}
	if err != nil {
		return nil, fmt.Errorf("reading the result %s: %w: remove it to have the run evaluated again", path, err)
	}
	if !result.Diverged {
		result.Model = filepath.Join(r.Dir, train.ModelFile) // as seen from the present working directory
	}
	return result, nil
}

// maxResult bounds the size of a run's result, in bytes, and mostSeconds its time: 30 years.
const (
	maxResult   = 1 << 20
	mostSeconds = 1e9
)

// validate returns an error about a result that the run cannot have.
func (r *RunResult) validate(of PlannedRun) error {
	if r.Seed != of.Seed {
		return fmt.Errorf("it belongs to seed %d", r.Seed)
	}
	if r.Diverged {
		if !reflect.DeepEqual(*r, RunResult{Seed: r.Seed, Diverged: true}) {
			return errors.New("a run that diverged has no other figures")
		}
		return nil
	}
	if r.TestAccuracy == nil {
		return errors.New("the test accuracy is missing")
	}
	faults := []error{
		check.Within("test accuracy", *r.TestAccuracy, 0, 1),
		check.Within("seconds", r.Seconds, 0, mostSeconds),
		check.Within("epochs", float64(r.Epochs), 1, float64(of.Config.Epochs)),
	}
	if r.ValidationAccuracy != nil {
		faults = append(faults, check.Within("validation accuracy", *r.ValidationAccuracy, 0, 1))
	}
	if n := len(r.Partial); n > of.Config.Orders {
		faults = append(faults, fmt.Errorf("there are %d partial sums for orders up to %d", n, of.Config.Orders))
	}
	for _, accuracy := range r.Partial {
		faults = append(faults, check.Within("accuracy of a partial sum", accuracy, 0, 1))
	}
	return check.All(faults...)
}

// Results are the outcome of a sweep.
type Results struct {
	Data       string            `json:"data"`
	Seeds      int               `json:"seeds"`
	Variations []VariationResult `json:"variations"`
	Best       string            `json:"best,omitempty"` // file of the model with the highest validation accuracy
	Run        string            `json:"run"`            // folder of the sweep
}

// VariationResult is the outcome of a variation over its seeds. Means are nil if no run
// has a value.
type VariationResult struct {
	Name       string       `json:"flags"`
	Params     int          `json:"params"`
	Degree     int          `json:"degree"`
	Runs       []*RunResult `json:"runs"`
	Validation *Mean        `json:"validation,omitempty"`
	// Partial holds the mean validation accuracies of the partial sums of orders.
	Partial []float64 `json:"partial,omitempty"`
	// Difference is that of the validation accuracies from the first variation's.
	Difference     *Mean   `json:"difference,omitempty"`
	Test           *Mean   `json:"test,omitempty"`
	TestDifference *Mean   `json:"test_difference,omitempty"`
	Seconds        float64 `json:"seconds,omitzero"` // per run, the mean
}

// Mean is a mean over seeds. With a single value there is no standard deviation and no
// interval; a difference has no standard deviation.
type Mean struct {
	Mean float64  `json:"mean"`
	SD   *float64 `json:"sd,omitempty"`  // standard deviation
	Low  *float64 `json:"low,omitempty"` // ends of Student's 95 % interval
	High *float64 `json:"high,omitempty"`
}

// newMean returns the mean of values, nil if there are none.
func newMean(values []float64) *Mean {
	if len(values) == 0 {
		return nil
	}
	v := stats.Student(values)
	m := &Mean{Mean: v.Mean}
	if len(values) > 1 {
		sd := stats.Deviation(values)
		m.SD, m.Low, m.High = &sd, &v.Low, &v.High
	}
	return m
}

// meanOf returns the mean of a figure of runs.
func meanOf(runs []*RunResult, figure func(*RunResult) *float64) *Mean {
	var values []float64
	for _, r := range runs {
		if v := figure(r); v != nil {
			values = append(values, *v)
		}
	}
	return newMean(values)
}

func validationOf(r *RunResult) *float64 { return r.ValidationAccuracy }
func testOf(r *RunResult) *float64       { return r.TestAccuracy }

// partialOf returns the figure of the partial sum of orders to k+1.
func partialOf(k int) func(*RunResult) *float64 {
	return func(r *RunResult) *float64 {
		if k >= len(r.Partial) {
			return nil
		}
		return &r.Partial[k]
	}
}

func secondsOf(r *RunResult) *float64 {
	if r.Diverged {
		return nil
	}
	return &r.Seconds
}

// difference returns the mean difference of a figure of runs from that of others with the
// same seeds.
func difference(runs, others []*RunResult, figure func(*RunResult) *float64) *Mean {
	var values []float64
	for i, r := range runs {
		if a, b := figure(r), figure(others[i]); a != nil && b != nil {
			values = append(values, *a-*b)
		}
	}
	m := newMean(values)
	if m != nil {
		m.SD = nil
	}
	return m
}

// best returns the run with the highest validation accuracy, the first of equals. soFar,
// which may be nil, is the best of other runs; it is returned if no run is better.
func best(soFar *RunResult, runs []*RunResult) *RunResult {
	for _, r := range runs {
		if v := r.ValidationAccuracy; v != nil && (soFar == nil || *v > *soFar.ValidationAccuracy) {
			soFar = r
		}
	}
	return soFar
}

// results returns the results of the runs of a plan, which are in the order of Runs.
func (p *Plan) results(dir string, runs []*RunResult) (*Results, error) {
	out := &Results{Data: p.Data, Seeds: p.Seeds, Run: dir}
	var winner *RunResult
	for i, v := range p.Variations {
		net, err := spec.Parse(v.Config.Net)
		if err != nil {
			return nil, err
		}
		r := VariationResult{Name: v.Name, Params: net.NumParams(), Degree: net.Degree()}
		for seed := range p.Seeds {
			run := *runs[seed*len(p.Variations)+i]
			if !p.Test {
				run.TestAccuracy = nil
			}
			r.Runs = append(r.Runs, &run)
		}
		for k := range v.Config.Orders {
			if m := meanOf(r.Runs, partialOf(k)); m != nil {
				r.Partial = append(r.Partial, m.Mean)
			}
		}
		r.Validation, r.Test = meanOf(r.Runs, validationOf), meanOf(r.Runs, testOf)
		if i > 0 && p.Seeds > 1 {
			first := out.Variations[0].Runs
			r.Difference = difference(r.Runs, first, validationOf)
			r.TestDifference = difference(r.Runs, first, testOf)
		}
		if m := meanOf(r.Runs, secondsOf); m != nil {
			r.Seconds = m.Mean
		}
		out.Variations = append(out.Variations, r)
		winner = best(winner, r.Runs)
	}
	if winner != nil {
		out.Best = winner.Model
	}
	return out, nil
}
