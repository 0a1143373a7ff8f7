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
	// train.Metrics does, and TestPartial the test accuracies.
	Partial      []float64 `json:"partial,omitempty"`
	TestAccuracy *float64  `json:"test_accuracy,omitempty"`
	TestPartial  []float64 `json:"test_partial,omitempty"`
	Seconds      float64   `json:"seconds,omitzero"` // in steps, without evaluation
	Epochs       int       `json:"epochs,omitzero"`
	Model        string    `json:"model,omitempty"` // file of the model
}

// take copies the outcome of a run in a folder.
func (r *RunResult) take(dir string, result *train.Result) {
	s := result.Summary(dir)
	r.ValidationAccuracy, r.Partial = s.ValidationAccuracy, s.Partial
	r.TestAccuracy, r.TestPartial = &s.TestAccuracy, s.TestPartial
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
	for _, partial := range [][]float64{r.Partial, r.TestPartial} {
		if n := len(partial); n > of.Config.Orders {
			faults = append(faults, fmt.Errorf("there are %d partial sums for orders up to %d", n, of.Config.Orders))
		}
		for _, accuracy := range partial {
			faults = append(faults, check.Within("accuracy of a partial sum", accuracy, 0, 1))
		}
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

// VariationResult is the outcome of a variation over its seeds.
type VariationResult struct {
	Name   string       `json:"flags"`
	Params int          `json:"params"`
	Degree int          `json:"degree"`
	Runs   []*RunResult `json:"runs"`
	Accuracies
	// Partial has those of the partial sums of orders f_0 + ... + f_Order, from 1 to
	// train.Config.Orders.
	Partial []PartialResult `json:"partial,omitempty"`
	Seconds float64         `json:"seconds,omitzero"` // per run, the mean
}

// PartialResult is how accurate the partial sums of orders are.
type PartialResult struct {
	Order int `json:"order"`
	Accuracies
}

// Accuracies are means of accuracies over seeds, and of their differences from those of the
// first variation. They are nil if no run has a value.
type Accuracies struct {
	Validation     *Mean `json:"validation,omitempty"`
	Difference     *Mean `json:"difference,omitempty"` // of Validation
	Test           *Mean `json:"test,omitempty"`
	TestDifference *Mean `json:"test_difference,omitempty"`
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

// figure is a figure of a run, nil if the run has none.
type figure func(*RunResult) *float64

// meanOf returns the mean of a figure of runs.
func meanOf(runs []*RunResult, figure figure) *Mean {
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

// partialOf returns the accuracies of the partial sum of orders to k.
func partialOf(k int) (validation, test figure) {
	at := func(list []float64) *float64 {
		if k > len(list) {
			return nil
		}
		return &list[k-1]
	}
	return func(r *RunResult) *float64 { return at(r.Partial) }, func(r *RunResult) *float64 { return at(r.TestPartial) }
}

func secondsOf(r *RunResult) *float64 {
	if r.Diverged {
		return nil
	}
	return &r.Seconds
}

// difference returns the mean difference of a figure of runs from that of others with the
// same seeds.
func difference(runs, others []*RunResult, figure figure) *Mean {
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

// compare returns the accuracies of runs, and how they differ from those of others with the
// same seeds; there is no difference if others is nil.
func compare(runs, others []*RunResult, validation, test figure) Accuracies {
	a := Accuracies{Validation: meanOf(runs, validation), Test: meanOf(runs, test)}
	if others != nil {
		a.Difference, a.TestDifference = difference(runs, others, validation), difference(runs, others, test)
	}
	return a
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
				run.TestAccuracy, run.TestPartial = nil, nil
			}
			r.Runs = append(r.Runs, &run)
		}
		var first []*RunResult // to compare with
		if i > 0 && p.Seeds > 1 {
			first = out.Variations[0].Runs
		}
		r.Accuracies = compare(r.Runs, first, validationOf, testOf)
		for k := 1; k <= v.Config.Orders; k++ {
			validation, test := partialOf(k)
			if a := compare(r.Runs, first, validation, test); a != (Accuracies{}) {
				r.Partial = append(r.Partial, PartialResult{k, a})
			}
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
