package layer

import (
	"github.com/coarsegrain/taylornet/internal/kernel"
	"github.com/coarsegrain/taylornet/spec"
	"github.com/coarsegrain/taylornet/tensor"
)

// Layer is one compiled operation. Its methods, Refresh aside, may be called
// from several goroutines at once with different buffers.
//
// Buffers are feature maps [n,H,W,C] behind a zero pixel of Frame.Head
// elements; see Frame.
type Layer[T tensor.Float] interface {
	// Refresh takes new values of the network's flat parameter vector, which
	// it may keep and must stay unchanged while passes run.
	Refresh(params []T)
	// Scratch is the number of elements that a worker must keep for this layer
	// from a forward pass to its backward pass.
	Scratch() int
	// Forward computes the output y of the first n images from the input x.
	Forward(n int, y, x, scratch []T)
	// Backward takes the gradient dy of the output and computes the gradient
	// dx of the input; a nil dx is not wanted. Gradients of parameters are
	// added to grads, laid out as the parameters. y, x and scratch are the
	// forward pass's.
	Backward(n int, dx, dy, y, x, grads, scratch []T)
	// InPlace reports whether Backward's dx may be its dy.
	InPlace() bool
}

// Measurer is a layer that measures statistics in its forward pass.
type Measurer[T tensor.Float] interface {
	// Measured adds the statistics that the last forward pass, of n images,
	// left in scratch to their places in the vector stats, laid out as the
	// parameters.
	Measured(n int, stats, scratch []T)
}

// Penaliser is a layer with a penalty on its input, beside the network's loss.
type Penaliser[T tensor.Float] interface {
	// Penalise adds to the gradient dx of the input that of the penalty, times
	// weight, after Backward and with its arguments.
	Penalise(n int, dx, x, scratch []T, weight T)
}

// InputGrader is a layer that computes the gradient of its input alone faster
// than Backward.
type InputGrader[T tensor.Float] interface {
	// InputGrad computes the gradient dx of the input from dy, that of the
	// output.
	InputGrad(n int, dx, dy, scratch []T)
}

// Frame is what the layers of one plan share: the number of images that
// buffers are made for and the length of the zero pixel in front of each.
type Frame struct {
	Images int
	Head   int
}

// Len is the length of a buffer of feature maps of shape s.
func (f Frame) Len(s spec.Shape) int { return f.Head + f.Images*s.Size() }

// NewFrame returns the frame for feature maps of at most channels channels.
func NewFrame(images, channels int) Frame {
	return Frame{Images: images, Head: kernel.Head(channels)}
}

// data is the first n images' feature maps of shape s in buffer b.
func data[T tensor.Float](f Frame, b []T, n int, s spec.Shape) []T {
	return b[f.Head:][:n*s.Size()]
}

// stateless is embedded by layers without parameters or scratch.
type stateless[T tensor.Float] struct{}

func (stateless[T]) Refresh([]T)   {}
func (stateless[T]) Scratch() int  { return 0 }
func (stateless[T]) InPlace() bool { return false }
