package dataset

import (
	"bytes"
	"context"
	_ "embed" // for the digits
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/coarsegrain/taylornet/internal/fsx"
)

// digitsFile has a line of 64 pixels 0..16 and a label per image; see digits/NOTICE.
//
//go:embed digits/digits.csv.gz
var digitsFile []byte

// Digits returns the 1,797 handwritten digits of 8x8 pixels that scikit-learn
// ships; they are embedded in the program. A fixed stratified split gives 1,438
// training and 359 test images. The grey values 0..16 are scaled to 0..255.
func Digits() (*Data, error) {
	set, err := readDigits(bytes.NewReader(digitsFile))
	if err != nil {
		return nil, fmt.Errorf("reading the embedded digits: %w", err)
	}
	data, err := set.splitTest("digits")
	if err != nil {
		return nil, err
	}
	data.describe(nil)
	return data, nil
}

// digits returns the digits as options say.
func digits(ctx context.Context, opts Options) (*Data, error) {
	data, err := Digits()
	if err != nil || opts.Size == (Size{}) || opts.Prepare != nil {
		return data, err
	}
	return data.resizeTo(ctx, opts.Size, roomFor(opts, int64(len(digitsFile))))
}

func readDigits(r io.Reader) (*Set, error) {
	const pixels = 8 * 8
	r, err := fsx.Gunzip(r)
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	set := &Set{Classes: numbered(10), H: 8, W: 8, C: 1}
	for line := range strings.Lines(string(text)) {
		fields := strings.Split(strings.TrimSpace(line), ",")
		if len(fields) != pixels+1 {
			return nil, fmt.Errorf("line %d has %d fields, want %d", set.Len()+1, len(fields), pixels+1)
		}
		for i, field := range fields {
			v, err := strconv.ParseUint(field, 10, 8)
			switch {
			case err != nil:
				return nil, err
			case i == pixels:
				set.Labels = append(set.Labels, uint16(v))
			case v > 16:
				return nil, fmt.Errorf("line %d: grey value %d is above 16", set.Len()+1, v)
			default:
				set.Pixels = append(set.Pixels, uint8((v*255+8)/16))
			}
		}
	}
	return set, checkLabels(set.Labels, len(set.Classes))
}

// splitTest makes a fixed fifth of every class the test part, for data without a
// published split. The set becomes the training part.
func (s *Set) splitTest(name string) (*Data, error) {
	const fraction, seed = 0.2, 0
	s.Name = name
	train, test, err := s.All().Split(fraction, seed)
	if err != nil {
		return nil, err
	}
	data := &Data{Name: name, Train: s, Test: test.Copy(name + " test")}
	for i, from := range train.Index { // in order: what is written over was moved before
		copy(s.Image(i), train.Image(i))
		s.Labels[i] = s.Labels[from]
	}
	s.Name, s.Labels = name+" train", s.Labels[:train.Len()]
	s.Pixels = s.Pixels[:train.Len()*s.H*s.W*s.C]
	return data, nil
}
