package dataset

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
)

// Set holds labelled images of one shape, as bytes.
type Set struct {
	Name    string   // for messages, as in "mnist train"
	Classes []string // class names; a label is an index into them

	H, W, C int      // height, width and channels (1 grey, 3 RGB)
	Pixels  []uint8  // [N,H,W,C]
	Labels  []uint16 // [N]
}

// Data is a data set with its published split, or a fixed one. The test part is for
// the final figure only.
type Data struct {
	Name        string
	Train, Test *Set
	Validation  *Set // to choose settings by; nil unless a folder has such a part
	Read        Read // what it was read from
}

// Len returns the number of images.
func (s *Set) Len() int { return len(s.Labels) }

// Image returns the pixels of image i, [H,W,C], without copying.
func (s *Set) Image(i int) []uint8 {
	size := s.H * s.W * s.C
	return s.Pixels[i*size : (i+1)*size : (i+1)*size]
}

// Fingerprint returns the SHA-256 of the images and labels, in hexadecimal.
func (s *Set) Fingerprint() string {
	h := sha256.New()
	h.Write(s.Pixels)
	for _, label := range s.Labels {
		h.Write(binary.LittleEndian.AppendUint16(nil, label))
	}
	return hex.EncodeToString(h.Sum(nil))
}

// All returns every image in order.
func (s *Set) All() Subset {
	index := make([]int32, s.Len())
	for i := range index {
		index[i] = int32(i)
	}
	return Subset{Set: s, Index: index}
}

// Subset is a list of images of a set, in any order. It shares the pixels.
type Subset struct {
	Set   *Set
	Index []int32 // [n], which images of Set
}

// Len returns the number of images.
func (s Subset) Len() int { return len(s.Index) }

// Image returns the pixels of the subset's image i, [H,W,C], without copying.
func (s Subset) Image(i int) []uint8 { return s.Set.Image(int(s.Index[i])) }

// Label returns the label of the subset's image i.
func (s Subset) Label(i int) int { return int(s.Set.Labels[s.Index[i]]) }

// Only returns the images at the given positions of the subset.
func (s Subset) Only(positions []int32) Subset {
	index := make([]int32, len(positions))
	for i, p := range positions {
		index[i] = s.Index[p]
	}
	return Subset{Set: s.Set, Index: index}
}

// OfClass returns the positions in the subset of the images of a class.
func (s Subset) OfClass(class int) []int32 {
	var positions []int32
	for i := range s.Index {
		if s.Label(i) == class {
			positions = append(positions, int32(i))
		}
	}
	return positions
}

// Counts returns the number of images of each class, [len(Classes)].
func (s Subset) Counts() []int {
	counts := make([]int, len(s.Set.Classes))
	for i := range s.Index {
		counts[s.Label(i)]++
	}
	return counts
}

// checkLabels returns an error about the first label that does not name a class.
func checkLabels(labels []uint16, classes int) error {
	for i, label := range labels {
		if int(label) >= classes {
			return fmt.Errorf("label of image %d is %d: out of range 0..%d", i, label, classes-1)
		}
	}
	return nil
}
