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

// loss returns the loss of image i of the batch in progress, whose logits are y, in a
// graded run [K+2][classes], and writes its gradient to dy.
func (r *run) loss(i int, dy, y []float32) float64 {
	if r.teacher != nil {
		r.targets[i].Teacher = r.teacher.probabilities[i]
	}
	r.hits[i] = hit(y[:len(r.data.Train.Classes)], r.targets[i].Label)
	limited := func(dy, y []float32) float64 { return r.crossEntropy(dy, y, i) }
	if r.Config.Graded == 0 {
		return limited(dy, y)
	}
	return engine.Graded(dy, y, r.weights, limited)
}

// crossEntropy returns the loss of image i with logits y, limited as Config.Spread says,
// and writes its gradient to dy, which may be y.
func (r *run) crossEntropy(dy, y []float32, i int) float64 {
	factor := limit(y, r.Config.Spread)
	loss := engine.CrossEntropy(dy, y, r.targets[i])
	if factor < 1 {
		for k := range dy {
			dy[k] *= float32(factor)
		}
	}
	return factor * loss
}

// hit reports whether the label has the highest of the logits.
func hit(y []float32, label int) bool {
	for _, v := range y {
		if !(v <= y[label]) {
			return false
		}
	}
	return true
}

// sample writes image i of the batch in progress to x and returns its label.
func (r *run) sample(x []float32, i int) (label int) {
	at := r.Step%r.perEpoch*r.batch.N + i
	sampler := r.sampler
	if r.Step >= r.before(r.Config.Calm) {
		sampler = r.plain
	}
	return sampler.Sample(x, r.epochOf(r.Step), int(r.order[at]))
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

// limit returns the factor by which an image counts less if its logits y are further apart
// than spread. With spread 0 there is no limit.
func limit(y []float32, spread float64) float64 {
	apart := float64(slices.Max(y)) - float64(slices.Min(y))
	if spread == 0 || apart <= spread {
		return 1
	}
	return spread / apart
}
