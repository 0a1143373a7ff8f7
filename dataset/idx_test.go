package dataset

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"slices"
	"strings"
	"testing"
)

// idx makes an IDX file with the given dimensions in its header.
func idx(data []byte, dims ...uint32) []byte {
	file := []byte{0, 0, 8, byte(len(dims))}
	for _, d := range dims {
		file = binary.BigEndian.AppendUint32(file, d)
	}
	return append(file, data...)
}

func gzipped(content []byte) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, err := w.Write(content)
	if err := errors.Join(err, w.Close()); err != nil {
		panic(err)
	}
	return b.Bytes()
}

func TestReadIDX(t *testing.T) {
	images := idx([]byte{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}, 2, 2, 3)
	labels := idx([]byte{1, 0}, 2)
	for name, pack := range map[string]func([]byte) []byte{"plain": bytes.Clone, "gzip": gzipped} {
		set, err := ReadIDX(bytes.NewReader(pack(images)), bytes.NewReader(pack(labels)), nil)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if set.Len() != 2 || set.H != 2 || set.W != 3 || set.C != 1 || !slices.Equal(set.Classes, []string{"0", "1"}) ||
			!slices.Equal(set.Image(1), []uint8{7, 8, 9, 10, 11, 12}) || !slices.Equal(set.Labels, []uint16{1, 0}) {
			t.Errorf("%s: %+v", name, set)
		}
	}
}

func TestReadIDXRefuses(t *testing.T) {
	images := idx(make([]byte, 12), 2, 2, 3)
	labels := idx([]byte{1, 0}, 2)
	cut := gzipped(images)
	damaged := slices.Clone(cut)
	damaged[len(damaged)-5] ^= 1 // the checksum
	for _, tt := range []struct {
		name           string
		images, labels []byte
		want           string
	}{
		{"empty", nil, labels, "images: truncated: the header of 16 bytes ends after 0"},
		{"short header", images[:9], labels, "images: truncated: the header of 16 bytes ends after 9"},
		{"short data", images[:20], labels, "images: truncated: the header promises 12 bytes of data, 4 are there"},
		{"huge promise", idx(make([]byte, 12), 2000000, 28, 28), labels, "images: truncated: the header promises 1568000000 bytes of data, 12 are there"},
		{"overflow", idx(nil, 0xffffffff, 0xffffffff, 0xffffffff), labels, "images: dimensions [4294967295] are empty or too large"},
		{"no images", idx(nil, 0, 28, 28), labels, "images: dimensions [0] are empty or too large"},
		{"trailing bytes", append(slices.Clone(images), 0), labels, "images: more data than the 12 bytes that the header promises"},
		{"swapped", labels, images, "images: truncated"},
		{"other type", append([]byte{0, 0, 13, 3}, images[4:]...), labels, "images: not an IDX file of bytes in 3 dimensions: starts with 00 00 0d 03"},
		{"not IDX", []byte("a text file, not images"), labels, "images: not an IDX file"},
		{"short gzip", cut[:len(cut)-9], labels, "images: truncated"},
		{"damaged gzip", damaged, labels, "images: gzip: invalid checksum"},
		{"counts differ", images, idx([]byte{1, 0, 1}, 3), "labels: 3 labels for 2 images"},
		{"label out of range", images, idx([]byte{1, 10}, 2), "labels: label of image 1 is 10: out of range 0..9"},
		{"short labels", images, labels[:9], "labels: truncated: the header promises 2 bytes of data, 1 are there"},
	} {
		_, err := ReadIDX(bytes.NewReader(tt.images), bytes.NewReader(tt.labels), numbered(10))
		if err == nil || !strings.HasPrefix(err.Error(), tt.want) {
			t.Errorf("%s: error %v, want %q", tt.name, err, tt.want)
		}
	}
}

func FuzzReadIDX(f *testing.F) {
	images := idx(make([]byte, 12), 2, 2, 3)
	f.Add(images, idx([]byte{1, 0}, 2))
	f.Add(gzipped(images), []byte{})
	f.Add(idx(nil, 0xffffffff, 28, 28), idx(nil, 3))
	f.Fuzz(func(t *testing.T, images, labels []byte) {
		set, err := ReadIDX(bytes.NewReader(images), bytes.NewReader(labels), nil)
		if err != nil {
			return
		}
		checkSet(t, set)
	})
}

// checkSet checks that a set that was read without an error is sound.
func checkSet(t *testing.T, s *Set) {
	t.Helper()
	if s.Len() == 0 || len(s.Pixels) != s.Len()*s.H*s.W*s.C {
		t.Errorf("%d images of %dx%dx%d in %d bytes", s.Len(), s.H, s.W, s.C, len(s.Pixels))
	}
	if err := checkLabels(s.Labels, len(s.Classes)); err != nil {
		t.Error(err)
	}
}
