package fsx

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestOpenLinks(t *testing.T) {
	path := oldFile(t)
	link := filepath.Join(filepath.Dir(path), "link")
	if err := os.Symlink(path, link); err != nil {
		t.Skip("no symbolic links here:", err)
	}
	f, err := Open(link)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
}

func TestOpenRefuses(t *testing.T) {
	dir := t.TempDir()
	for path, want := range map[string]string{
		dir:                        "is a folder: not a regular file",
		os.DevNull:                 "is a device: not a regular file",
		filepath.Join(dir, "none"): "none",
	} {
		_, err := Open(path)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Open(%s): %v, want %s", path, err, want)
		}
	}
	if _, err := Open(dir); !errors.Is(err, ErrNotRegular) {
		t.Error(err)
	}
}

func TestReadFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	want := bytes.Repeat([]byte{1, 2, 3}, 1000)
	if err := os.WriteFile(path, want, 0o666); err != nil {
		t.Fatal(err)
	}
	for most, ok := range map[int64]bool{2999: false, 3000: true, 1 << 40: true, 0: false} {
		got, err := ReadFile(path, most)
		if ok && (err != nil || !bytes.Equal(got, want)) || !ok && (err == nil || !strings.Contains(err.Error(), "is larger than")) {
			t.Errorf("ReadFile(%d): %d bytes, %v", most, len(got), err)
		}
	}
}
