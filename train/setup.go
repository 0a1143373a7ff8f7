package train

import (
	"fmt"
	"slices"
	"time"

	"github.com/coarsegrain/taylornet/dataset"
	"github.com/coarsegrain/taylornet/engine"
	"github.com/coarsegrain/taylornet/internal/memory"
	"github.com/coarsegrain/taylornet/optim"
	"github.com/coarsegrain/taylornet/spec"
)

// run is a run in progress.
type run struct {
	state
	opts           Options
	data           *dataset.Data
	net            *spec.Net
	trained        int // length of the trained part of the parameter vector
	norm           dataset.Normalisation
	training       dataset.Subset
	validation     dataset.Subset
	sampler        *dataset.Sampler
	plain          *dataset.Sampler // without augmentation
	trainer        engine.Trainer[float32]
	teacher        *teacher // nil if labels teach
	optimiser      optim.Optimiser
	quadraticDecay optim.Decay
	schedule       optim.Schedule
	perEpoch       int       // steps per epoch
	saved          time.Time // when the last checkpoint was written

	grads []float32
	order []int32 // of the training images in this epoch
	// Of each image of the batch in progress: what its logits are compared with, whether
	// its highest logit is that of the label, and the image that is mixed into it.
	targets []engine.Target
	hits    []bool
	others  [][]float32
	weights []float64 // of the partial sums' losses in a graded run
	batch   engine.Batch[float32]
}

// vectors is how many vectors of the network's weights a run holds: the weights, their
// gradient, their average, the best of these, and up to four of the optimiser and of a
// model that is evaluated.
const vectors = 8

// A run's trainer, and the programs that evaluate its model and its teacher, have their
// shares of the memory that is left, in parts of memoryParts.
const (
	memoryParts  = 4
	trainerParts = 2
	modelParts   = 1
	teacherParts = 1
)

// share returns so many parts of the memory that is left.
func (r *run) share(parts int64) int64 { return max(1, r.opts.Memory/memoryParts*parts) }

// newRun checks the settings and the data and makes a run at its first step.
func newRun(cfg Config, data *dataset.Data, opts Options) (*run, error) {
	opts.setDefaults()
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("settings: %w", err)
	}
	net, err := spec.Parse(cfg.Net)
	if err != nil {
		return nil, fmt.Errorf("network: %w", err)
	}
	if err := checkFits(net, data); err != nil {
		return nil, err
	}
	if cfg.MicroBatch == 0 {
		cfg.MicroBatch = engine.MicroBatch(net)
	}
	if data.Validation != nil {
		cfg.Validation = 0 // the data have validation images of their own, so none are set aside
	}
	held := data.Bytes() + memory.Of[float32](vectors*float64(engine.VectorLen(net.Params())))
	if err := memory.Check(opts.Memory, held, "the images and the weights of the run"); err != nil {
		return nil, fmt.Errorf("%w: choose a smaller network or fewer images", err)
	}
	opts.Memory = memory.Rest(opts.Memory, held)
	r := &run{opts: opts, data: data, net: net, trained: net.NumParams()}
	r.Config, r.Best, r.Fingerprint = cfg, -1, data.Train.Fingerprint()
	r.training, r.validation, err = data.Train.All().Split(cfg.Validation, cfg.Seed)
	if err != nil {
		return nil, err
	}
	if data.Validation != nil {
		r.validation, r.ValidationFingerprint = data.Validation.All(), data.Validation.Fingerprint()
	}
	r.norm = dataset.MeasureNormalisation(r.training)
	r.sampler, err = dataset.NewSampler(r.training, r.norm, cfg.Augment, cfg.Seed)
	if err != nil {
		return nil, err
	}
	if r.plain, err = dataset.NewSampler(r.training, r.norm, dataset.Augment{}, cfg.Seed); err != nil {
		return nil, err
	}
	if r.teacher, err = r.findTeacher(); err != nil {
		return nil, fmt.Errorf("teacher: %w", err)
	}
	if err := r.compile(false); err != nil {
		return nil, err
	}
	if _, err := r.compileOrders(); err != nil { // before the first epoch, not after
		return nil, err
	}
	r.optimiser, r.quadraticDecay = cfg.optimiser(net.Params(), r.trained, opts.Workers), cfg.quadraticDecay(net.Params())
	r.schedule = cfg.schedule()
	r.prepare()
	return r, nil
}

// checkFits returns an error if the data do not fit the network.
func checkFits(net *spec.Net, data *dataset.Data) error {
	set := data.Train
	if net.Input != (spec.Shape{H: set.H, W: set.W, C: set.C}) {
		return fmt.Errorf("the network takes images of %dx%dx%d, %s has %dx%dx%d: choose another network, or resize the images",
			net.Input.H, net.Input.W, net.Input.C, data.Name, set.H, set.W, set.C)
	}
	if k := net.Out().Size(); k != len(set.Classes) {
		return fmt.Errorf("the network has %d outputs, %s has %d classes: choose another network", k, data.Name, len(set.Classes))
	}
	if set.Len() == 0 || data.Test.Len() == 0 {
		return fmt.Errorf("%s has %d training and %d test images: both must have some", data.Name, set.Len(), data.Test.Len())
	}
	return nil
}

// compile makes the trainer; its norms use fixed statistics or those of each micro-batch.
func (r *run) compile(fixedStats bool) (err error) {
	r.trainer, err = r.opts.Engine.CompileTraining(r.net, engine.TrainingOptions{
		Options:    engine.Options{Workers: r.opts.Workers, MicroBatch: r.Config.MicroBatch, Memory: r.share(trainerParts)},
		FixedStats: fixedStats, LimitGains: true, Orders: r.Config.trainedOrders(),
	})
	return err
}

// prepare makes the vectors and the batch.
func (r *run) prepare() {
	r.params = engine.Init(r.net, r.Config.Seed)
	r.average, r.kept = r.params, slices.Clone(r.params)
	if r.Config.Average > 0 {
		r.average = slices.Clone(r.params)
	}
	r.optim = r.optimiser.State()
	r.grads = make([]float32, len(r.params))
	r.order = make([]int32, r.training.Len())
	r.batch.N = min(r.Config.Batch, r.training.Len())
	r.perEpoch = r.training.Len() / r.batch.N
	r.targets, r.hits, r.others = make([]engine.Target, r.batch.N), make([]bool, r.batch.N), make([][]float32, r.batch.N)
	r.weights = slices.Repeat([]float64{r.Config.Graded}, r.Config.trainedOrders())
	r.batch.Input, r.batch.Loss = r.input, r.loss
}
