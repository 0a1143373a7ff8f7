package dataset

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"hash/maphash"
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
	in := intake{traits: traits{seed: maphash.MakeSeed()}}
	set := in.newCIFAR(0)
	for i, r := range batches {
		if err := in.cifar(context.Background(), set, r); err != nil {
			return nil, fmt.Errorf("batch %d: %w", i+1, err)
		}
	}
	return set, nil
}

func cifarClasses() []string {
	return []string{"airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"}
}

// newCIFAR returns an empty set with room for n images.
func (in *intake) newCIFAR(n int) *Set {
	size := in.size(Size{cifarSide, cifarSide})
	return &Set{
		Classes: cifarClasses(),
		H:       size.H, W: size.W, C: 3,
		Pixels: make([]uint8, 0, n*size.H*size.W*3),
		Labels: make([]uint16, 0, n),
	}
}

// cifar appends the images of one batch.
func (in *intake) cifar(ctx context.Context, s *Set, r io.Reader) error {
	buffered := bufio.NewReaderSize(r, 1<<16)
	record, image := make([]byte, cifarRecord), make([]byte, cifarRecord-1)
	for i := 0; ; i++ {
		if ctx.Err() != nil {
			return fmt.Errorf("interrupted: %w", context.Cause(ctx))
		}
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
		if len(s.Labels) == cap(s.Labels) { // appending copies them, with room for more, and the old go later
			if err := in.room.checkResize(4*(s.Len()+1), Size{cifarSide, cifarSide}, Size{s.H, s.W}, 3); err != nil {
				return err
			}
		}
		const plane = cifarSide * cifarSide
		for p := range plane {
			image[3*p], image[3*p+1], image[3*p+2] = record[1+p], record[1+plane+p], record[1+2*plane+p]
		}
		in.take(s, image, Size{cifarSide, cifarSide})
		s.Labels = append(s.Labels, label)
	}
}
