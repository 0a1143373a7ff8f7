package engine

import (
	"math"

	"github.com/coarsegrain/taylornet/tensor"
)

// Target is what the logits of an image are compared with: a probability for each of
// the K classes. The image's own classes share 1-Smoothing, and every class gets
// Smoothing/K (Szegedy et al., arXiv 1512.00567).
type Target struct {
	Label     int     // the image's own class
	Smoothing float64 // 0 to 1
	// Share is the fraction of the image that is another image, of class Other; 0 if
	// nothing is mixed in.
	Share float64
	Other int
	// Teacher, if not nil, holds the probabilities [K] themselves.
	Teacher []float32
}

// of returns the probability of class k of n.
func (t Target) of(k, n int) float64 {
	if t.Teacher != nil {
		return float64(t.Teacher[k])
	}
	p := t.Smoothing / float64(n)
	if k == t.Label {
		p += (1 - t.Smoothing) * (1 - t.Share)
	}
	if k == t.Other {
		p += (1 - t.Smoothing) * t.Share
	}
	return p
}

// CrossEntropy returns the softmax cross-entropy, in nats, of the logits y [K]
// against a target. It writes the gradient to dy [K], which may be y.
func CrossEntropy[T tensor.Float](dy, y []T, t Target) float64 {
	logSum := logSumExp(y)
	var loss float64
	for k, v := range y {
		target := t.of(k, len(y))
		logP := float64(v) - logSum
		loss -= target * logP
		dy[k] = T(math.Exp(logP) - target)
	}
	return loss
}

// GradedCrossEntropy is Graded with the cross-entropy against a target.
func GradedCrossEntropy[T tensor.Float](dy, y []T, t Target, weights []float64) float64 {
	return Graded(dy, y, weights, func(dy, y []T) float64 { return CrossEntropy(dy, y, t) })
}

// Graded returns the loss of the full logits, and for each k from 1 to K = len(weights)
// adds weights[k-1] times that of the partial sum of orders f_0 + ... + f_k. y is
// [K+2][classes]: the full logits, then f_0 to f_K. It writes the gradient to dy, laid out
// as y. Of logits y [classes], of returns the loss and writes the gradient to dy, which may
// be y.
func Graded[T tensor.Float](dy, y []T, weights []float64, of func(dy, y []T) float64) float64 {
	classes := len(y) / (len(weights) + 2)
	loss := of(dy[:classes], y[:classes])
	// Each order's place in dy first holds the partial sum, then the gradient to that.
	order := func(k int) []T { return dy[(1+k)*classes:][:classes] }
	copy(dy[classes:], y[classes:])
	for k := range weights {
		for c, v := range order(k) {
			order(k + 1)[c] += v
		}
	}
	clear(order(0))
	for k, weight := range weights {
		sum := order(k + 1)
		loss += weight * of(sum, sum)
		for c := range sum {
			sum[c] *= T(weight)
		}
	}
	for k := len(weights) - 1; k >= 0; k-- {
		for c, v := range order(k + 1) {
			order(k)[c] += v
		}
	}
	return loss
}

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
