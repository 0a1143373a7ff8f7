package train

import (
	"context"
	"sync/atomic"

	"github.com/coarsegrain/taylornet/dataset"
	"github.com/coarsegrain/taylornet/engine"
)

// compileOrders makes a trainer that computes the orders of one set of parameters, with
// statistics as at inference. It is nil if they are not measured.
func (r *run) compileOrders() (engine.Trainer[float32], error) {
	if r.Config.Orders == 0 {
		return nil, nil
	}
	return r.opts.Engine.CompileTraining(r.net, engine.TrainingOptions{
		Options:     engine.Options{Workers: r.opts.Workers, MicroBatch: r.Config.MicroBatch, Memory: r.share(modelParts)},
		FixedParams: true, FixedStats: true, Orders: r.Config.Orders,
	})
}

// partialSums returns the accuracies of the partial sums of orders on images, as
// Metrics.Partial holds them; nil if they are not measured. Classes are matched by name.
func (r *run) partialSums(ctx context.Context, params []float32, images dataset.Subset) ([]float64, error) {
	trainer, err := r.compileOrders()
	if trainer == nil || err != nil {
		return nil, err
	}
	if images.Set, err = images.Set.Align(r.data.Train.Classes, dataset.ByName); err != nil {
		return nil, err
	}
	classes := r.net.Out().Size()
	correct := make([]atomic.Int64, r.Config.Orders)
	_, err = trainer.GradientContext(ctx, nil, params, &engine.Batch[float32]{
		N:     images.Len(),
		Input: func(i int, x []float32) { r.norm.Apply(x, images.Image(i)) },
		Loss: func(i int, dy, y []float32) float64 {
			sum := dy[:classes]
			copy(sum, y[classes:])
			for k := range correct {
				for c, v := range y[(k+2)*classes:][:classes] {
					sum[c] += v
				}
				if hit(sum, images.Label(i)) {
					correct[k].Add(1)
				}
			}
			return 0
		},
	})
	if err != nil {
		return nil, err
	}
	accuracies := make([]float64, len(correct))
	for k := range correct {
		accuracies[k] = float64(correct[k].Load()) / float64(images.Len())
	}
	return accuracies, nil
}
