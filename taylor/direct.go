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

// CheckDirect returns ErrTooLarge if a direct Taylor expansion of images of the given shape
// has over 100 million coefficients in all classes, for any of the orders.
func CheckDirect(in spec.Shape, classes int, orders []int) error {
	for _, order := range orders {
		if n := poly.NumMonomials(in.Size(), order); n > maxCoefficients/max(classes, 1) {
			return fmt.Errorf("%w: order %d of %dx%dx%d pixels has %.4g coefficients per class, at most %d fit in all classes: choose a smaller size or order",
				ErrTooLarge, order, in.H, in.W, in.C, float64(n), maxCoefficients)
		}
	}
	return nil
}

// direct returns the network of the direct Taylor expansion of images of the given
// shape, which is a polynomial of all pixels for each class. It returns the error of
// CheckDirect.
func direct(in spec.Shape, classes, order int) (*spec.Net, error) {
	if err := CheckDirect(in, classes, []int{order}); err != nil {
		return nil, err
	}
	net := &spec.Net{Input: in, Ops: []spec.Op{&spec.Taylor{N: classes, Order: order}}}
	return net, net.Validate()
}
