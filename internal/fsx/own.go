package fsx

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"time"
)

// lockFile is the file in a folder that its owner holds a lock on.
const lockFile = ".lock"

// maxHolder bounds what is read of a lock file, in bytes.
const maxHolder = 4096

// Owner is the right to write to a folder, which one at a time has. The system takes it
// back when the process ends, however it ends. A file system that has no locks, as some
// network file systems, gives the right to all that ask.
type Owner struct {
	dir   string
	file  *os.File
	made  bool  // whether the folder was made for the owner
	inUse error // wrapped if there is another owner
}

// Own makes a folder, if it is missing, and becomes its owner. If the folder has one, the
// error names it and wraps inUse.
func Own(dir string, inUse error) (*Owner, error) {
	o := &Owner{dir: filepath.Clean(dir), inUse: inUse}
	var err error
	for range 100 { // its last owner may remove the file, or the folder, as it is opened
		if err = o.make(); err != nil {
			break
		}
		var held bool
		if held, err = o.lock(); held {
			return o, nil
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			break
		}
	}
	if err == nil {
		err = errors.New(lockFile + " is replaced again and again")
	}
	if errors.Is(err, inUse) {
		return nil, err
	}
	return nil, fmt.Errorf("cannot write to the folder %s: %w", dir, err)
}

// make makes the folder unless it is there.
func (o *Owner) make() error {
	err := os.MkdirAll(filepath.Dir(o.dir), 0o777)
	if err == nil {
		err = os.Mkdir(o.dir, 0o777)
	}
	o.made = o.made || err == nil
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	return err
}

func (o *Owner) path() string { return filepath.Join(o.dir, lockFile) }

// lock opens the lock file and locks it. It returns false without an error if the file
// was removed meanwhile.
func (o *Owner) lock() (held bool, err error) {
	if info, err := os.Lstat(o.path()); err == nil && !info.Mode().IsRegular() {
		return false, fmt.Errorf("its %s is not a regular file: remove it", lockFile)
	}
	if o.file, err = os.OpenFile(o.path(), os.O_RDWR|os.O_CREATE, 0o666); err != nil {
		return false, err
	}
	free, err := tryLock(o.file)
	if err == nil && !free {
		err = o.holder()
	}
	if err == nil && o.Check() == nil { // else it was removed after it was opened: the lock is on nothing
		if err = o.sign(); err == nil {
			return true, nil
		}
	}
	return false, errors.Join(err, o.file.Close())
}

// holder is what a lock file says about the owner.
type holder struct {
	PID   int       `json:"pid"`
	Host  string    `json:"host"`
	Since time.Time `json:"since"`
}

// sign writes into the lock file who holds it.
func (o *Owner) sign() error {
	host, err := os.Hostname()
	if err != nil {
		host = "an unknown host"
	}
	text, err := json.Marshal(holder{os.Getpid(), host, time.Now().Round(0)})
	if err != nil {
		return err
	}
	if err := o.file.Truncate(0); err != nil {
		return err
	}
	_, err = o.file.WriteAt(append(text, '\n'), 0)
	return err
}

// holder returns the error about the owner that holds the lock.
func (o *Owner) holder() error {
	var by holder
	text, err := ReadFile(o.path(), maxHolder)
	if err != nil || json.Unmarshal(text, &by) != nil || by.PID <= 0 { // not signed yet
		return fmt.Errorf("%s: %w", o.dir, o.inUse)
	}
	since := by.Since.Local()
	layout := "15:04"
	if since.Format(time.DateOnly) != time.Now().Format(time.DateOnly) {
		layout = time.DateOnly + " 15:04"
	}
	return fmt.Errorf("%s: %w: process %d on %s, since %s", o.dir, o.inUse, by.PID, by.Host, since.Format(layout))
}

// Check returns an error if the folder is no longer the one that is owned: it was moved,
// removed or replaced.
func (o *Owner) Check() error {
	there, err := os.Lstat(o.path())
	if err == nil {
		var mine fs.FileInfo
		if mine, err = o.file.Stat(); err == nil && os.SameFile(there, mine) {
			return nil
		}
	}
	if err == nil || errors.Is(err, fs.ErrNotExist) {
		err = errors.New("it was moved, removed or replaced")
	}
	return fmt.Errorf("the folder %s: %w", o.dir, err)
}

// FS returns a file system that makes files only while the folder is owned.
func (o *Owner) FS(files FS) FS { return ownedFS{files, o} }

type ownedFS struct {
	FS
	*Owner
}

func (f ownedFS) Create(path string) (File, error) {
	if err := f.Check(); err != nil {
		return nil, err
	}
	return f.FS.Create(path)
}

// Release gives the folder up. It removes the folder if Own made it and it is still empty.
func (o *Owner) Release() {
	// Whoever opened the file before sees that it is gone, and opens another. Errors are
	// of no account: a lock file that stays is taken over by the next owner.
	mine := o.Check() == nil
	if mine {
		_ = os.Remove(o.path())
	}
	_ = o.file.Close()
	if mine && runtime.GOOS == "windows" { // where an open file cannot be removed
		_ = os.Remove(o.path())
	}
	if o.made {
		_ = os.Remove(o.dir)
	}
}
