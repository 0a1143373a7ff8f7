//go:build unix

package dataset

import (
	"image/color"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// ends fails if f does not end in time, as reading a pipe or a device would not.
func ends(t *testing.T, name string, f func() error) (err error) {
	t.Helper()
	done := make(chan error, 1)
	go func() { done <- f() }()
	select {
	case err = <-done:
	case <-time.After(10 * time.Second):
		t.Fatalf("%s does not end", name)
	}
	return err
}

// strange puts a pipe, a link to a device, a link to nowhere, a link to itself and one to
// the folder itself into a folder, under names that end as given.
func strange(t *testing.T, dir, suffix string) map[string]string {
	t.Helper()
	at := func(name string) string { return filepath.Join(dir, name+suffix) }
	if err := syscall.Mkfifo(at("pipe"), 0o666); err != nil {
		t.Skip("no pipes here:", err)
	}
	for name, to := range map[string]string{"zero": "/dev/zero", "nowhere": "nothing", "loop": "loop" + suffix, "here": "."} {
		if err := os.Symlink(to, at(name)); err != nil {
			t.Skip("no symbolic links here:", err)
		}
	}
	return map[string]string{
		"pipe": "not a regular file", "zero": "not a regular file", "nowhere": "no such file", "loop": "too many levels of symbolic links",
		"here": "a folder",
	}
}

// What is not a regular file is not read, whatever leads to it.
func TestNotRegular(t *testing.T) {
	root := t.TempDir()
	for _, file := range []string{"a/1.png", "a/2.png", "b/1.png", "b/2.png"} {
		writeFiles(t, root, map[string][]byte{file: pngOf(picture(2, 2, color.White))})
	}
	if err := os.Symlink("1.png", filepath.Join(root, "b", "3.png")); err != nil {
		t.Skip("no symbolic links here:", err)
	}
	reasons := strange(t, filepath.Join(root, "a"), ".png")
	err := ends(t, "reading to train", func() error {
		_, err := Load(t.Context(), root, Options{})
		return err
	})
	if err == nil || !strings.Contains(err.Error(), "5 unreadable images") {
		t.Errorf("to train: %v", err)
	}
	var data *Data
	err = ends(t, "reading", func() (err error) {
		data, err = Load(t.Context(), root, Options{LeaveOut: true})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if data.Read.Images != 5 || len(data.Read.LeftOut) != 5 {
		t.Errorf("%+v", data.Read)
	}
	for name, want := range reasons {
		err := ends(t, name, func() error {
			_, err := ReadImage(filepath.Join(root, "a", name+".png"), 0)
			return err
		})
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), name+".png") {
			t.Errorf("%s: %v, want %s", name, err, want)
		}
	}
}

// A pipe that is called like a data set's file is not read.
func TestDataSetNotRegular(t *testing.T) {
	root := t.TempDir()
	for _, files := range []map[string][]byte{smallIDX(), smallCIFAR()} {
		for name := range files {
			for kind, put := range map[string]func(path string) error{
				"pipe": func(path string) error { return syscall.Mkfifo(path, 0o666) },
				"zero": func(path string) error { return os.Symlink("/dev/zero", path) },
			} {
				dir := filepath.Join(root, name+kind)
				writeFiles(t, dir, files)
				path := filepath.Join(dir, name)
				if err := os.Remove(path); err != nil {
					t.Fatal(err)
				}
				if err := put(path); err != nil {
					t.Skip(err)
				}
				err := ends(t, name, func() error {
					_, err := Load(t.Context(), dir, Options{})
					return err
				})
				if err == nil || !strings.Contains(err.Error(), "not a regular file") {
					t.Errorf("%s as %s: %v", name, kind, err)
				}
			}
		}
	}
	pipe := filepath.Join(root, "pipe")
	if err := syscall.Mkfifo(pipe, 0o666); err != nil {
		t.Skip(err)
	}
	for _, name := range []string{pipe, "/dev/zero"} {
		err := ends(t, name, func() error {
			_, err := Load(t.Context(), name, Options{})
			return err
		})
		if err == nil || !strings.Contains(err.Error(), "not a regular file") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Folders that lead into one another are not followed for ever.
func TestFolderLoop(t *testing.T) {
	root := t.TempDir()
	for _, dir := range []string{"a", "b"} {
		writeFiles(t, root, map[string][]byte{dir + "/1.png": pngOf(picture(2, 2, color.White)), dir + "/2.png": pngOf(picture(2, 2, color.White))})
		if err := os.Symlink(root, filepath.Join(root, dir, "up")); err != nil {
			t.Skip("no symbolic links here:", err)
		}
	}
	alone := t.TempDir()
	if err := os.Symlink(".", filepath.Join(alone, "only")); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{root, alone} {
		err := ends(t, dir, func() error {
			_, err := Load(t.Context(), dir, Options{LeaveOut: true})
			return err
		})
		if dir == root && err != nil || dir == alone && err == nil {
			t.Errorf("%s: %v", dir, err)
		}
	}
}
