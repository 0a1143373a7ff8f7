//go:build darwin || dragonfly || freebsd || illumos || linux || netbsd || openbsd

package fsx

import (
	"errors"
	"os"
	"syscall"
)

// tryLock locks a file until it is closed. It reports whether the file was free.
func tryLock(f *os.File) (free bool, err error) {
	for {
		err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if !errors.Is(err, syscall.EINTR) {
			break
		}
	}
	switch {
	case errors.Is(err, syscall.EWOULDBLOCK):
		return false, nil
	case errors.Is(err, errors.ErrUnsupported), errors.Is(err, syscall.ENOLCK), errors.Is(err, syscall.EINVAL):
		return true, nil // a file system without locks
	}
	return err == nil, err
}
