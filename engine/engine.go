package engine

import (
	"context"
	"errors"

	"github.com/coarsegrain/taylornet/spec"
	"github.com/coarsegrain/taylornet/tensor"
)

// ErrParams is wrapped by errors about parameter vectors that do not fit the network.
var ErrParams = errors.New("parameters do not fit the network")

// ErrNotPolynomial is wrapped by errors about networks that have no orders, because an
// operation is not a polynomial.
var ErrNotPolynomial = errors.New("not a polynomial")

// MaxOrders is the largest TrainingOptions.Orders. The time of a step grows with its
// square, and its memory in proportion to it.
const MaxOrders = 64

// Engine compiles networks.
type Engine[T tensor.Float] interface {
	// Name returns the name that the engine is chosen by, as in "cpu".
	Name() string
	// Compile returns a program that evaluates net with the given parameters,
	// laid out as in net.Params. Norms use the statistics among them and are
	// folded into their neighbours. The error wraps spec.Faults or ErrParams.
	Compile(net *spec.Net, params []T, opts Options) (Program[T], error)
	// CompileTraining returns a program that computes gradients. The error wraps
	// spec.Faults.
	CompileTraining(net *spec.Net, opts TrainingOptions) (Trainer[T], error)
}

// Options are the choices of every compilation. Zero values mean the defaults.
type Options struct {
	// Workers is the number of goroutines that compute; 0 means one per CPU. No
	// result depends on it.
	Workers int
	// MicroBatch is the number of images that one worker takes through the whole
	// network at once. In training it matters to the result, because norms take
	// their statistics over a micro-batch; 0 means MicroBatch(net) there, and what
	// suits the engine in evaluation.
	MicroBatch int
	// Memory is the number of bytes that the program may hold, its workers and weights
	// included; 0 means half of the machine's. In evaluation smaller micro-batches, and
	// then fewer workers, are used to stay within; in training, fewer workers. If that does
	// not do, the error of the compilation wraps tensor.ErrMemory. Each of several calls
	// at once has workers of its own.
	Memory int64
}

// TrainingOptions are the choices of a compilation for training.
type TrainingOptions struct {
	Options
	// InputGrad asks for the gradient to the input images.
	InputGrad bool
	// FixedParams says that all calls have the parameters of the first, and that
	// the gradient to them is not wanted. Gradient's grads may then be nil, and are
	// left as they are.
	FixedParams bool
	// FixedStats makes norms use the statistics among the parameters, as at
	// inference, and measure none. The places of the statistics in grads are zero.
	FixedStats bool
	// LimitGains makes gains take an energy u of more than 1 as 1. The gradient is
	// then that of the loss plus a penalty on such energies, so that the network
	// learns to do without the limit.
	LimitGains bool
	// Orders, if K >= 1, asks for graded passes. They carry beside every value its orders
	// 0 to K: the coefficients f_k of the network's polynomial f(t x) = sum_k f_k t^k along
	// the ray from zero to the image x. Norms take the statistics of the full values.
	// Batch.Loss is then given the full logits and their orders. LimitGains limits the full
	// values alone. For a network with ReLU or MaxPool the error of the compilation wraps
	// ErrNotPolynomial.
	Orders int
}

// MicroBatch returns the default micro-batch of a network in training: 16 images, or 8
// if the feature maps of 16 are too large for the caches and larger than the
// parameters, which are read and summed again for each micro-batch. It is the same on
// every machine, because the result depends on it.
func MicroBatch(net *spec.Net) int {
	const images, cached = 16, 8 << 20 // bytes
	maps := 0
	for _, l := range net.Layers() {
		maps += l.Out.Size()
	}
	if 4*images*maps > cached && maps > net.NumParams() {
		return images / 2
	}
	return images
}

// Program evaluates a network. It is safe for concurrent use.
type Program[T tensor.Float] interface {
	// Run evaluates n images. For each i in [0,n) it calls input(i, x), which must
	// write the image to x [H,W,C], and output(i, y) with the logits y [K], which are
	// valid only during the call. Calls come from several goroutines at once, in no
	// fixed order. The result for an image depends on no other image.
	Run(n int, input, output func(i int, v []T))
	// RunContext is Run until the context is done, about which it asks before each
	// operation. The error is then the context's cause. Outputs were called for
	// some of the images.
	RunContext(ctx context.Context, n int, input, output func(i int, v []T)) error
}

// Trainer computes losses and gradients. It is not safe for concurrent use, but it
// calls a Batch's functions from several goroutines at once.
type Trainer[T tensor.Float] interface {
	// Gradient runs the batch forward and backward with the given parameters. It
	// returns the mean loss and overwrites grads, which are laid out as the parameters:
	// with the gradient of the mean loss in the places of trained parameters, and with
	// the average of the micro-batches' statistics in the places of statistics. The
	// result is bit-identical for any number of workers. Gradient does not allocate.
	Gradient(grads, params []T, batch *Batch[T]) float64
	// GradientContext is Gradient until the context is done, about which it asks before
	// each operation. The error is then the context's cause, and grads are of no use.
	GradientContext(ctx context.Context, grads, params []T, batch *Batch[T]) (float64, error)
}

// Batch is the images that a gradient is computed on, and their loss.
type Batch[T tensor.Float] struct {
	// N is the number of images.
	N int
	// Input writes image i to x [H,W,C].
	Input func(i int, x []T)
	// Loss returns the loss of image i given its logits y [K], and writes the gradient
	// of that loss to dy [K]; CrossEntropy does both. If it is nil, only the statistics
	// are computed, and the loss and the gradient are zero. With TrainingOptions.Orders,
	// y and dy are [Orders+2][K]: the full logits, then their orders 0, 1 and so on, zero
	// above the network's degree. GradedCrossEntropy suits those.
	Loss func(i int, dy, y []T) float64
	// Stats, if not nil, receives each micro-batch's statistics: the part of the
	// parameter vector after the trained parameters.
	Stats func(stats []T)
	// InputGrad, if not nil, receives the gradient of the mean loss to image i. The
	// trainer must have been compiled with TrainingOptions.InputGrad.
	InputGrad func(i int, dx []T)
}
