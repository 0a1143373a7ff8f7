package layer

import (
	"cmp"

	"github.com/coarsegrain/taylornet/internal/kernel"
	"github.com/coarsegrain/taylornet/tensor"
)

// Layer is one compiled operation. All of its methods but Refresh may be called from
// several goroutines at once with different buffers.
//
// Buffers are feature maps [n,H,W,C] behind a zero pixel of Frame.Head elements: see
// Frame.
type Layer[T tensor.Float] interface {
	// Refresh takes new values of the network's flat parameter vector. It may keep the
	// vector, which must not change while passes run. The first call allocates what the
	// layer holds, so that the layers of a network that is too large are cheap.
	Refresh(params []T)
	// Bytes returns how much memory the first call of Refresh allocates.
	Bytes() float64
	// Scratch returns the number of elements that a worker must keep for this layer
	// from a forward pass to its backward pass.
	Scratch() int
	// Forward computes the output y of the first n images from the input x.
	Forward(n int, y, x, scratch []T)
	// Backward takes the gradient dy of the output and computes the gradient dx of the
	// input, unless dx is nil. Gradients of parameters are added to grads, laid out as
	// the parameters. y, x and scratch are those of the forward pass.
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

// Penaliser is a layer with a penalty on its input, in addition to the network's loss.
type Penaliser[T tensor.Float] interface {
	// Penalise adds the gradient of the penalty, times weight, to the gradient dx of the
	// input. It is called after Backward, with the same arguments.
	Penalise(n int, dx, x, scratch []T, weight T)
}

// InputGrader is a layer that can compute the gradient of its input alone, which is
// faster than Backward.
type InputGrader[T tensor.Float] interface {
	// InputGrad computes the gradient dx of the input from the gradient dy of the
	// output.
	InputGrad(n int, dx, dy, scratch []T)
}

// Frame is what the layers of one plan share: the number of images that buffers are
// made for, and the length of the zero pixel in front of each.
type Frame struct {
	Images int
	Head   int
	// Usual is the number of images by which layers choose how to compute, so that
	// a frame of fewer images gives the same results; 0 means Images.
	Usual int
	// Lanes are those of the layer's input, and Out those of its output. Where a comment
	// speaks of n images, a buffer holds those that their lanes take.
	Lanes, Out Lanes
}

// usual returns the number of images by which layers choose how to compute.
func (f Frame) usual() int { return f.Lanes.Images(cmp.Or(f.Usual, f.Images)) }

// all returns the number of images of the input's lanes together.
func (f Frame) all() int { return f.Lanes.Images(f.Images) }

// Len returns the length of a buffer of feature maps of shape s, with the input's lanes.
func (f Frame) Len(s tensor.Shape) int { return f.Head + f.all()*s.Size() }

// plain returns the frame of the full values alone.
func (f Frame) plain() Frame {
	f.Lanes, f.Out = Lanes{}, Lanes{}
	return f
}

// NewFrame returns the frame for feature maps with at most the given number of channels.
func NewFrame(images, channels int) Frame {
	return Frame{Images: images, Head: kernel.Head(channels)}
}

// data returns the feature maps of shape s of the first n images in buffer b.
func data[T tensor.Float](f Frame, b []T, n int, s tensor.Shape) []T {
	return b[f.Head:][:n*s.Size()]
}

// stateless is embedded by layers without parameters or scratch.
type stateless[T tensor.Float] struct{}

func (stateless[T]) Refresh([]T)    {}
func (stateless[T]) Bytes() float64 { return 0 }
func (stateless[T]) Scratch() int   { return 0 }
func (stateless[T]) InPlace() bool  { return false }
