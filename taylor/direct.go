package taylor

import (
	"errors"
	"fmt"

	"github.com/coarsegrain/taylornet/spec"
)

// ErrTooLarge is wrapped by errors about direct expansions with more coefficients
// than memory has place for.
var ErrTooLarge = errors.New("the expansion is too large")

// maxCoefficients bounds a direct expansion: in training a coefficient takes some
// 70 bytes, of its gradients, moments and average.
const maxCoefficients = 100_000_000

// Direct is the network of the direct Taylor expansion of images of the given
// shape: for every class a polynomial of all pixels.
func Direct(in spec.Shape, classes, order int) (*spec.Net, error) {
	n := spec.NumMonomials(in.Size(), order)
	if n > maxCoefficients/max(classes, 1) {
		return nil, fmt.Errorf("%w: order %d of %dx%dx%d pixels has %.4g coefficients for each of %d classes, at most %d fit in all: choose a smaller size or order",
			ErrTooLarge, order, in.H, in.W, in.C, float64(n), classes, maxCoefficients)
	}
	net := &spec.Net{Input: in, Ops: []spec.Op{&spec.Taylor{N: classes, Order: order}}}
	return net, net.Validate()
}
