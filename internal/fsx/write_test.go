package fsx

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// faultFS is the operating system's file system, of which chosen calls fail.
// Calls on files count too.
type faultFS struct {
	calls int
	fails func(call int) bool
}

var errFault = errors.New("injected fault")

func (f *faultFS) step() error {
	f.calls++
	if f.fails(f.calls) {
		return errFault
	}
	return nil
}

func (f *faultFS) Create(path string) (File, error) {
	if err := f.step(); err != nil {
		return nil, err
	}
	file, err := OS{}.Create(path)
	return &faultFile{file, f}, err
}

func (f *faultFS) Rename(from, to string) error {
	if err := f.step(); err != nil {
		return err
	}
	return OS{}.Rename(from, to)
}

func (f *faultFS) Remove(path string) error {
	if err := f.step(); err != nil {
		return err
	}
	return OS{}.Remove(path)
}

func (f *faultFS) SyncDir(dir string) error {
	if err := f.step(); err != nil {
		return err
	}
	return OS{}.SyncDir(dir)
}

type faultFile struct {
	File
	fs *faultFS
}

// Write writes half of p if it fails, as on a full disk.
func (f *faultFile) Write(p []byte) (int, error) {
	if err := f.fs.step(); err != nil {
		n, _ := f.File.Write(p[:len(p)/2])
		return n, err
	}
	return f.File.Write(p)
}

func (f *faultFile) Sync() error {
	if err := f.fs.step(); err != nil {
		return err
	}
	return f.File.Sync()
}

func (f *faultFile) Close() error {
	err := f.fs.step()
	return errors.Join(err, f.File.Close())
}

// newContent is larger than the buffer, so that several writes are made.
var newContent = bytes.Repeat([]byte("new content "), 20000)

func writeNew(fs FS, path string) error {
	return WriteFile(fs, path, func(w io.Writer) error {
		_, err := w.Write(newContent[:1000])
		if err == nil {
			_, err = w.Write(newContent[1000:])
		}
		return err
	})
}

// oldFile makes a folder with one file and returns its path.
func oldFile(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "model.safetensors")
	if err := os.WriteFile(path, []byte("old content"), 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}

func mustRead(t *testing.T, path string) []byte {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func fileNames(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// TestWriteFileEachCallFails fails every call in turn, alone and together with
// all calls after it, until a write succeeds.
func TestWriteFileEachCallFails(t *testing.T) {
	for _, rest := range []bool{false, true} {
		for n := 1; ; n++ {
			if n > 50 {
				t.Fatal("writing never succeeds")
			}
			path := oldFile(t)
			fs := &faultFS{fails: func(call int) bool { return call == n || rest && call > n }}
			err := writeNew(fs, path)
			content := mustRead(t, path)
			if err == nil {
				if fs.calls != n-1 || !bytes.Equal(content, newContent) {
					t.Errorf("success after %d of %d calls with the content %.20q", n, fs.calls, content)
				}
				break
			}
			if !errors.Is(err, errFault) || !strings.Contains(err.Error(), path) || strings.Contains(err.Error(), "\n") {
				t.Errorf("call %d: error %q", n, err)
			}
			synced := strings.Contains(err.Error(), "syncing its folder")
			if old := string(content) == "old content"; old == synced {
				t.Errorf("call %d: content %.20q after %q", n, content, err)
			}
			names := fileNames(t, filepath.Dir(path))
			if !rest && len(names) != 1 {
				t.Errorf("call %d: folder holds %q after %q", n, names, err)
			}
			if err := RemoveTemp(filepath.Dir(path)); err != nil {
				t.Error(err)
			}
			if names := fileNames(t, filepath.Dir(path)); len(names) != 1 {
				t.Errorf("call %d: RemoveTemp left %q", n, names)
			}
		}
	}
}

func TestWriteFileCallbackFails(t *testing.T) {
	path := oldFile(t)
	err := WriteFile(OS{}, path, func(w io.Writer) error {
		fmt.Fprint(w, "half")
		return errFault
	})
	if !errors.Is(err, errFault) {
		t.Errorf("error %v", err)
	}
	if got := mustRead(t, path); string(got) != "old content" {
		t.Errorf("content %q", got)
	}
	if names := fileNames(t, filepath.Dir(path)); len(names) != 1 {
		t.Errorf("folder holds %q", names)
	}
}

func TestWriteFileMissingFolder(t *testing.T) {
	path := filepath.Join(t.TempDir(), "missing", "file")
	if err := writeNew(OS{}, path); !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), path) {
		t.Errorf("error %v", err)
	}
}

func TestRemoveTempSparesOthers(t *testing.T) {
	dir := t.TempDir()
	keep := []string{".hidden", "a.tmp-0123456789abcdef", ".x.tmp-1", "file.part"}
	for _, name := range append(keep, filepath.Base(tempName("model"))) {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if err := RemoveTemp(dir); err != nil {
		t.Fatal(err)
	}
	if names := fileNames(t, dir); len(names) != len(keep) {
		t.Errorf("left %q, want %q", names, keep)
	}
}

func ExampleWriteFile() {
	path := filepath.Join(os.TempDir(), "taylornet-example.json")
	err := WriteFile(OS{}, path, func(w io.Writer) error {
		_, err := fmt.Fprintln(w, `{"seed": 1}`)
		return err
	})
	fmt.Println(err)
	fmt.Println(os.Remove(path))
	// Output:
	// <nil>
	// <nil>
}
