package train

import (
	"slices"

	"github.com/coarsegrain/taylornet/engine"
	"github.com/coarsegrain/taylornet/internal/rng"
)

// input writes image i of the batch in progress, varied and mixed, to x.
func (r *run) input(i int, x []float32) {
	r.targets[i] = engine.Target{Label: r.sample(x, i), Smoothing: r.Config.Smoothing}
	if r.Config.Mixup > 0 {
		r.mix(x, i)
	}
}

// loss returns the loss of image i of the batch in progress, whose logits are y, and
// writes its gradient to dy.
func (r *run) loss(i int, dy, y []float32) float64 {
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

// sample writes image i of the batch in progress to x and returns its label.
func (r *run) sample(x []float32, i int) (label int) {
	at := r.Step%r.perEpoch*r.batch.N + i
	return r.sampler.Sample(x, r.epochOf(r.Step), int(r.order[at]))
}

// mix mixes another image of the batch in progress into image i, which x holds. The
// other one is half a batch away.
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

// limit scales down the gradient dy of an image whose logits y are further apart than
// spread, and returns the factor. With spread 0 there is no limit.
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
