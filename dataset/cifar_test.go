package dataset

import (
	"bytes"
	"slices"
	"strings"
	"testing"
)

// cifarRecordOf makes a record whose channels c hold c*80 + (pixel mod 80).
func cifarRecordOf(label byte) []byte {
	record := []byte{label}
	for c := range 3 {
		for p := range cifarSide * cifarSide {
			record = append(record, byte(c*80+p%80))
		}
	}
	return record
}

func TestReadCIFAR10(t *testing.T) {
	set, err := ReadCIFAR10(bytes.NewReader(cifarRecordOf(3)), bytes.NewReader(append(cifarRecordOf(0), cifarRecordOf(9)...)))
	if err != nil {
		t.Fatal(err)
	}
	checkSet(t, set)
	if !slices.Equal(set.Labels, []uint16{3, 0, 9}) || set.H != 32 || set.W != 32 || set.C != 3 {
		t.Errorf("labels %v, shape %dx%dx%d", set.Labels, set.H, set.W, set.C)
	}
	for i := range 3 {
		for at, v := range set.Image(i) {
			if pixel, c := at/3, at%3; int(v) != c*80+pixel%80 {
				t.Fatalf("image %d, pixel %d, channel %d is %d", i, pixel, c, v)
			}
		}
	}
}

func TestReadCIFAR10Refuses(t *testing.T) {
	whole := cifarRecordOf(1)
	for _, tt := range []struct {
		name, want string
		batch      []byte
	}{
		{"empty", "batch 2: truncated: record 0 has 0 of 3073 bytes", nil},
		{"short", "batch 2: truncated: record 1 has 100 of 3073 bytes", append(slices.Clone(whole), whole[:100]...)},
		{"label", "batch 2: label of record 1 is 10: out of range 0..9", append(slices.Clone(whole), cifarRecordOf(10)...)},
		{"text", "batch 2: truncated: record 0 has 5 of 3073 bytes", []byte("hello")},
	} {
		_, err := ReadCIFAR10(bytes.NewReader(whole), bytes.NewReader(tt.batch))
		if err == nil || !strings.HasPrefix(err.Error(), tt.want) {
			t.Errorf("%s: error %v, want %q", tt.name, err, tt.want)
		}
	}
}

func FuzzReadCIFAR10(f *testing.F) {
	f.Add(cifarRecordOf(3))
	f.Add(cifarRecordOf(200))
	f.Add([]byte{1, 2, 3})
	f.Fuzz(func(t *testing.T, batch []byte) {
		set, err := ReadCIFAR10(bytes.NewReader(batch))
		if (err == nil) != (len(batch) > 0 && len(batch)%cifarRecord == 0 && labelsIn(batch)) {
			t.Fatalf("%d bytes: %v", len(batch), err)
		}
		if err == nil {
			checkSet(t, set)
		}
	})
}

func labelsIn(batch []byte) bool {
	for i := 0; i < len(batch); i += cifarRecord {
		if batch[i] > 9 {
			return false
		}
	}
	return true
}
