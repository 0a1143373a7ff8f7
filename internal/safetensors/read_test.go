package safetensors

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/coarsegrain/taylornet/internal/memory/memorytest"
)

// A large file of zeros, which takes no room on a disk, is not read.
func TestReadFileOfZeros(t *testing.T) {
	path := filepath.Join(t.TempDir(), "zeros")
	if err := os.WriteFile(path, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, 2<<30); err != nil {
		t.Skip("no large files: ", err)
	}
	var err error
	taken := memorytest.Allocated(func() { _, err = ReadFile(path, 4<<30) })
	if err == nil || !strings.Contains(err.Error(), "not a safetensors file") {
		t.Errorf("error %v", err)
	}
	if taken > 1<<20 {
		t.Errorf("took %.0f bytes", taken)
	}
}

// A small file is returned as it is.
func TestReadFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	for _, text := range []string{"short", "\x02\x00\x00\x00\x00\x00\x00\x00{}"} {
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		if got, err := ReadFile(path, 100); err != nil || string(got) != text {
			t.Errorf("%q is read as %q, error %v", text, got, err)
		}
		if _, err := ReadFile(path, 1); err == nil && len(text) > 1 {
			t.Errorf("%q is read in full, with one byte allowed", text)
		}
	}
}
