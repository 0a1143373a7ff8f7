package optim

import (
	"math"
	"slices"
)

// normBlock is the number of squares summed before the sum joins the total.
const normBlock = 1024

// ClipNorm scales the gradients so that their Euclidean norm is at most limit,
// and returns the norm that they had. If that is NaN or infinite, the
// gradients are left as they are.
func ClipNorm(grads []float32, limit float64) (norm float64) {
	var total float64
	for block := range slices.Chunk(grads, normBlock) {
		var sum float64
		for _, g := range block {
			sum += float64(g) * float64(g)
		}
		total += sum
	}
	norm = math.Sqrt(total)
	if norm > limit && !math.IsInf(norm, 1) {
		scale := float32(limit / norm)
		for i := range grads {
			grads[i] *= scale
		}
	}
	return norm
}
