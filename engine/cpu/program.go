package cpu

import (
	"context"

	"github.com/coarsegrain/taylornet/engine"
	"github.com/coarsegrain/taylornet/internal/parallel"
	"github.com/coarsegrain/taylornet/spec"
	"github.com/coarsegrain/taylornet/tensor"
)

// inferenceMicroBatch is small enough that the feature maps of a micro-batch stay in
// the second-level cache.
const inferenceMicroBatch = 4

// program evaluates a folded network.
type program[T tensor.Float] struct {
	plan    *plan[T]
	workers int
	idle    chan *worker[T] // kept for the next call
}

func newProgram[T tensor.Float](net *spec.Net, params []T, opts engine.Options) (*program[T], error) {
	p, err := planProgram(net, params, opts)
	if err != nil {
		return nil, err
	}
	p.idle = make(chan *worker[T], p.workers)
	for _, s := range p.plan.steps {
		if s.layer != nil {
			s.layer.Refresh(params)
		}
	}
	return p, nil
}

// planProgram plans a program that stays within the budget of memory: with smaller
// micro-batches if need be, and if that does not do with fewer workers.
func planProgram[T tensor.Float](net *spec.Net, params []T, opts engine.Options) (*program[T], error) {
	const vectors = 2 // of parameters: the folded network's, and what they were made of
	usual, workers := opts.MicroBatch, parallel.Workers(opts.Workers)
	if usual <= 0 {
		usual = inferenceMicroBatch
	}
	for images := usual; ; images /= 2 {
		plan, err := newPlan[T](net, images, usual, purpose{})
		if err == nil {
			c := plan.cost(len(params), vectors, 0)
			fit := c.workers(opts.Memory, workers)
			if fit == workers || images == 1 && fit > 0 {
				return &program[T]{plan: plan, workers: fit}, nil
			}
			err = c.tooLarge(opts.Memory, "evaluating", net.Input, images)
		}
		if images == 1 {
			return nil, err
		}
	}
}

// Run implements engine.Program.
func (p *program[T]) Run(n int, input, output func(i int, v []T)) {
	_ = p.RunContext(context.Background(), n, input, output) // which is never done
}

// RunContext implements engine.Program.
func (p *program[T]) RunContext(ctx context.Context, n int, input, output func(i int, v []T)) error {
	size := p.plan.frame.Images
	tasks := (n + size - 1) / size
	if tasks == 0 {
		return nil
	}
	parallel.NewCrew(min(p.workers, tasks)).Run(tasks, func(_, task int) {
		if ctx.Err() != nil {
			return
		}
		w := p.take()
		defer p.give(w)
		first := task * size
		images := min(size, n-first)
		for i := range images {
			input(first+i, w.image(p.plan.values[p.plan.input].slot, p.plan.input, i))
		}
		if w.forward(ctx, images); ctx.Err() != nil {
			return
		}
		for i := range images {
			output(first+i, w.image(p.plan.values[p.plan.output].slot, p.plan.output, i))
		}
	})
	return context.Cause(ctx)
}

// take returns an idle worker or a new one.
func (p *program[T]) take() *worker[T] {
	select {
	case w := <-p.idle:
		return w
	default:
		return newWorker(p.plan)
	}
}

// give keeps a worker for the next call, or drops it if enough are kept.
func (p *program[T]) give(w *worker[T]) {
	select {
	case p.idle <- w:
	default:
	}
}
