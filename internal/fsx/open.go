package fsx

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/coarsegrain/taylornet/internal/memory"
)

// ErrNotRegular is wrapped by errors about folders, pipes, devices and sockets, of which
// reading may never end, and ErrFolder by those about folders, too. ErrEmpty is wrapped by
// those about files without content. A file of the system, as /proc/kmsg, says that it is
// empty, but reading it may never end either.
var (
	ErrNotRegular = errors.New("not a regular file")
	ErrFolder     = errors.New("a folder")
	ErrEmpty      = errors.New("an empty file")
)

// Open opens a regular file with content, or one that symbolic links lead to. A pipe is not
// waited for.
func Open(path string) (*os.File, error) { return open(path, os.Stat, os.Open) }

// OpenIn opens a file of a file system as Open does.
func OpenIn(fsys fs.FS, name string) (fs.File, error) {
	return open(name, func(name string) (fs.FileInfo, error) { return fs.Stat(fsys, name) }, fsys.Open)
}

func open[F fs.File](path string, stat func(string) (fs.FileInfo, error), open func(string) (F, error)) (F, error) {
	var none F
	info, err := stat(path)
	if err == nil {
		err = regular(path, info)
	}
	if err != nil {
		return none, err
	}
	f, err := open(path)
	if err != nil {
		return none, err
	}
	// It may have been exchanged since.
	if info, err = f.Stat(); err == nil {
		err = regular(path, info)
	}
	if err != nil {
		return none, errors.Join(err, f.Close())
	}
	return f, nil
}

func regular(path string, info fs.FileInfo) error {
	switch mode := info.Mode(); {
	case mode.IsRegular() && info.Size() == 0:
		return &fs.PathError{Op: "open", Path: path, Err: ErrEmpty}
	case mode.IsRegular():
		return nil
	case mode.IsDir():
		return fmt.Errorf("%s is %w: %w", path, ErrFolder, ErrNotRegular)
	case mode&fs.ModeNamedPipe != 0:
		return fmt.Errorf("%s is a pipe: %w", path, ErrNotRegular)
	case mode&fs.ModeDevice != 0:
		return fmt.Errorf("%s is a device: %w", path, ErrNotRegular)
	}
	return fmt.Errorf("%s: %w", path, ErrNotRegular)
}

// ReadFile returns the content of a regular file of at most so many bytes.
func ReadFile(path string, most int64) ([]byte, error) {
	f, err := Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return Read(f, most)
}

// Read returns the content of a file of at most so many bytes, from where it is read next.
func Read(f *os.File, most int64) ([]byte, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	tooLarge := fmt.Errorf("%s is larger than %s", f.Name(), memory.Text(float64(most)))
	if info.Size() > most {
		return nil, tooLarge
	}
	content := make([]byte, 0, info.Size()+1) // one more, to see the end
	for {
		n, err := f.Read(content[len(content):cap(content)])
		content = content[:len(content)+n]
		switch {
		case int64(len(content)) > most: // it has grown
			return nil, tooLarge
		case errors.Is(err, io.EOF):
			return content, nil
		case err != nil:
			return nil, err
		case len(content) == cap(content):
			content = append(content, 0)[:len(content)]
		}
	}
}
