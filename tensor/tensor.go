package tensor

import (
	"fmt"
	"slices"
	"unsafe"
)

// Float is the element type of storage and arithmetic. Trained networks are
// float32; the float64 instance of the same code is the reference in tests and
// the exact form in analysis.
type Float interface{ float32 | float64 }

// Align is the alignment of all storage in bytes: a cache line, and an AVX-512
// register.
const Align = 64

// Alloc returns n zeroed elements whose first is aligned to Align bytes.
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

// New returns a zero tensor of the given shape.
func New(shape ...int) Tensor {
	return Tensor{Shape: slices.Clone(shape), Data: Alloc[float32](Size(shape))}
}

// FromData returns a tensor over data without copying. The error says so when
// the number of elements is not the shape's.
func FromData(data []float32, shape ...int) (Tensor, error) {
	if Size(shape) != len(data) {
		return Tensor{}, fmt.Errorf("tensor: shape %v has %d elements, data have %d", shape, Size(shape), len(data))
	}
	return Tensor{Shape: slices.Clone(shape), Data: data}, nil
}

// Size is the number of elements of a shape; one for the empty shape. It
// panics on a negative dimension.
func Size(shape []int) int {
	n := 1
	for _, d := range shape {
		if d < 0 {
			panic("tensor.Size: negative dimension")
		}
		n *= d
	}
	return n
}
