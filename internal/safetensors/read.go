package safetensors

import (
	"fmt"
	"io"

	"github.com/coarsegrain/taylornet/internal/fsx"
)

// ReadFile returns the bytes of a file of at most so many, for Decode. One that does not
// begin as a safetensors file is not read whole: a file can claim any size and hold
// nothing.
func ReadFile(path string, most int64) ([]byte, error) {
	f, err := fsx.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	head := make([]byte, lengthSize+1)
	if _, err := io.ReadFull(f, head); err == nil && head[lengthSize] != '{' {
		return nil, fmt.Errorf("%s is not a safetensors file: its header does not begin as JSON", path)
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	return fsx.Read(f, most)
}
