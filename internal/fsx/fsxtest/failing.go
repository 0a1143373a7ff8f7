package fsxtest

import (
	"errors"

	"github.com/coarsegrain/taylornet/internal/fsx"
)

// ErrDisk is the error of the call that fails.
var ErrDisk = errors.New("no space left on device")

// Failing is the operating system's file system, except that one call fails: number
// Fail, counted from 1 over calls of all kinds.
type Failing struct {
	fsx.OS
	Fail  int
	Calls int // so far
}

func (f *Failing) call() error {
	f.Calls++
	if f.Calls == f.Fail {
		return ErrDisk
	}
	return nil
}

// Create implements fsx.FS.
func (f *Failing) Create(path string) (fsx.File, error) {
	if err := f.call(); err != nil {
		return nil, err
	}
	file, err := f.OS.Create(path)
	return &failingFile{file, f}, err
}

// Rename implements fsx.FS.
func (f *Failing) Rename(from, to string) error {
	if err := f.call(); err != nil {
		return err
	}
	return f.OS.Rename(from, to)
}

// SyncDir implements fsx.FS.
func (f *Failing) SyncDir(dir string) error {
	if err := f.call(); err != nil {
		return err
	}
	return f.OS.SyncDir(dir)
}

type failingFile struct {
	fsx.File
	fs *Failing
}

func (f *failingFile) Write(p []byte) (int, error) {
	if err := f.fs.call(); err != nil {
		return 0, err
	}
	return f.File.Write(p)
}

func (f *failingFile) Sync() error {
	if err := f.fs.call(); err != nil {
		return err
	}
	return f.File.Sync()
}
