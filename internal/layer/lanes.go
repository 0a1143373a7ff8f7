package layer

import (
	"iter"

	"github.com/coarsegrain/taylornet/internal/kernel"
	"github.com/coarsegrain/taylornet/tensor"
)

// Lanes says what buffers hold in a graded pass, which carries the orders of a value
// along the ray from the zero image to each image. n images take, one behind the other,
//
//	the full values, if Full is set           n images
//	order 0, which all images share           1 image
//	orders 1 to Orders                        n images each
//
// Without Full the full value is the sum of the orders, and the gradient to it is
// contained in theirs. The zero value is that of a plain pass: full values alone.
type Lanes struct {
	Orders int
	Full   bool
}

// Images returns the number of images that n images take.
func (l Lanes) Images(n int) int {
	return l.constants(n) + n*l.Orders
}

// constants returns how many of those have a constant term: full values and order 0.
// They come first.
func (l Lanes) constants(n int) int {
	switch {
	case l.Orders == 0:
		return n
	case l.Full:
		return n + 1
	}
	return 1
}

// At returns the place of the first image of order k.
func (l Lanes) At(n, k int) int {
	if k == 0 {
		return l.constants(n) - 1
	}
	return l.constants(n) + (k-1)*n
}

// Place returns the place of order k of image i.
func (l Lanes) Place(n, k, i int) int {
	if k == 0 {
		return l.At(n, 0)
	}
	return l.At(n, k) + i
}

// width returns the number of images of order k.
func (l Lanes) width(n, k int) int {
	if k == 0 {
		return 1
	}
	return n
}

// full reports whether there are images of the full values.
func (l Lanes) full() bool { return l.Full || l.Orders == 0 }

// Into yields which images of a value with lanes l are part of which images of a value
// with lanes whole, such as a sum of several: runs of consecutive images.
func (l Lanes) Into(whole Lanes, n int) iter.Seq2[int, Run] {
	return func(yield func(int, Run) bool) {
		if whole.Orders > 0 {
			for k := range l.Orders + 1 {
				if !yield(l.At(n, k), Run{whole.At(n, k), l.width(n, k)}) {
					return
				}
			}
		}
		if !whole.full() {
			return
		}
		if l.full() {
			yield(0, Run{0, n})
			return
		}
		for i := range n {
			if !yield(l.At(n, 0), Run{i, 1}) {
				return
			}
		}
		for k := 1; k <= l.Orders; k++ {
			if !yield(l.At(n, k), Run{0, n}) {
				return
			}
		}
	}
}

// Run is a number of consecutive images.
type Run struct{ First, Images int }

// lane returns buffer b, of feature maps of shape s, as a buffer that begins with its image first.
func lane[T tensor.Float](b []T, first int, s tensor.Shape) []T {
	if b == nil {
		return nil
	}
	return b[first*s.Size():]
}

// fullScratch returns the number of elements that fullParts takes for itself.
func fullScratch(f Frame, s tensor.Shape) int {
	if f.Lanes.full() {
		return 0
	}
	return 2 * f.plain().Len(s)
}

// fullParts returns the buffers of the full values and of their gradient: x and dx, or
// the first two parts of scratch. rest is what is left of scratch.
func fullParts[T tensor.Float](f Frame, s tensor.Shape, x, dx, scratch []T) (full, dfull, rest []T) {
	if f.Lanes.full() {
		return x, dx, scratch
	}
	size := f.plain().Len(s)
	full, dfull, rest = scratch[:size], scratch[size:][:size], scratch[2*size:]
	if dx == nil {
		dfull = nil
	}
	return full, dfull, rest
}

// sumOrders computes the full values of x, unless they have a lane.
func sumOrders[T tensor.Float](f Frame, n int, x, full []T, s tensor.Shape) {
	if f.Lanes.full() {
		return
	}
	for from, to := range f.Lanes.Into(Lanes{}, n) {
		sum, part := data(f, lane(full, to.First, s), to.Images, s), data(f, lane(x, from, s), to.Images, s)
		if from == f.Lanes.At(n, 0) { // the first
			copy(sum, part)
		} else {
			kernel.Add(sum, part)
		}
	}
}

// spread adds the gradient of the full values to those of the orders that sum to them,
// unless it has a lane.
func spread[T tensor.Float](f Frame, n int, dx, dfull []T, s tensor.Shape) {
	if f.Lanes.full() {
		return
	}
	for to, from := range f.Lanes.Into(Lanes{}, n) {
		kernel.Add(data(f, lane(dx, to, s), from.Images, s), data(f, lane(dfull, from.First, s), from.Images, s))
	}
}
