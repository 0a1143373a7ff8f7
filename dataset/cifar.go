package dataset

import (
	"bufio"
	"errors"
	"fmt"
	"io"
)

const (
	cifarSide   = 32
	cifarRecord = 1 + 3*cifarSide*cifarSide
)

// ReadCIFAR10 reads a set from binary batches of CIFAR-10, one after the other. A
// batch is a list of records: a label byte and 3x32x32 bytes, channels outermost. See
// www.cs.toronto.edu/~kriz/cifar.html for the format.
func ReadCIFAR10(batches ...io.Reader) (*Set, error) {
	set := newCIFAR(0)
	for i, r := range batches {
		if err := set.readCIFAR(r); err != nil {
			return nil, fmt.Errorf("batch %d: %w", i+1, err)
		}
	}
	return set, nil
}

// newCIFAR returns an empty set with room for n images.
func newCIFAR(n int) *Set {
	return &Set{
		Classes: []string{"airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"},
		H:       cifarSide, W: cifarSide, C: 3,
		Pixels: make([]uint8, 0, n*(cifarRecord-1)),
		Labels: make([]uint16, 0, n),
	}
}

// readCIFAR appends the images of one batch.
func (s *Set) readCIFAR(r io.Reader) error {
	buffered := bufio.NewReaderSize(r, 1<<16)
	record := make([]byte, cifarRecord)
	for i := 0; ; i++ {
		n, err := io.ReadFull(buffered, record)
		if errors.Is(err, io.EOF) && i > 0 {
			return nil
		}
		if err != nil {
			return short(err, fmt.Sprintf("record %d has %d of %d bytes", i, n, cifarRecord))
		}
		label := uint16(record[0])
		if int(label) >= len(s.Classes) {
			return fmt.Errorf("label of record %d is %d: out of range 0..%d", i, label, len(s.Classes)-1)
		}
		s.Labels = append(s.Labels, label)
		const plane = cifarSide * cifarSide
		start := len(s.Pixels)
		s.Pixels = append(s.Pixels, record[1:]...)
		image := s.Pixels[start:]
		for p := range plane {
			image[3*p], image[3*p+1], image[3*p+2] = record[1+p], record[1+plane+p], record[1+2*plane+p]
		}
	}
}
