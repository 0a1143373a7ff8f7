package layer

import (
	"github.com/coarsegrain/taylornet/internal/kernel"
	"github.com/coarsegrain/taylornet/spec"
)

// geometry is a window moved over a lattice: size L1 x L2, strides, zero
// padding and dilation.
type geometry struct {
	l1, l2, s1, s2, pad, dilation int
}

// window lists the inputs of each output site, for all images of the frame.
func (g geometry) window(f Frame, in, out spec.Shape) kernel.Window {
	index := g.index(f, out, in, func(r, c, k, l int) (y, x int) {
		return r*g.s1 - g.pad + k*g.dilation, c*g.s2 - g.pad + l*g.dilation
	})
	return kernel.Window{Taps: g.l1 * g.l2, Index: index, Partition: partition(f, in, index)}
}

// transposed lists, for each input site and tap, the output site that reads the input
// through that tap. This is the window of the gradient's convolution.
func (g geometry) transposed(f Frame, in, out spec.Shape) kernel.Window {
	index := g.index(f, in, out, func(r, c, k, l int) (y, x int) {
		y, x = r+g.pad-k*g.dilation, c+g.pad-l*g.dilation
		if y%g.s1 != 0 || x%g.s2 != 0 {
			return -1, -1 // no output reads the input through this tap
		}
		return y / g.s1, x / g.s2
	})
	return kernel.Window{Taps: g.l1 * g.l2, Index: index}
}

// index lists, for each site (r,c) of the lattice sites and each tap (k,l), the place in
// the buffer of source of the site that at returns.
func (g geometry) index(f Frame, sites, source spec.Shape, at func(r, c, k, l int) (y, x int)) []int32 {
	index := make([]int32, 0, f.Images*sites.H*sites.W*g.l1*g.l2)
	for image := range f.Images {
		base := f.Head + image*source.Size()
		for r := range sites.H {
			for c := range sites.W {
				for tap := range g.l1 * g.l2 {
					y, x := at(r, c, tap/g.l2, tap%g.l2)
					index = append(index, site(base, source, y, x))
				}
			}
		}
	}
	return index
}

// site returns the index of lattice site (r,c), or that of the zero pixel outside.
func site(base int, s spec.Shape, r, c int) int32 {
	if r < 0 || c < 0 || r >= s.H || c >= s.W {
		return 0
	}
	return int32(base + (r*s.W+c)*s.C)
}

// partition reports whether each input site is in index exactly once.
func partition(f Frame, in spec.Shape, index []int32) bool {
	seen := make([]bool, f.Images*in.H*in.W)
	for _, at := range index {
		k := (int(at) - f.Head) / in.C
		if at == 0 || seen[k] {
			return false
		}
		seen[k] = true
	}
	return len(index) == len(seen)
}
