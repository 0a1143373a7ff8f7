package fsx

import (
	"errors"
	"io"
	"os"
	"runtime"
	"syscall"
)

// FS is what writing a file atomically needs of a file system.
type FS interface {
	// Create makes a file, which must not exist yet.
	Create(path string) (File, error)
	// Rename moves a file, replacing what is there in one step.
	Rename(from, to string) error
	Remove(path string) error
	// SyncDir makes the names in a folder durable.
	SyncDir(dir string) error
}

// File is a file being written.
type File interface {
	io.WriteCloser
	// Sync makes the content durable.
	Sync() error
}

// OS is the operating system's file system.
type OS struct{}

var _ FS = OS{}

// Create makes a file, which must not exist yet.
func (OS) Create(path string) (File, error) {
	return os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
}

// Rename moves a file, replacing what is there.
func (OS) Rename(from, to string) error { return os.Rename(from, to) }

// Remove deletes a file.
func (OS) Remove(path string) error { return os.Remove(path) }

// SyncDir makes the names in a folder durable, if the system can.
func (OS) SyncDir(dir string) error {
	switch runtime.GOOS {
	case "windows", "plan9", "js", "wasip1":
		return nil
	}
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	err = f.Sync()
	// Some network file systems refuse to sync folders and need not.
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, errors.ErrUnsupported) {
		err = nil
	}
	return errors.Join(err, f.Close())
}
