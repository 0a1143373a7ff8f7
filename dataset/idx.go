package dataset

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"math/bits"
	"slices"

	"github.com/coarsegrain/taylornet/internal/fsx"
)

// ReadIDX reads a set from an IDX file of images, [N,H,W] bytes, and one of labels,
// [N] bytes, gzipped or not. This is the format of MNIST; see
// yann.lecun.com/exdb/mnist. Without class names the classes are numbered from 0 to
// the largest label.
func ReadIDX(images, labels io.Reader, classes []string) (*Set, error) {
	dims, pixels, err := readIDX(images, 3)
	if err != nil {
		return nil, fmt.Errorf("images: %w", err)
	}
	_, raw, err := readIDX(labels, 1)
	if err != nil {
		return nil, fmt.Errorf("labels: %w", err)
	}
	return idxSet(dims, pixels, raw, classes)
}

func idxSet(dims []int, pixels, raw []uint8, classes []string) (*Set, error) {
	if len(raw) != dims[0] {
		return nil, fmt.Errorf("%d images but %d labels", dims[0], len(raw))
	}
	labels := make([]uint16, len(raw))
	for i, label := range raw {
		labels[i] = uint16(label)
	}
	if classes == nil {
		classes = numbered(int(slices.Max(labels)) + 1)
	}
	if err := checkLabels(labels, len(classes)); err != nil {
		return nil, err
	}
	return &Set{Classes: classes, H: dims[1], W: dims[2], C: 1, Pixels: pixels, Labels: labels}, nil
}

func numbered(n int) []string {
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprint(i)
	}
	return names
}

// readIDX reads one IDX file of unsigned bytes with the given number of
// dimensions, none of which may be 0. Memory grows with the bytes that are there,
// whatever the header promises.
func readIDX(r io.Reader, rank int) (dims []int, data []uint8, err error) {
	r, err = fsx.Gunzip(r)
	if err != nil {
		return nil, nil, err
	}
	header := make([]byte, 4+4*rank)
	if n, err := io.ReadFull(r, header); err != nil {
		return nil, nil, short(err, fmt.Sprintf("the header of %d bytes ends after %d", len(header), n))
	}
	if want := []byte{0, 0, 0x08, byte(rank)}; !slices.Equal(header[:4], want) {
		return nil, nil, fmt.Errorf("not an IDX file of bytes in %d dimensions: starts with % x, want % x", rank, header[:4], want)
	}
	total := uint64(1)
	dims = make([]int, rank)
	for i := range dims {
		d := binary.BigEndian.Uint32(header[4+4*i:])
		dims[i] = int(d)
		over, product := bits.Mul64(total, uint64(d))
		if d == 0 || over != 0 || product > math.MaxInt32 {
			return nil, nil, fmt.Errorf("dimensions %d are empty or too large", dims[:i+1])
		}
		total = product
	}
	data, err = readExactly(r, int(total))
	return dims, data, err
}

// readExactly reads total bytes, after which nothing may follow. The buffer is at
// most twice as large as what has been read.
func readExactly(r io.Reader, total int) ([]byte, error) {
	var data []byte
	for len(data) < total {
		have := len(data)
		next := make([]byte, min(total, max(1<<16, 2*have)))
		copy(next, data)
		n, err := io.ReadFull(r, next[have:])
		if err != nil {
			return nil, short(err, fmt.Sprintf("the header promises %d bytes of data, %d are there", total, have+n))
		}
		data = next
	}
	switch n, err := io.ReadFull(r, make([]byte, 1)); {
	case n > 0:
		return nil, fmt.Errorf("more data than the %d bytes that the header promises", total)
	case !errors.Is(err, io.EOF):
		return nil, short(err, "the gzip stream has no end")
	}
	return data, nil
}

// short says what is missing if err is the end of the input.
func short(err error, missing string) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("truncated: %s", missing)
	}
	return err
}
