package layer

import (
	"github.com/coarsegrain/taylornet/internal/kernel"
	"github.com/coarsegrain/taylornet/internal/memory"
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
	frame    Frame
	in, out  tensor.Shape
	lattice  tensor.Shape // of the tiles
	pad      int
	perImage int // tiles
	atOnce   int // most tiles in the planes
	// What build makes.
	gather  kernel.Window // [tiles][36] sites of in
	scatter kernel.Window // [tiles][16] sites of out
	rows    kernel.Window // of one plane's tiles
	filters []*kernel.Filter[T]
}

// newWinograd returns nil if the direct convolution is better.
func newWinograd[T tensor.Float](f Frame, pad int, in, out tensor.Shape) *winograd[T] {
	across := func(size int) int { return (size + kernel.WinogradOut - 1) / kernel.WinogradOut }
	lattice := tensor.Shape{H: across(out.H), W: across(out.W)}
	w := &winograd[T]{frame: f, in: in, out: out, lattice: lattice, pad: pad, perImage: lattice.H * lattice.W}
	if pad < 0 || f.usual()*w.perImage < winogradLeast || !kernel.WinogradPays[T](in.C, out.C) {
		return nil
	}
	w.atOnce = min(gradTiles(in.C, out.C), f.all()*w.perImage)
	return w
}

// patches returns the windows that the tiles are read from and written to. They are
// WinogradOut apart, as those of a convolution.
func (w *winograd[T]) patches() (in, out Window) {
	patch := func(size, pad int) Window {
		return Window{L1: size, L2: size, S1: kernel.WinogradOut, S2: kernel.WinogradOut, P: pad, D: 1}
	}
	return patch(kernel.WinogradIn, w.pad), patch(kernel.WinogradOut, 0)
}

// build allocates what the passes need.
func (w *winograd[T]) build() {
	w.filters = kernel.NewWinogradFilters[T](w.in.C, w.out.C)
	in, out := w.patches()
	w.gather, w.scatter = in.window(w.frame, w.in, w.lattice), out.window(w.frame, w.out, w.lattice)
	w.rows.Taps = 1
	for t := range w.atOnce {
		w.rows.Index = append(w.rows.Index, int32(t*w.in.C))
	}
}

// bytes returns the size of what build allocates.
func (w *winograd[T]) bytes() float64 {
	const index, growing = 4, 2
	in, out := w.patches()
	return memory.Of[T](kernel.FilterLen[T](kernel.WinogradPlanes, 1, w.in.C, w.out.C)) +
		in.bytes(w.frame, w.in, w.lattice) + out.bytes(w.frame, w.out, w.lattice) + growing*index*float64(w.atOnce)
}

// scratch returns the number of elements that forward and weightGrad work in.
func (w *winograd[T]) scratch() int {
	return planes(w.atOnce*w.in.C) + planes(w.atOnce*w.out.C)
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

// chunks yields the tiles of n images from the given one onwards, at most most at once.
func (w *winograd[T]) chunks(image, n, most int, scratch []T) func(yield func(chunk[T]) bool) {
	return func(yield func(chunk[T]) bool) {
		for first, left := image*w.perImage, n*w.perImage; left > 0; {
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

// forward computes y of n images from first onwards from x, both buffers with a zero
// pixel.
func (w *winograd[T]) forward(first, n int, y, bias, x, scratch []T) {
	for c := range w.chunks(first, n, winogradTiles, scratch) {
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
	for c := range w.chunks(0, n, w.rows.Sites(), scratch) {
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
