package train

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/coarsegrain/taylornet/dataset"
	"github.com/coarsegrain/taylornet/engine"
	"github.com/coarsegrain/taylornet/engine/cpu"
	"github.com/coarsegrain/taylornet/internal/fsx"
	"github.com/coarsegrain/taylornet/model"
)

var (
	// ErrDiverged is wrapped by the error of a run whose loss or gradient became too
	// large. The last good checkpoint is kept.
	ErrDiverged = errors.New("training diverged")
	// ErrInterrupted is wrapped by the error of a run whose context ended, together
	// with the context's cause. Its checkpoint is written.
	ErrInterrupted = errors.New("training interrupted")
	// ErrExists is wrapped by the error of a new run in a folder that already holds one.
	ErrExists = errors.New("the folder already holds a run")
	// ErrInUse is wrapped by the error of a run in a folder that another run, of any
	// process, is writing to. The text says which.
	ErrInUse = errors.New("another run is writing to the folder")
)

// Options say how a run is made. The outcome depends on the teacher and the engine among
// them.
type Options struct {
	// Dir is the run folder, which is made if it is missing; "" writes nothing. Until Run
	// returns, the folder is the run's own.
	Dir string
	// Resume continues the run in Dir, which must have the same Config and data. The data
	// are the same if their checksum is; their name may be another.
	Resume bool
	// Teacher is the trained network that Config.Teacher names. The run learns the
	// teacher's probabilities of the very images that it is shown, varied and mixed,
	// in place of labels (Hinton, Vinyals and Dean, arXiv 1503.02531, at temperature
	// 1). The run folder keeps a copy, which a resumed run learns from instead.
	Teacher *model.Model
	// Match says how the teacher's classes are matched with those of the data.
	Match dataset.Match
	// Engine computes; nil means engine/cpu. Another engine gives other weights, within
	// rounding: a run must be resumed with its own.
	Engine engine.Engine[float32]
	// Workers is the number of goroutines that compute; 0 means one per CPU.
	Workers int
	// Memory is the number of bytes that the run may hold, its data included; 0 means half
	// of the machine's memory or of the control group's. A run that would need more is
	// refused with an error that wraps tensor.ErrMemory.
	Memory int64
	// SaveEvery is the time between checkpoints within an epoch; 0 means
	// DefaultSaveEvery. There is also a checkpoint after every epoch.
	SaveEvery time.Duration
	// TestCurve also evaluates the test images after every epoch, to draw a curve.
	// Nothing is chosen by it.
	TestCurve bool
	// Progress, if not nil, is called after every step and every epoch.
	Progress func(Progress)
	// Finished, if not nil, is called with the finished run while the folder is still the
	// run's own: more files can be written to it. Its error is that of Run.
	Finished func(*Result) error
	// fs is where files are written: a test can make its calls fail.
	fs fsx.FS
}

func (o *Options) setDefaults() {
	if o.Engine == nil {
		o.Engine = cpu.New()
	}
	if o.SaveEvery <= 0 {
		o.SaveEvery = DefaultSaveEvery
	}
	if o.fs == nil {
		o.fs = fsx.OS{}
	}
}

// DefaultSaveEvery is the time between checkpoints if Options give none.
const DefaultSaveEvery = 30 * time.Second

// Run trains a network on data.Train, evaluates it on data.Test at the end, and returns
// the finished run. If ctx ends first, Run saves a checkpoint and returns an error that
// wraps ErrInterrupted.
func Run(ctx context.Context, cfg Config, data *dataset.Data, opts Options) (*Result, error) {
	opts.setDefaults()
	if opts.Dir != "" {
		owner, err := fsx.Own(opts.Dir, ErrInUse)
		if err != nil {
			return nil, err
		}
		defer owner.Release()
		opts.fs = owner.FS(opts.fs)
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
	result, err := r.finish(ctx)
	if err != nil && ctx.Err() != nil { // the checkpoint says that all epochs are made
		err = fmt.Errorf("%w after the last epoch: %w", ErrInterrupted, context.Cause(ctx))
	}
	if err != nil || opts.Finished == nil {
		return result, err
	}
	return result, opts.Finished(result)
}

// Check returns the error that would keep a run from starting, its folder aside.
func Check(cfg Config, data *dataset.Data, opts Options) error {
	_, err := newRun(cfg, data, opts)
	return err
}
