package tensor

import (
	"slices"
	"unsafe"
)

// Float is the element type of storage and arithmetic. Trained networks are
// float32. The float64 instance of the same code is the reference in tests and the
// exact form in analysis.
type Float interface{ float32 | float64 }

// Align is the alignment of all storage in bytes: the size of a cache line and of an
// AVX-512 register.
const Align = 64

// Alloc returns n zero elements, the first of which is aligned to Align bytes.
func Alloc[T Float](n int) []T {
	var zero T
	size := int(unsafe.Sizeof(zero))
	mem := make([]T, n+Align/size)
	preferHugePages(unsafe.Pointer(unsafe.SliceData(mem)), uintptr(len(mem)*size))
	skip := 0
	if rest := int(uintptr(unsafe.Pointer(unsafe.SliceData(mem))) % Align); rest != 0 {
		skip = (Align - rest) / size
	}
	return mem[skip : skip+n : skip+n]
}

// Tensor is a dense float32 array, last dimension innermost.
type Tensor struct {
	Shape []int
	Data  []float32
}

// New returns a zero tensor of the given shape. It panics on a negative dimension.
func New(shape ...int) Tensor {
	return Tensor{Shape: slices.Clone(shape), Data: Alloc[float32](size(shape))}
}

// size returns the number of elements of a shape, which is 1 for the empty shape.
func size(shape []int) int {
	n := 1
	for _, d := range shape {
		if d < 0 {
			panic("tensor.New: negative dimension")
		}
		n *= d
	}
	return n
}
