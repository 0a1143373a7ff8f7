package layer

import (
	"github.com/coarsegrain/taylornet/internal/kernel"
	"github.com/coarsegrain/taylornet/tensor"
)

// winogradTiles is the number of tiles that are taken through the planes at once. They
// are enough to fill the products' tiles, and few enough for their data to stay in the
// second-level cache.
const winogradTiles = 48

// gradTiles returns that number for the gradient of the weights. The gradient in the
// planes is read and written once for all of them. With many channels it exceeds the
// caches, and tiles of about as many bytes are then best.
func gradTiles(cin, cout int) int { return max(winogradTiles, cin*cout/(cin+cout)) }

// winogradLeast is the number of tiles in a micro-batch from which on the planes are
// faster. Their weights, four times as many as the convolution's, are read once for all
// tiles.
const winogradLeast = 16

// winograd is a 3x3 convolution of stride 1 by Winograd's F(4x4,3x3), from the
// lattice in to the lattice out: see kernel.WinogradPlanes.
type winograd[T tensor.Float] struct {
	in, out  tensor.Shape
	gather   kernel.Window // [tiles][36] sites of in
	scatter  kernel.Window // [tiles][16] sites of out
	rows     kernel.Window // of one plane's tiles
	perImage int
	filters  []*kernel.Filter[T]
}

// newWinograd returns nil if the direct convolution is better.
func newWinograd[T tensor.Float](f Frame, pad int, in, out tensor.Shape) *winograd[T] {
	across := func(size int) int { return (size + kernel.WinogradOut - 1) / kernel.WinogradOut }
	lattice := tensor.Shape{H: across(out.H), W: across(out.W)}
	w := &winograd[T]{in: in, out: out, perImage: lattice.H * lattice.W}
	if pad < 0 || f.Images*w.perImage < winogradLeast || !kernel.WinogradPays[T](in.C, out.C) {
		return nil
	}
	w.filters = kernel.NewWinogradFilters[T](in.C, out.C)
	// Patches are WinogradOut apart, as the windows of a convolution.
	patch := func(size, pad int, source tensor.Shape) kernel.Window {
		w := Window{L1: size, L2: size, S1: kernel.WinogradOut, S2: kernel.WinogradOut, P: pad, D: 1}
		return w.window(f, source, lattice)
	}
	w.gather, w.scatter = patch(kernel.WinogradIn, pad, in), patch(kernel.WinogradOut, 0, out)
	w.rows.Taps = 1
	for t := range min(gradTiles(in.C, out.C), f.Images*w.perImage) {
		w.rows.Index = append(w.rows.Index, int32(t*in.C))
	}
	return w
}

// scratch returns the number of elements that forward and weightGrad work in.
func (w *winograd[T]) scratch() int {
	return planes(w.rows.Sites()*w.in.C) + planes(w.rows.Sites()*w.out.C)
}

// planes returns the length of planes of n elements.
func planes(n int) int { return kernel.WinogradPlanes * kernel.WinogradStride(n) }

// gradient returns the number of elements of the weights' gradient in the planes.
func (w *winograd[T]) gradient() int { return planes(w.in.C * w.out.C) }

// chunk is some of the tiles and their planes.
type chunk[T tensor.Float] struct {
	gather, scatter, rows kernel.Window
	in, out               []T // planes [tiles][C]
}

// chunks yields the tiles of the first n images, at most most at once.
func (w *winograd[T]) chunks(n, most int, scratch []T) func(yield func(chunk[T]) bool) {
	return func(yield func(chunk[T]) bool) {
		for first, left := 0, n*w.perImage; left > 0; {
			tiles := min(left, most)
			in, out := planes(tiles*w.in.C), planes(tiles*w.out.C)
			c := chunk[T]{
				gather: w.gather.Slice(first, tiles), scatter: w.scatter.Slice(first, tiles), rows: w.rows.First(tiles),
				in: scratch[:in], out: scratch[in:][:out],
			}
			if !yield(c) {
				return
			}
			first, left = first+tiles, left-tiles
		}
	}
}

// forward computes y of the first n images from x, both buffers with a zero
// pixel.
func (w *winograd[T]) forward(n int, y, bias, x, scratch []T) {
	for c := range w.chunks(n, winogradTiles, scratch) {
		kernel.WinogradInput(c.in, x, c.gather, w.in.C)
		for p, f := range w.filters {
			kernel.Product(plane(c.out, p, c.tiles()*w.out.C), nil, plane(c.in, p, c.tiles()*w.in.C), c.rows, f)
		}
		kernel.WinogradOutput(y, bias, c.out, c.scatter, w.out.C)
	}
}

// weightGrad adds the gradient of the weights to dw. It works in du, planes
// [cin][cout].
func (w *winograd[T]) weightGrad(n int, dw, du, dy, x, scratch []T) {
	clear(du)
	for c := range w.chunks(n, w.rows.Sites(), scratch) {
		kernel.WinogradInput(c.in, x, c.gather, w.in.C)
		kernel.WinogradOutputGrad(c.out, dy, c.scatter, w.out.C)
		for p := range kernel.WinogradPlanes {
			kernel.ProductGrad(plane(du, p, w.in.C*w.out.C), plane(c.in, p, c.tiles()*w.in.C), c.rows, plane(c.out, p, c.tiles()*w.out.C), w.in.C, w.out.C)
		}
	}
	kernel.WinogradFilterGrad(dw, du, w.in.C, w.out.C)
}

func (c chunk[T]) tiles() int { return c.rows.Sites() }

// plane returns the n elements of plane p of v.
func plane[T tensor.Float](v []T, p, n int) []T { return v[p*(len(v)/kernel.WinogradPlanes):][:n] }
