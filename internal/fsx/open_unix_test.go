//go:build unix

package fsx

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

func TestOpenPipe(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(path, 0o666); err != nil {
		t.Skip("no pipes here:", err)
	}
	if _, err := Open(path); !errors.Is(err, ErrNotRegular) {
		t.Errorf("Open: %v", err)
	}
}

// TestEmpty opens files that say they are empty, of which one has content and no end.
func TestEmpty(t *testing.T) {
	path := filepath.Join(t.TempDir(), "empty")
	if err := os.WriteFile(path, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{path, "/proc/kmsg"} {
		if _, err := os.Stat(file); err != nil {
			continue // another system
		}
		if _, err := ReadFile(file, 1<<20); !errors.Is(err, ErrEmpty) {
			t.Errorf("%s: error %v", file, err)
		}
	}
}
