package kernel

import "github.com/coarsegrain/taylornet/tensor"

// Filter is the weights of a convolution or linear layer, laid out for Product.
type Filter[T tensor.Float] struct {
	taps, cin, cout int
	data            []T // [taps][cin][cout]
}

// NewFilter returns a filter of taps inputs of cin channels each and cout
// output channels.
func NewFilter[T tensor.Float](taps, cin, cout int) *Filter[T] {
	return &Filter[T]{taps: taps, cin: cin, cout: cout, data: tensor.Alloc[T](taps * cin * cout)}
}

// Pack takes the weights w [taps][cin][cout].
func (f *Filter[T]) Pack(w []T) {
	if len(w) != f.taps*f.cin*f.cout {
		panic("kernel.Filter.Pack: wrong number of weights")
	}
	copy(f.data, w)
}

// PackTransposed takes the weights w [taps][cout][cin] of the layer whose
// gradient this filter computes: a filter from its outputs to its inputs.
func (f *Filter[T]) PackTransposed(w []T) {
	if len(w) != f.taps*f.cin*f.cout {
		panic("kernel.Filter.PackTransposed: wrong number of weights")
	}
	for t := range f.taps {
		for i := range f.cin {
			row := f.data[(t*f.cin+i)*f.cout:][:f.cout]
			for o := range row {
				row[o] = w[(t*f.cout+o)*f.cin+i]
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
	productPortable(y, bias, x, win, f)
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
			for i, v := range in {
				w := f.data[(t*f.cin+i)*f.cout:][:len(row)]
				for o := range row {
					row[o] += v * w[o]
				}
			}
		}
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
	productGradPortable(dw, x, win, dy, cin, cout)
}

func productGradPortable[T tensor.Float](dw, x []T, win Window, dy []T, cin, cout int) {
	for s := range win.Sites() {
		g := dy[s*cout:][:cout]
		for t := range win.Taps {
			in := x[win.Index[s*win.Taps+t]:][:cin]
			for i, v := range in {
				row := dw[(t*cin+i)*cout:][:len(g)]
				for o := range row {
					row[o] += v * g[o]
				}
			}
		}
	}
}
