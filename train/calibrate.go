package train

import (
	"context"
	"slices"
	"sync"

	"github.com/coarsegrain/taylornet/engine"
)

// calibrationImages is the number of training images on which the norms' statistics
// are measured.
const calibrationImages = 4096

// calibrate measures the statistics that norms use at inference, on training images
// as they are, and writes them to their places in params. Statistics gathered during
// training would belong to augmented images and to weights that are not averaged yet;
// a polynomial of high degree amplifies that difference.
//
// Each statistic is the mean of the middle fifth of the values of all micro-batches. In
// a deep polynomial, one image in a thousand has feature maps so large that they
// would dominate a mean of all variances.
// If ctx ends, the places are as they were.
func (r *run) calibrate(ctx context.Context, params []float32) error {
	if r.trained == len(r.params) {
		return nil
	}
	var measured [][]float32
	var lock sync.Mutex
	batches := min(r.perEpoch, (calibrationImages+r.batch.N-1)/r.batch.N)
	for b := range batches {
		_, err := r.trainer.GradientContext(ctx, r.grads, params, &engine.Batch[float32]{
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
		if err != nil {
			return err
		}
	}
	values := make([]float32, len(measured))
	for i := range params[r.trained:] {
		for m, stats := range measured {
			values[m] = stats[i]
		}
		params[r.trained+i] = middle(values)
	}
	return nil
}

// middle sorts the values and returns the mean of the middle fifth, at least one value.
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
