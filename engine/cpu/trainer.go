package cpu

import (
	"context"
	"fmt"

	"github.com/coarsegrain/taylornet/engine"
	"github.com/coarsegrain/taylornet/internal/kernel"
	"github.com/coarsegrain/taylornet/internal/parallel"
	"github.com/coarsegrain/taylornet/spec"
	"github.com/coarsegrain/taylornet/tensor"
)

// accumulators is the number of partial gradients that a batch's micro-batches are
// summed into, and so the number of workers that can be busy at once. The result
// depends on it, so it is the same on every machine.
const accumulators = 8

// reduceBlock is the number of parameters that one task sums over the accumulators.
const reduceBlock = 1 << 14

// trainer computes gradients of a network.
type trainer[T tensor.Float] struct {
	plan    *plan[T]
	crew    *parallel.Crew
	workers []*worker[T]
	passes  *parallel.Crew // of the workers
	trained int            // length of the trained part of the parameter vector
	fixed   bool           // as in engine.TrainingOptions
	fresh   bool           // the layers have the parameters, which are fixed
	partial [accumulators][]T
	losses  []float64

	// The call in progress.
	ctx           context.Context //nolint:containedctx // of the call
	batch         *engine.Batch[T]
	grads, params []T
	micro         int // micro-batches
	parts         int // accumulators in use
	// The tasks, made once so that running them allocates nothing.
	refreshTask, accumulateTask, reduceTask func(worker, i int)
}

func newTrainer[T tensor.Float](net *spec.Net, opts engine.TrainingOptions) (*trainer[T], error) {
	if err := checkOrders(net, opts.Orders); err != nil {
		return nil, err
	}
	plan, workers, err := planTraining[T](net, opts)
	if err != nil {
		if h, w := smaller(net, func(net *spec.Net) bool {
			_, _, err := planTraining[T](net, opts)
			return err == nil
		}); h > 0 {
			err = fmt.Errorf("%w; images of %dx%d would fit", err, h, w)
		}
		return nil, err
	}
	length := engine.VectorLen(net.Params())
	t := &trainer[T]{
		plan:    plan,
		crew:    parallel.NewCrew(opts.Workers),
		passes:  parallel.NewCrew(workers),
		trained: net.NumParams(),
		fixed:   opts.FixedParams,
	}
	for range workers {
		t.workers = append(t.workers, newWorker(t.plan))
	}
	for _, w := range t.workers {
		w.stats = make([]T, length)
	}
	for i := range t.partial {
		t.partial[i] = tensor.Alloc[T](length)
	}
	t.refreshTask, t.accumulateTask, t.reduceTask = t.refresh, t.accumulate, t.reduce
	return t, nil
}

// planTraining plans a trainer and returns how many workers the budget of memory has room
// for. The micro-batch is as it is, because the result depends on it.
func planTraining[T tensor.Float](net *spec.Net, opts engine.TrainingOptions) (p *plan[T], workers int, err error) {
	images := opts.MicroBatch
	if images <= 0 {
		images = engine.MicroBatch(net)
	}
	p, err = newPlan[T](net, images, images, purpose{training: true, inputGrad: opts.InputGrad, fixed: opts.FixedParams, fixedStats: opts.FixedStats, limitGains: opts.LimitGains, orders: opts.Orders})
	if err != nil {
		return nil, 0, err
	}
	c := p.cost(engine.VectorLen(net.Params()), accumulators, 1)
	if workers = c.workers(opts.Memory, min(accumulators, parallel.Workers(opts.Workers))); workers == 0 {
		return nil, 0, c.tooLarge(opts.Memory, "training", net.Input, images)
	}
	return p, workers, nil
}

// Gradient implements engine.Trainer.
func (t *trainer[T]) Gradient(grads, params []T, batch *engine.Batch[T]) float64 {
	loss, _ := t.GradientContext(context.Background(), grads, params, batch) // which is never done
	return loss
}

// GradientContext implements engine.Trainer.
func (t *trainer[T]) GradientContext(ctx context.Context, grads, params []T, batch *engine.Batch[T]) (float64, error) {
	if len(params) != len(t.partial[0]) || !t.fixed && len(grads) != len(params) {
		panic("cpu.trainer.Gradient: vectors do not fit the network")
	}
	if batch.N <= 0 {
		panic("cpu.trainer.Gradient: empty batch")
	}
	if batch.InputGrad != nil && t.plan.values[t.plan.input].grad < 0 {
		panic("cpu.trainer.Gradient: compiled without TrainingOptions.InputGrad")
	}
	if batch.N > len(t.losses) {
		t.losses = make([]float64, batch.N)
	}
	t.ctx, t.batch, t.grads, t.params = ctx, batch, grads, params
	t.micro = (batch.N + t.plan.frame.Images - 1) / t.plan.frame.Images
	t.parts = min(t.micro, accumulators)
	if !t.fresh {
		t.crew.Run(len(t.plan.steps), t.refreshTask)
		t.fresh = t.fixed
	}
	t.passes.Run(t.parts, t.accumulateTask)
	if !t.fixed && ctx.Err() == nil {
		t.crew.Run((len(grads)+reduceBlock-1)/reduceBlock, t.reduceTask)
	}
	t.ctx, t.batch, t.grads, t.params = nil, nil, nil, nil
	if err := context.Cause(ctx); err != nil {
		return 0, err
	}
	if batch.Loss == nil {
		return 0, nil
	}
	var loss float64
	for _, l := range t.losses[:batch.N] {
		loss += l
	}
	return loss / float64(batch.N), nil
}

// refresh gives a step's layer the parameters.
func (t *trainer[T]) refresh(_, step int) {
	if l := t.plan.steps[step].layer; l != nil {
		l.Refresh(t.params)
	}
}

// accumulate takes the micro-batches of one accumulator through the net.
func (t *trainer[T]) accumulate(worker, part int) {
	grads := t.partial[part]
	clear(grads)
	for m := part * t.micro / t.parts; m < (part+1)*t.micro/t.parts && t.ctx.Err() == nil; m++ {
		first, end := m*t.batch.N/t.micro, (m+1)*t.batch.N/t.micro
		t.microBatch(t.workers[worker], first, end-first, grads)
	}
}

func (t *trainer[T]) microBatch(w *worker[T], first, n int, grads []T) {
	p, b := t.plan, t.batch
	for i := range n {
		b.Input(first+i, w.input(p.values[p.input].slot, n, i))
	}
	if w.forward(t.ctx, n); t.ctx.Err() != nil {
		return
	}
	w.measured(n, grads)
	if b.Stats != nil {
		clear(w.stats)
		w.measured(n, w.stats)
		b.Stats(w.stats[t.trained:])
	}
	if b.Loss == nil {
		return
	}
	share := 1 / T(b.N)
	for i := range n {
		t.losses[first+i] = w.loss(n, i, share, func(dy, y []T) float64 { return b.Loss(first+i, dy, y) })
	}
	if t.fixed && p.values[p.input].grad < 0 {
		return // nothing that a backward pass computes is wanted
	}
	w.backward(t.ctx, n, grads, share)
	if b.InputGrad != nil && t.ctx.Err() == nil {
		for i := range n {
			b.InputGrad(first+i, w.input(p.values[p.input].grad, n, i))
		}
	}
}

// reduce sums one block over the accumulators, in their order.
func (t *trainer[T]) reduce(_, block int) {
	lo := block * reduceBlock
	hi := min(lo+reduceBlock, len(t.grads))
	sum := t.grads[lo:hi]
	copy(sum, t.partial[0][lo:hi])
	for _, p := range t.partial[1:t.parts] {
		kernel.Add(sum, p[lo:hi])
	}
	for i := max(lo, t.trained); i < hi; i++ {
		t.grads[i] /= T(t.micro) // statistics: the average over micro-batches
	}
}
