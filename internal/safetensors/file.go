package safetensors

import (
	"fmt"
	"math/bits"
	"unicode/utf8"
)

// File is the content of a file.
type File struct {
	Metadata map[string]string
	Tensors  []Tensor // in the order of their data
}

// Tensor is a named array with its last dimension innermost.
type Tensor struct {
	Name  string
	Shape []int
	Data  []float32
}

// Tensor returns the tensor of that name; ok is false if there is none.
func (f *File) Tensor(name string) (t Tensor, ok bool) {
	for _, t := range f.Tensors {
		if t.Name == name {
			return t, true
		}
	}
	return Tensor{}, false
}

const (
	metadataKey = "__metadata__"
	dtype       = "F32"
	width       = 4 // bytes of an element
	lengthSize  = 8 // bytes of the header's length
	// align is the alignment of the data in the file. It is that of tensors in
	// memory, and a multiple of the 8 that the format requires.
	align = 64
)

// entry is what the header has for a tensor.
type entry struct {
	DType   string  `json:"dtype"`
	Shape   []int   `json:"shape"`
	Offsets []int64 `json:"data_offsets"`
}

// checkName returns an error for a name that the format cannot hold or that was seen
// before, and adds it to seen.
func checkName(name string, seen map[string]bool) error {
	switch {
	case name == metadataKey:
		return fmt.Errorf("safetensors: a tensor is named %q, which is reserved", name)
	case !utf8.ValidString(name):
		return fmt.Errorf("safetensors: tensor name %q is not UTF-8", name)
	case seen[name]:
		return fmt.Errorf("safetensors: two tensors are named %q", name)
	}
	seen[name] = true
	return nil
}

// byteSize returns the number of bytes of a tensor's data.
func byteSize(shape []int) (int64, error) {
	size := uint64(width)
	for _, d := range shape {
		if d < 0 {
			return 0, fmt.Errorf("shape %v has a negative dimension", shape)
		}
		high, low := bits.Mul64(size, uint64(d))
		if high != 0 || int64(low) < 0 {
			return 0, fmt.Errorf("shape %v is too large", shape)
		}
		size = low
	}
	return int64(size), nil
}
