package dataset

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/maphash"
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
	in := intake{traits: traits{seed: maphash.MakeSeed()}}
	set, err := in.idx(context.Background(), images)
	if err != nil {
		return nil, fmt.Errorf("images: %w", err)
	}
	if err := set.readLabels(labels, in.traits.len(), classes); err != nil {
		return nil, fmt.Errorf("labels: %w", err)
	}
	return set, nil
}

// readLabels reads the labels of n images.
func (s *Set) readLabels(r io.Reader, n int, classes []string) error {
	r, dims, total, err := openIDX(r, 1)
	if err != nil {
		return err
	}
	if total != n {
		return fmt.Errorf("%d labels for %d images", dims[0], n)
	}
	raw, have, err := readAll(r, nil, total)
	if err == nil {
		err = endOf(r, total)
	} else {
		err = short(err, fmt.Sprintf("the header promises %d bytes of data, %d are there", total, have))
	}
	if err != nil {
		return err
	}
	s.Labels = make([]uint16, len(raw))
	for i, label := range raw {
		s.Labels[i] = uint16(label)
	}
	if s.Classes = classes; classes == nil {
		s.Classes = numbered(int(slices.Max(raw)) + 1)
	}
	return checkLabels(s.Labels, len(s.Classes))
}

func numbered(n int) []string {
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprint(i)
	}
	return names
}

// openIDX reads the header of an IDX file of unsigned bytes with the given number of
// dimensions, none of which may be 0. It returns a reader of the data, of which the header
// promises total bytes.
func openIDX(file io.Reader, rank int) (data io.Reader, dims []int, total int, err error) {
	if data, err = fsx.Gunzip(file); err != nil {
		return nil, nil, 0, err
	}
	header := make([]byte, 4+4*rank)
	if n, err := io.ReadFull(data, header); err != nil {
		return nil, nil, 0, short(err, fmt.Sprintf("the header of %d bytes ends after %d", len(header), n))
	}
	if want := []byte{0, 0, 0x08, byte(rank)}; !slices.Equal(header[:4], want) {
		return nil, nil, 0, fmt.Errorf("not an IDX file of bytes in %d dimensions: starts with % x, want % x", rank, header[:4], want)
	}
	product := uint64(1)
	dims = make([]int, rank)
	for i := range dims {
		d := binary.BigEndian.Uint32(header[4+4*i:])
		dims[i] = int(d)
		over, next := bits.Mul64(product, uint64(d))
		if d == 0 || over != 0 || next > math.MaxInt32 {
			return nil, nil, 0, fmt.Errorf("dimensions %d are empty or too large", dims[:i+1])
		}
		product = next
	}
	return data, dims, int(product), nil
}

// readAll reads n bytes into the buffer, or a larger one. That is at most twice as large as
// what has been read, whatever a header promises. After an error it returns how many are
// there.
func readAll(r io.Reader, buffer []uint8, n int) (data []uint8, have int, err error) {
	buffer = buffer[:min(n, cap(buffer))]
	for have < n {
		if have == len(buffer) {
			larger := make([]uint8, min(n, max(1<<16, 2*have)))
			copy(larger, buffer)
			buffer = larger
		}
		more, err := io.ReadFull(r, buffer[have:])
		if have += more; err != nil {
			return nil, have, err
		}
	}
	return buffer, have, nil
}

// endOf returns an error unless r is at its end, after as many bytes as were promised.
func endOf(r io.Reader, total int) error {
	switch n, err := io.ReadFull(r, make([]byte, 1)); {
	case n > 0:
		return fmt.Errorf("more data than the %d bytes that the header promises", total)
	case !errors.Is(err, io.EOF):
		return short(err, "the gzip stream has no end")
	}
	return nil
}

// short says what is missing if err is the end of the input.
func short(err error, missing string) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("truncated: %s", missing)
	}
	return err
}
