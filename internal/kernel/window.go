package kernel

import "github.com/coarsegrain/taylornet/tensor"

// Head returns the length of the zero pixel in front of a buffer with c channels: c,
// rounded up to keep what follows aligned.
func Head(c int) int {
	const line = tensor.Align / 4
	return (c + line - 1) / line * line
}

// Window lists the places of the inputs of each output site. It is the whole
// geometry of a convolution, a coarse-graining, a pool, or of their transposes:
// the indices express kernel size, stride, padding and dilation.
type Window struct {
	Taps  int     // inputs of one site
	Index []int32 // [sites][Taps]: the element in the source buffer of the input's first channel
	// Partition says that every input site is in exactly one window. Gradients can
	// then be stored instead of added.
	Partition bool
}

// Sites returns the number of output sites.
func (w Window) Sites() int { return len(w.Index) / w.Taps }

// check panics unless every pixel of c channels that w points at lies in a
// buffer of n elements: the assembly reads without checks.
func (w Window) check(name string, c, n int) {
	if len(w.Index) > 0 && int(maxIndex(w.Index))+c > n {
		panic(name + ": window outside of its buffer")
	}
}

// inRow reports whether the sites read one pixel of c channels each, in a row.
func (w Window) inRow(c int) bool {
	if w.Taps != 1 || len(w.Index) == 0 {
		return false
	}
	for i, at := range w.Index {
		if at != w.Index[0]+int32(i*c) {
			return false
		}
	}
	return true
}

// maxIndexPortable returns the highest index, where negative ones count as highest.
func maxIndexPortable(index []int32) uint32 {
	var top uint32
	for _, at := range index {
		top = max(top, uint32(at))
	}
	return top
}

// First returns the window of the first n sites.
func (w Window) First(n int) Window { return w.Slice(0, n) }

// Slice returns the window of n sites from first onwards.
func (w Window) Slice(first, n int) Window {
	w.Index = w.Index[first*w.Taps:][:n*w.Taps]
	return w
}
