package layer

import (
	"github.com/coarsegrain/taylornet/internal/kernel"
	"github.com/coarsegrain/taylornet/tensor"
)

// Window is a window of L1 x L2 members, D apart, moved by strides S1 and S2 over a
// lattice with P zeros on every side.
type Window struct{ L1, L2, S1, S2, P, D int }

func (w Window) taps() int { return w.L1 * w.L2 }

// bytes returns the size of what window, or transposed, lists for sites that read
// source, and of what it needs for that.
func (w Window) bytes(f Frame, source, sites tensor.Shape) float64 {
	const index = 4
	return float64(f.all()) * (index*float64(sites.H*sites.W)*float64(w.taps()) + float64(source.H*source.W))
}

// window lists the inputs of each output site, for all images of the frame.
func (w Window) window(f Frame, in, out tensor.Shape) kernel.Window {
	index := w.index(f, out, in, func(r, c, k, l int) (y, x int) {
		return r*w.S1 - w.P + k*w.D, c*w.S2 - w.P + l*w.D
	})
	return kernel.Window{Taps: w.taps(), Index: index, Partition: partition(f, in, index)}
}

// transposed lists, for each input site and tap, the output site that reads the input
// through that tap. This is the window of the gradient's convolution.
func (w Window) transposed(f Frame, in, out tensor.Shape) kernel.Window {
	index := w.index(f, in, out, func(r, c, k, l int) (y, x int) {
		y, x = r+w.P-k*w.D, c+w.P-l*w.D
		if y%w.S1 != 0 || x%w.S2 != 0 {
			return -1, -1 // no output reads the input through this tap
		}
		return y / w.S1, x / w.S2
	})
	return kernel.Window{Taps: w.taps(), Index: index}
}

// index lists, for each site (r,c) of the lattice sites and each tap (k,l), the place in
// the buffer of source of the site that at returns.
func (w Window) index(f Frame, sites, source tensor.Shape, at func(r, c, k, l int) (y, x int)) []int32 {
	index := make([]int32, 0, f.all()*sites.H*sites.W*w.taps())
	for image := range f.all() {
		base := f.Head + image*source.Size()
		for r := range sites.H {
			for c := range sites.W {
				for tap := range w.taps() {
					y, x := at(r, c, tap/w.L2, tap%w.L2)
					index = append(index, site(base, source, y, x))
				}
			}
		}
	}
	return index
}

// site returns the index of lattice site (r,c), or that of the zero pixel outside.
func site(base int, s tensor.Shape, r, c int) int32 {
	if r < 0 || c < 0 || r >= s.H || c >= s.W {
		return 0
	}
	return int32(base + (r*s.W+c)*s.C)
}

// partition reports whether each input site is in index exactly once.
func partition(f Frame, in tensor.Shape, index []int32) bool {
	seen := make([]bool, f.all()*in.H*in.W)
	for _, at := range index {
		k := (int(at) - f.Head) / in.C
		if at == 0 || seen[k] {
			return false
		}
		seen[k] = true
	}
	return len(index) == len(seen)
}
