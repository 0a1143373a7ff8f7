package taylor

import (
	"errors"
	"fmt"

	"github.com/coarsegrain/taylornet/poly"
	"github.com/coarsegrain/taylornet/spec"
)

// ErrTooLarge is wrapped by errors about direct expansions, and about second orders of
// networks, with more coefficients than should be held in memory.
var ErrTooLarge = errors.New("the expansion is too large")

// maxCoefficients bounds a direct expansion: in training a coefficient takes about
// 70 bytes, for gradients, moments and its average.
const maxCoefficients = 100_000_000

// direct returns the network of the direct Taylor expansion of images of the given
// shape, which is a polynomial of all pixels for each class. It returns ErrTooLarge if
// there are over 100 million coefficients.
func direct(in spec.Shape, classes, order int) (*spec.Net, error) {
	n := poly.NumMonomials(in.Size(), order)
	if n > maxCoefficients/max(classes, 1) {
		return nil, fmt.Errorf("%w: order %d of %dx%dx%d pixels has %.4g coefficients for each of %d classes, at most %d fit in all: choose a smaller size or order",
			ErrTooLarge, order, in.H, in.W, in.C, float64(n), classes, maxCoefficients)
	}
	net := &spec.Net{Input: in, Ops: []spec.Op{&spec.Taylor{N: classes, Order: order}}}
	return net, net.Validate()
}
