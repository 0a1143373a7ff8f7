//go:build unix

package fsx

import (
	"errors"
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

// TestReadFileGrows reads a file that says it is empty.
func TestReadFileGrows(t *testing.T) {
	got, err := ReadFile("/proc/self/status", 1<<20)
	if err != nil {
		t.Skip("no such file here:", err)
	}
	if len(got) < 100 {
		t.Errorf("read %d bytes", len(got))
	}
	if _, err := ReadFile("/proc/self/status", 10); err == nil {
		t.Error("more was read than allowed")
	}
}
