package train

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"time"

	"github.com/coarsegrain/taylornet/dataset"
	"github.com/coarsegrain/taylornet/internal/fsx"
	"github.com/coarsegrain/taylornet/model"
)

var (
	// ErrDiverged is wrapped by the error of a run whose loss or gradient blew
	// up. The checkpoint before is kept.
	ErrDiverged = errors.New("training diverged")
	// ErrInterrupted is wrapped by the error of a run whose context ended. Its
	// checkpoint is written.
	ErrInterrupted = errors.New("training interrupted")
	// ErrExists is wrapped by the error of a new run in a folder that holds one.
	ErrExists = errors.New("the folder already holds a run")
)

// Options are what the outcome of a run does not depend on.
type Options struct {
	// Dir is the run folder, made if need be; with "" nothing is written.
	Dir string
	// Resume goes on with the run in Dir, whose Config must be the same.
	Resume bool
	// Teacher is the trained network that Config.Teacher names. The run learns the
	// teacher's probabilities of the very images that it is shown, varied and mixed,
	// in place of labels (Hinton, Vinyals and Dean, arXiv 1503.02531, at temperature
	// 1). The run folder keeps a copy, which a resumed run learns from instead.
	Teacher *model.Model
	// Workers is the number of goroutines that compute; 0 means one per CPU.
	Workers int
	// SaveEvery is the time between checkpoints within an epoch, DefaultSaveEvery
	// if zero. There is one after every epoch in any case.
	SaveEvery time.Duration
	// TestCurve evaluates the test part after every epoch too, for a curve to
	// look at: nothing is chosen by it.
	TestCurve bool
	// Progress, if not nil, is called after every step and every epoch.
	Progress func(Progress)
	// fs is where files are written: a test can make its calls fail.
	fs fsx.FS
}

// DefaultSaveEvery is the time between checkpoints where none is given.
const DefaultSaveEvery = 30 * time.Second

// Result is a finished run.
type Result struct {
	Model *model.Model
	// History has the metrics of every epoch; Best is the index of the one
	// whose weights were kept.
	History []Metrics
	Best    int
	// Validation and Test are the final model's evaluations; Validation is nil
	// if no images were set aside.
	Validation, Test *model.Evaluation
}

// Seconds is the time spent in steps.
func (r *Result) Seconds() float64 {
	var sum float64
	for _, m := range r.History {
		sum += m.Seconds
	}
	return sum
}

// Run trains a network on data.Train and evaluates it on data.Test when it is
// done. It ends early, with a checkpoint and ErrInterrupted, when ctx is done.
func Run(ctx context.Context, cfg Config, data *dataset.Data, opts Options) (*Result, error) {
	if opts.fs == nil {
		opts.fs = fsx.OS{}
	}
	if opts.SaveEvery <= 0 {
		opts.SaveEvery = DefaultSaveEvery
	}
	r, err := newRun(cfg, data, opts)
	if err != nil {
		return nil, err
	}
	if err := r.open(); err != nil {
		return nil, err
	}
	for !r.Done {
		if err := r.epoch(ctx); err != nil {
			return nil, err
		}
	}
	return r.finish()
}

// Check reports what would keep a run with this teacher, nil for none, from
// starting, besides its folder.
func Check(cfg Config, data *dataset.Data, teacher *model.Model) error {
	_, err := newRun(cfg, data, Options{Teacher: teacher, Workers: 1})
	return err
}

// open makes the run folder or takes up the run in it.
func (r *run) open() error {
	if r.opts.Dir == "" {
		return nil
	}
	if r.opts.Resume {
		c, err := readCheckpoint(r.opts.Dir)
		if err != nil {
			return err
		}
		if c.Config != r.Config {
			return fmt.Errorf("resuming %s: its settings are others than those given", r.opts.Dir)
		}
		if c.Data != r.Data {
			return fmt.Errorf("resuming %s: it was trained on other images than %s has now", r.opts.Dir, r.Config.Data)
		}
		if !c.consistent(r.Config.Epochs, r.steps) {
			return fmt.Errorf("resuming %s: the progress in %s is inconsistent", r.opts.Dir, LastFile)
		}
		if err := r.restore(c); err != nil {
			return fmt.Errorf("resuming %s: %w", r.opts.Dir, err)
		}
		if err := fsx.RemoveTemp(r.opts.Dir); err != nil {
			return fmt.Errorf("resuming %s: %w", r.opts.Dir, err)
		}
		if r.frozen() {
			if err := r.compile(true); err != nil {
				return err
			}
		}
		return r.writeOutputs()
	}
	if Exists(r.opts.Dir) {
		return fmt.Errorf("%s: %w", r.opts.Dir, ErrExists)
	}
	if err := os.MkdirAll(r.opts.Dir, 0o777); err != nil {
		return fmt.Errorf("making the run folder: %w", err)
	}
	if err := fsx.RemoveTemp(r.opts.Dir); err != nil { // of a run killed before its first checkpoint
		return err
	}
	if err := writeJSON(r.opts.fs, r.path(ConfigFile), r.Config); err != nil {
		return err
	}
	if r.teacher != nil {
		if err := fsx.WriteFile(r.opts.fs, r.path(TeacherFile), r.teacher.Write); err != nil {
			return err
		}
	}
	return r.save()
}

func (r *run) path(name string) string { return filepath.Join(r.opts.Dir, name) }

// save writes the checkpoint.
func (r *run) save() error {
	r.saved = time.Now()
	if r.opts.Dir == "" {
		return nil
	}
	return fsx.WriteFile(r.opts.fs, r.path(LastFile), r.write)
}

// writeOutputs writes the files that follow from the checkpoint: the metrics,
// and the model if there is one. They are rewritten when a run is resumed, so
// that a kill between two files leaves nothing wrong.
func (r *run) writeOutputs() error {
	if r.opts.Dir == "" {
		return nil
	}
	text, err := lines(r.History)
	if err != nil {
		return err
	}
	if err := fsx.WriteBytes(r.opts.fs, r.path(MetricsFile), text); err != nil {
		return err
	}
	if r.Best < 0 {
		return nil
	}
	m, err := r.model(r.best, nil)
	if err != nil {
		return err
	}
	return r.writeModel(m)
}

func (r *run) writeModel(m *model.Model) error {
	return fsx.WriteFile(r.opts.fs, r.path(ModelFile), m.Write)
}

// Record is what a model file says of its training: nothing that differs
// between runs that gave the same weights.
type Record struct {
	Config Config `json:"config"`
	// Epochs is the number of epochs made, Best the one whose weights were
	// kept, counted from 1.
	Epochs             int     `json:"epochs"`
	Best               int     `json:"best_epoch"`
	ValidationAccuracy float64 `json:"validation_accuracy,omitempty"`
	// TestAccuracy is there once the run is finished.
	TestAccuracy float64 `json:"test_accuracy,omitempty"`
}

// ReadRecord returns what a model says of its training; empty if it says nothing, or
// was made by another program.
func ReadRecord(m *model.Model) Record {
	var r Record
	if json.Unmarshal(m.Training, &r) != nil {
		return Record{}
	}
	return r
}

// Split splits a training set as the model's training did: into the images that it
// learned, and those that its best epoch was chosen by. The set must be the one that
// the model was trained on.
func Split(m *model.Model, set *dataset.Set) (learned, validation dataset.Subset, err error) {
	c := ReadRecord(m).Config
	return set.All().Split(c.Validation, c.Seed)
}

// model makes a model of a parameter vector; test, if not nil, goes into its
// record.
func (r *run) model(params []float32, test *model.Evaluation) (*model.Model, error) {
	record := Record{Config: r.Config, Epochs: len(r.History)}
	if r.Best >= 0 {
		record.Best = r.History[r.Best].Epoch
		record.ValidationAccuracy = r.History[r.Best].ValidationAccuracy
	}
	if test != nil {
		record.TestAccuracy = test.Accuracy()
	}
	text, err := json.Marshal(record)
	if err != nil {
		return nil, fmt.Errorf("training record: %w", err)
	}
	return model.New(model.Config{
		Net: r.net, Params: params, Normalisation: r.norm, Classes: r.data.Train.Classes, Training: text,
	}, r.opts.Workers)
}

// rangeImages is the number of training images that the range of logits is
// measured on.
const rangeImages = 10000

// thinned is at most so many of the images, spread over all of them: a folder's stand
// class by class.
func thinned(images dataset.Subset, most int) dataset.Subset {
	n := min(most, images.Len())
	positions := make([]int32, n)
	for i := range positions {
		positions[i] = int32(i * images.Len() / n)
	}
	return images.Only(positions)
}

// finish evaluates the final model and writes it.
func (r *run) finish() (*Result, error) {
	m, err := r.model(r.best, nil)
	if err != nil {
		return nil, err
	}
	result := &Result{History: r.History, Best: r.Best}
	if r.validation.Len() > 0 {
		if result.Validation, err = m.Evaluate(r.validation); err != nil {
			return nil, err
		}
	}
	if result.Test, err = m.Evaluate(r.data.Test.All()); err != nil {
		return nil, err
	}
	if result.Model, err = r.model(r.best, result.Test); err != nil {
		return nil, err
	}
	if result.Model.LogitRange, err = m.MeasureRange(thinned(r.training, rangeImages)); err != nil {
		return nil, err
	}
	if r.opts.Dir == "" {
		return result, nil
	}
	return result, r.writeModel(result.Model)
}

// divergedAt is the error of a run whose loss or gradient norm is v.
func (r *run) divergedAt(what string, v float64) error {
	return r.diverged(fmt.Sprintf("at epoch %d, step %d: %s is %.4g", r.epochOf(r.Step)+1, r.Step%r.steps+1, what, v))
}

// diverged is the error of a run that cannot go on, with what to do.
func (r *run) diverged(how string) error {
	kept, clip := "", fmt.Sprintf("a lower clip than %g", r.Config.Clip)
	if r.opts.Dir != "" {
		kept = fmt.Sprintf("; the last good checkpoint is kept in %s", r.path(LastFile))
	}
	if r.Config.Clip == 0 {
		clip = "clipping, such as a clip of 5"
	}
	return fmt.Errorf("%w %s%s: try a lower rate than %g or %s", ErrDiverged, how, kept, r.Config.Rate, clip)
}

// blowUp is the loss beyond which a run is lost.
const blowUp = 1e3

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }
