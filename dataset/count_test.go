package dataset

import (
	"fmt"
	"testing"
	"testing/fstest"
)

// TestCountEnds counts the pictures of a folder that has more than are looked at.
func TestCountEnds(t *testing.T) {
	fsys := fstest.MapFS{}
	for i := range maxCounted + 10 {
		fsys[fmt.Sprintf("a/%06d.png", i)] = &fstest.MapFile{}
	}
	r := folderReader{fsys: fsys}
	if n := r.count("a"); n < maxCounted-10 || n > maxCounted {
		t.Errorf("%d pictures counted", n)
	}
	if n := r.count("a"); n != 0 {
		t.Errorf("%d more pictures counted", n)
	}
}
