package train

import (
	"context"
	"fmt"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/coarsegrain/taylornet/dataset"
	"github.com/coarsegrain/taylornet/engine"
	"github.com/coarsegrain/taylornet/engine/cpu"
	"github.com/coarsegrain/taylornet/internal/rng"
	"github.com/coarsegrain/taylornet/optim"
	"github.com/coarsegrain/taylornet/spec"
)

// run is a run in progress.
type run struct {
	state
	opts       Options
	data       *dataset.Data
	net        *spec.Net
	trained    int // length of the trained part of the parameter vector
	norm       dataset.Normalisation
	training   dataset.Subset
	validation dataset.Subset
	sampler    *dataset.Sampler
	trainer    engine.Trainer[float32]
	teacher    *teacher // nil if labels teach
	optimiser  optim.Optimiser
	schedule   optim.Schedule
	steps      int // steps an epoch
	saved      time.Time

	grads []float32
	order []int32 // of the training images in this epoch
	// Of the batch in progress: what the logits of each image are held against, whether
	// they are right, and the images that are mixed into others.
	targets []engine.Target
	hits    []bool
	others  [][]float32
	batch   engine.Batch[float32]
}

func newRun(cfg Config, data *dataset.Data, opts Options) (*run, error) {
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
	r := &run{opts: opts, data: data, net: net, trained: net.NumParams()}
	r.Config, r.Best, r.Data = cfg, -1, data.Train.Fingerprint()
	r.training, r.validation, err = data.Train.All().Split(cfg.Validation, cfg.Seed)
	if err != nil {
		return nil, err
	}
	r.norm = dataset.Normalise(r.training)
	r.sampler, err = dataset.NewSampler(r.training, r.norm, cfg.Augment, cfg.Seed)
	if err != nil {
		return nil, err
	}
	if r.teacher, err = r.findTeacher(); err != nil {
		return nil, fmt.Errorf("teacher: %w", err)
	}
	if err := r.compile(false); err != nil {
		return nil, err
	}
	r.optimiser = cfg.optimiser(net.Params(), r.trained, opts.Workers)
	r.schedule = cfg.schedule()
	r.prepare()
	return r, nil
}

// compile makes the trainer, with norms of fixed statistics or not.
func (r *run) compile(fixedStats bool) (err error) {
	r.trainer, err = cpu.New().CompileTraining(r.net, engine.TrainingOptions{
		Options:    engine.Options{Workers: r.opts.Workers, MicroBatch: r.Config.MicroBatch},
		FixedStats: fixedStats, LimitGains: true,
	})
	return err
}

// freezeStep is the first step with fixed statistics.
func (r *run) freezeStep() int {
	total := r.Config.Epochs * r.steps
	return total - int(r.Config.Freeze*float64(total))
}

// frozen reports whether the last step was one with fixed statistics.
func (r *run) frozen() bool { return r.Step > r.freezeStep() }

// freeze fixes the norms' statistics for the rest of the run. The average of
// the weights begins anew: it has been one of other networks.
func (r *run) freeze() error {
	r.calibrate(r.params)
	copy(r.average, r.params)
	return r.compile(true)
}

// prepare lays out the vectors and the batch.
func (r *run) prepare() {
	r.params = engine.Init(r.net, r.Config.Seed)
	r.average, r.best = r.params, slices.Clone(r.params)
	if r.Config.Average > 0 {
		r.average = slices.Clone(r.params)
	}
	r.optim = r.optimiser.State()
	r.grads = make([]float32, len(r.params))
	r.order = make([]int32, r.training.Len())
	r.batch.N = min(r.Config.Batch, r.training.Len())
	r.steps = r.training.Len() / r.batch.N
	r.targets, r.hits, r.others = make([]engine.Target, r.batch.N), make([]bool, r.batch.N), make([][]float32, r.batch.N)
	r.batch.Input = func(i int, x []float32) {
		r.targets[i] = engine.Target{Label: r.sample(x, i), Smoothing: r.Config.Smoothing}
		if r.Config.Mixup > 0 {
			r.mix(x, i)
		}
	}
	r.batch.Loss = func(i int, dy, y []float32) float64 {
		if r.teacher != nil {
			r.targets[i].Teacher = r.teacher.probabilities[i]
		}
		r.hits[i] = true
		for _, v := range y {
			r.hits[i] = r.hits[i] && v <= y[r.targets[i].Label]
		}
		loss := engine.CrossEntropy(dy, y, r.targets[i])
		return loss * limit(dy, y, r.Config.Spread)
	}
}

// sample writes image i of the batch in progress to x and returns its label.
func (r *run) sample(x []float32, i int) (label int) {
	at := r.Step%r.steps*r.batch.N + i
	return r.sampler.Sample(x, r.epochOf(r.Step), int(r.order[at]))
}

// mix mixes another image of the batch in progress, half a batch further, into
// image i, which x holds.
func (r *run) mix(x []float32, i int) {
	if r.others[i] == nil {
		r.others[i] = make([]float32, len(x))
	}
	var stream rng.Stream
	stream.Reset(r.Config.Seed, "mixup", uint64(r.Step), uint64(i))
	share := stream.Uniform(0, r.Config.Mixup)
	other := r.others[i]
	r.targets[i].Other = r.sample(other, (i+r.batch.N/2)%r.batch.N)
	r.targets[i].Share = share
	for k, v := range other {
		x[k] += float32(float32(share) * (v - x[k]))
	}
}

// limit scales the gradient dy to logits y down if they lie further apart than
// spread, unless that is 0, and returns the factor.
func limit(dy, y []float32, spread float64) float64 {
	apart := float64(slices.Max(y)) - float64(slices.Min(y))
	if spread == 0 || apart <= spread {
		return 1
	}
	factor := spread / apart
	for k := range dy {
		dy[k] *= float32(factor)
	}
	return factor
}

// checkFits reports a network that the data do not fit.
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

func (r *run) epochOf(step int) int { return step / r.steps }

// epoch makes the steps that are left of the epoch in progress, evaluates, and
// saves.
func (r *run) epoch(ctx context.Context) error {
	epoch := r.epochOf(r.Step)
	rng.Permutation(r.order, r.Config.Seed, "order", uint64(epoch))
	for r.epochOf(r.Step) == epoch {
		if ctx.Err() != nil {
			if err := r.save(); err != nil {
				return err
			}
			return fmt.Errorf("%w at epoch %d, step %d: %w", ErrInterrupted, epoch+1, r.Step%r.steps, context.Cause(ctx))
		}
		if err := r.step(); err != nil {
			return err
		}
		if time.Since(r.saved) >= r.opts.SaveEvery && r.epochOf(r.Step) == epoch {
			if err := r.save(); err != nil {
				return err
			}
		}
		r.report(epoch, nil)
	}
	metrics, err := r.closeEpoch(epoch)
	if err != nil {
		return err
	}
	if err := r.save(); err != nil {
		return err
	}
	if err := r.writeOutputs(); err != nil {
		return err
	}
	r.report(epoch, metrics)
	return nil
}

// step makes one update of the parameters.
func (r *run) step() error {
	start := time.Now()
	if r.Config.Freeze > 0 && r.Step == r.freezeStep() {
		if err := r.freeze(); err != nil {
			return err
		}
	}
	rate := r.schedule.At(r.Step, r.Config.Epochs*r.steps)
	if r.teacher != nil {
		r.teacher.answer(&r.batch)
	}
	loss := r.trainer.Gradient(r.grads, r.params, &r.batch)
	if !finite(loss) || loss > blowUp {
		return r.divergedAt("the loss", loss)
	}
	limit := r.Config.Clip
	if limit == 0 {
		limit = math.Inf(1)
	}
	if norm := optim.ClipNorm(r.grads[:r.trained], limit); !finite(norm) {
		return r.divergedAt("the gradient's norm", norm)
	}
	r.optimiser.Step(r.params[:r.trained], r.grads[:r.trained], rate)
	if r.Config.Average > 0 {
		updates := r.Step
		if updates >= r.freezeStep() {
			updates -= r.freezeStep()
		}
		optim.EMA{Decay: r.Config.Average}.Update(r.average[:r.trained], r.params[:r.trained], updates)
	}
	r.Step++
	for _, hit := range r.hits {
		if hit {
			r.Partial.Correct++
		}
	}
	r.Partial.Loss += loss * float64(r.batch.N)
	r.Partial.Images += r.batch.N
	r.Partial.Seconds += time.Since(start).Seconds()
	return nil
}

// closeEpoch evaluates the averaged weights on the validation images, keeps
// them if they are the best so far, and decides whether the run is done.
func (r *run) closeEpoch(epoch int) (*Metrics, error) {
	images := float64(r.Partial.Images)
	m := Metrics{
		Epoch: epoch + 1, TrainLoss: r.Partial.Loss / images, TrainAccuracy: float64(r.Partial.Correct) / images,
		Rate:    r.schedule.At(r.Step-1, r.Config.Epochs*r.steps),
		Seconds: r.Partial.Seconds, ImagesPerSecond: images / r.Partial.Seconds,
	}
	r.Partial = sums{}
	if !r.frozen() {
		r.calibrate(r.average)
	}
	current, err := r.model(r.average, nil)
	if err != nil {
		return nil, r.diverged(fmt.Sprintf("after epoch %d: %v", epoch+1, err))
	}
	if r.opts.TestCurve {
		e, err := current.Evaluate(r.data.Test.All())
		if err != nil {
			return nil, err
		}
		m.TestAccuracy = e.Accuracy()
	}
	if r.validation.Len() > 0 {
		e, err := current.Evaluate(r.validation)
		if err != nil {
			return nil, err
		}
		m.ValidationAccuracy, m.ValidationLoss = e.Accuracy(), e.Loss
	}
	r.History = append(r.History, m)
	if r.validation.Len() == 0 || r.Best < 0 || m.better(&r.History[r.Best]) {
		r.Best = len(r.History) - 1
		copy(r.best, r.average)
	}
	stale := len(r.History) - 1 - r.Best
	r.Done = len(r.History) == r.Config.Epochs || (r.Config.Patience > 0 && stale >= r.Config.Patience)
	return &m, nil
}

// calibrationImages is the number of training images that the norms' statistics
// are measured on.
const calibrationImages = 4096

// calibrate measures the statistics that norms use at inference, on training images
// as they are, and writes them to their places in params. Statistics gathered while
// training would be those of augmented images and of the weights before averaging: a
// polynomial of high degree notices.
//
// Each statistic is the mean of the middle fifth of the micro-batches': in a deep
// polynomial one image in a thousand has feature maps so large that they would
// make up an average of variances alone.
func (r *run) calibrate(params []float32) {
	if r.trained == len(r.params) {
		return
	}
	var measured [][]float32
	var lock sync.Mutex
	batches := min(r.steps, (calibrationImages+r.batch.N-1)/r.batch.N)
	for b := range batches {
		r.trainer.Gradient(r.grads, params, &engine.Batch[float32]{
			N: r.batch.N,
			Input: func(i int, x []float32) {
				r.norm.Apply(x, r.training.Image(int(r.order[b*r.batch.N+i])))
			},
			Stats: func(stats []float32) {
				lock.Lock()
				defer lock.Unlock()
				measured = append(measured, slices.Clone(stats))
			},
		})
	}
	values := make([]float32, len(measured))
	for i := range params[r.trained:] {
		for m, stats := range measured {
			values[m] = stats[i]
		}
		params[r.trained+i] = middle(values)
	}
}

// middle is the mean of the middle fifth of the values, at least one, which it
// sorts.
func middle(values []float32) float32 {
	slices.Sort(values)
	n := len(values)
	start, end := 2*n/5, n-2*n/5
	var sum float64
	for _, v := range values[start:end] {
		sum += float64(v)
	}
	return float32(sum / float64(end-start))
}

func (r *run) report(epoch int, finished *Metrics) {
	if r.opts.Progress == nil {
		return
	}
	p := Progress{Epoch: epoch + 1, Epochs: r.Config.Epochs, Step: r.Step - epoch*r.steps, Steps: r.steps, Finished: finished}
	if finished != nil {
		p.Loss, p.Accuracy, p.ImagesPerSecond = finished.TrainLoss, finished.TrainAccuracy, finished.ImagesPerSecond
	} else {
		images := float64(r.Partial.Images)
		p.Loss, p.Accuracy, p.ImagesPerSecond = r.Partial.Loss/images, float64(r.Partial.Correct)/images, images/r.Partial.Seconds
	}
	r.opts.Progress(p)
}
