package layer

import (
	"math"

	"github.com/coarsegrain/taylornet/tensor"
)

// CrossEntropy returns the softmax cross-entropy, in nats, of the logits y [K]
// against the class label with label smoothing: the target is 1-smoothing on
// the label plus smoothing/K on every class. It writes the gradient to dy [K].
func CrossEntropy[T tensor.Float](dy, y []T, label int, smoothing float64) float64 {
	logSum := logSumExp(y)
	even := smoothing / float64(len(y))
	var loss float64
	for k, v := range y {
		target := even
		if k == label {
			target += 1 - smoothing
		}
		logP := float64(v) - logSum
		loss -= target * logP
		dy[k] = T(math.Exp(logP) - target)
	}
	return loss
}

// CosineCrossEntropy returns CrossEntropy of scale times the logits y [K] divided by their
// length: of the cosines of y and the axes, so that only the direction of y counts.
// It writes the gradient to dy [K].
func CosineCrossEntropy[T tensor.Float](dy, y []T, label int, smoothing, scale float64) float64 {
	var squares float64
	for _, v := range y {
		squares += float64(v) * float64(v)
	}
	factor := scale / math.Sqrt(squares+cosineFloor)
	for k, v := range y {
		dy[k] = T(factor * float64(v))
	}
	loss := CrossEntropy(dy, dy, label, smoothing)
	var along float64
	for k, v := range y {
		along += float64(dy[k]) * float64(v)
	}
	along /= squares + cosineFloor
	for k, v := range y {
		dy[k] = T(factor * (float64(dy[k]) - along*float64(v)))
	}
	return loss
}

// cosineFloor keeps the direction of vanishing logits finite.
const cosineFloor = 1e-6

// Softmax writes the probabilities of the logits y [K] to p [K]; p may be y.
func Softmax[T tensor.Float](p, y []T) {
	logSum := logSumExp(y)
	for k, v := range y {
		p[k] = T(math.Exp(float64(v) - logSum))
	}
}

func logSumExp[T tensor.Float](y []T) float64 {
	top := float64(y[0])
	for _, v := range y[1:] {
		top = max(top, float64(v))
	}
	var sum float64
	for _, v := range y {
		sum += math.Exp(float64(v) - top)
	}
	return top + math.Log(sum)
}
