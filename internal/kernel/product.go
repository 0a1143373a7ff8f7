package kernel

import (
	"github.com/coarsegrain/taylornet/internal/cpu"
	"github.com/coarsegrain/taylornet/tensor"
)

// Filter is the weights of a convolution or linear layer, laid out for Product. The
// output channels are cut into panels that fill a kernel's registers. Within a
// panel the weights are in the order of use.
type Filter[T tensor.Float] struct {
	taps, cin, cout int
	level           cpu.Level // whose kernel the layout is for
	panel           int       // output channels in each panel but the last
	lanes           int       // the last panel's width is a multiple of it
	data            []T       // panels, each [taps][cin][width], padded with zeros
}

// NewFilter returns a filter of taps inputs of cin channels each and cout
// output channels. It stays with the SIMD level that is active now.
func NewFilter[T tensor.Float](taps, cin, cout int) *Filter[T] {
	return newFilters[T](1, taps, cin, cout)[0]
}

// FilterLen returns the number of elements that n filters of one size take.
func FilterLen[T tensor.Float](n, taps, cin, cout int) float64 {
	f := layOut[T](taps, cin, cout)
	return float64(n) * (float64(taps)*float64(cin)*float64(f.padded(cout)) + 2*tensor.Align/4)
}

// newFilters returns n filters of the same size, one after another in memory.
func newFilters[T tensor.Float](n, taps, cin, cout int) []*Filter[T] {
	f := layOut[T](taps, cin, cout)
	size := taps * cin * f.padded(cout)
	stride := WinogradStride(size)
	all := tensor.Alloc[T](n * stride)
	list := make([]*Filter[T], n)
	for i := range list {
		one := f
		one.data = all[i*stride:][:size]
		list[i] = &one
	}
	return list
}

// layOut returns a filter without data for the SIMD level that is active now.
func layOut[T tensor.Float](taps, cin, cout int) Filter[T] {
	if taps < 1 || cin < 1 || cout < 1 {
		panic("kernel.NewFilter: sizes must be positive")
	}
	f := Filter[T]{taps: taps, cin: cin, cout: cout}
	if _, ok := any(&f).(*Filter[float32]); ok {
		f.level = level()
	}
	switch f.level {
	case cpu.Portable:
		f.panel, f.lanes = cout, 1
	case cpu.AVX512:
		f.panel, f.lanes = 64, 16
	case cpu.AVX2:
		f.panel, f.lanes = 16, 8
	}
	return f
}

// padded returns the width in data of a panel with n channels.
func (f *Filter[T]) padded(n int) int { return (n + f.lanes - 1) / f.lanes * f.lanes }

// Pack takes the weights w [taps][cin][cout].
func (f *Filter[T]) Pack(w []T) {
	if len(w) != f.taps*f.cin*f.cout {
		panic("kernel.Filter.Pack: wrong number of weights")
	}
	f.pack(w, f.cout, 1)
}

// PackTransposed takes the weights w [taps][cout][cin] of the layer whose
// gradient this filter computes: a filter from its outputs to its inputs.
func (f *Filter[T]) PackTransposed(w []T) {
	if len(w) != f.taps*f.cin*f.cout {
		panic("kernel.Filter.PackTransposed: wrong number of weights")
	}
	f.pack(w, 1, f.cin)
}

// pack takes the weight for tap t, input i and output o from
// w[t*cin*cout+i*in+o*out].
func (f *Filter[T]) pack(w []T, in, out int) {
	for o := 0; o < f.cout; o += f.panel {
		n := min(f.panel, f.cout-o)
		to := f.data[o*f.taps*f.cin:]
		for t := range f.taps {
			for i := range f.cin {
				from := w[t*f.cin*f.cout+i*in+o*out:]
				for k := range n {
					to[k] = from[k*out]
				}
				to = to[f.padded(n):]
			}
		}
	}
}

// Product computes, for every site s of win and output channel o,
//
//	y[s,o] = bias[o] + sum_t sum_i x[win.Index[s,t]+i] * w[t,i,o]
//
// with y [sites][cout] and x a buffer with a zero pixel. A nil bias is zero.
// Each sum runs in the order of t and i.
func Product[T tensor.Float](y, bias, x []T, win Window, f *Filter[T]) {
	if win.Taps != f.taps || len(y) != win.Sites()*f.cout || (bias != nil && len(bias) != f.cout) {
		panic("kernel.Product: sizes do not agree")
	}
	win.check("kernel.Product", f.cin, len(x))
	if f32, ok := any(f).(*Filter[float32]); ok {
		productFloat32(float32s(y), float32s(bias), float32s(x), win, f32)
	} else {
		productPortable(y, bias, x, win, f)
	}
}

func productPortable[T tensor.Float](y, bias, x []T, win Window, f *Filter[T]) {
	for s := range win.Sites() {
		row := y[s*f.cout:][:f.cout]
		if bias == nil {
			clear(row)
		} else {
			copy(row, bias)
		}
		for t := range win.Taps {
			in := x[win.Index[s*win.Taps+t]:][:f.cin]
			w := f.data[t*f.cin*f.cout:]
			for ; len(in) >= 4; in, w = in[4:], w[4*f.cout:] {
				addRows(row, [4]T(in), w, f.cout)
			}
			for ; len(in) > 0; in, w = in[1:], w[f.cout:] {
				addRow(row, in[0], w)
			}
		}
	}
}

// addRow computes row += v*w.
func addRow[T tensor.Float](row []T, v T, w []T) {
	w = w[:len(row)]
	for o := range row {
		row[o] += v * w[o]
	}
}

// addRows computes row += v[k]*w[k*stride:] for each k in order, with fewer loads and
// stores than four calls of addRow.
func addRows[T tensor.Float](row []T, v [4]T, w []T, stride int) {
	w0, w1, w2, w3 := w[:len(row)], w[stride:][:len(row)], w[2*stride:][:len(row)], w[3*stride:][:len(row)]
	v0, v1, v2, v3 := v[0], v[1], v[2], v[3]
	for o := range row {
		sum := row[o] + v0*w0[o]
		sum += v1 * w1[o]
		sum += v2 * w2[o]
		row[o] = sum + v3*w3[o]
	}
}

// ProductGrad adds the gradient of Product to its weights:
//
//	dw[t,i,o] += sum_s x[win.Index[s,t]+i] * dy[s,o]
//
// with dw [taps][cin][cout] and dy [sites][cout]. Sums run in the order of s.
func ProductGrad[T tensor.Float](dw, x []T, win Window, dy []T, cin, cout int) {
	if len(dw) != win.Taps*cin*cout || len(dy) != win.Sites()*cout {
		panic("kernel.ProductGrad: sizes do not agree")
	}
	win.check("kernel.ProductGrad", cin, len(x))
	if dw32 := float32s(dw); dw32 != nil {
		productGradFloat32(dw32, float32s(x), win, float32s(dy), cin, cout)
	} else {
		productGradPortable(dw, x, win, dy, cin, cout)
	}
}

func productGradPortable[T tensor.Float](dw, x []T, win Window, dy []T, cin, cout int) {
	for ; win.Sites() >= 4; win.Index, dy = win.Index[4*win.Taps:], dy[4*cout:] {
		for t := range win.Taps {
			in := func(s int) []T { return x[win.Index[s*win.Taps+t]:][:cin] }
			in0, in1, in2, in3 := in(0), in(1), in(2), in(3)
			for i := range cin {
				v := [4]T{in0[i], in1[i], in2[i], in3[i]}
				addRows(dw[(t*cin+i)*cout:][:cout], v, dy, cout)
			}
		}
	}
	for ; win.Sites() > 0; win.Index, dy = win.Index[win.Taps:], dy[cout:] {
		for t, at := range win.Index[:win.Taps] {
			for i, v := range x[at:][:cin] {
				addRow(dw[(t*cin+i)*cout:][:cout], v, dy)
			}
		}
	}
}
