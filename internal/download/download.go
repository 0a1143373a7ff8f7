package download

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/coarsegrain/taylornet/internal/fsx"
)

// File says which file to fetch, and where it goes.
type File struct {
	URLs  []string                // mirrors of one file, tried in turn
	Dest  string                  // where it goes; Dest.part holds what has arrived so far
	Check func(path string) error // returns an error unless the complete file at path is the right one

	// Progress, if not nil, is called with the bytes that have arrived and the
	// total, which is -1 if the server does not give it.
	Progress func(done, total int64)

	// Most is how many bytes the file may have; zero sets no bound.
	Most int64

	// Stall is how long a mirror may be silent; zero means 20 seconds.
	Stall time.Duration
}

// maxTries is how often a mirror that cuts transfers short is asked.
const maxTries = 5

// Fetch downloads a file, or the rest of one whose download was interrupted. It
// puts the file in place in one step once Check accepts it. If no mirror serves
// it, the error says in one line what was tried.
func Fetch(ctx context.Context, client *http.Client, d File) error {
	if err := os.MkdirAll(filepath.Dir(d.Dest), 0o777); err != nil {
		return fmt.Errorf("fetching %s: %w", d.Dest, err)
	}
	if d.Stall == 0 {
		d.Stall = 20 * time.Second
	}
	var failures []string
	for _, mirror := range d.URLs {
		err := d.fetchFrom(ctx, client, mirror)
		if err == nil {
			return d.install()
		}
		var local *fs.PathError
		if ctx.Err() != nil || errors.As(err, &local) {
			return fmt.Errorf("fetching %s: %w", d.Dest, err)
		}
		failures = append(failures, fmt.Sprintf("%s: %v", mirror, err))
	}
	return fmt.Errorf("fetching %s: no mirror served it (%s)", d.Dest, strings.Join(failures, "; "))
}

func (d File) part() string { return d.Dest + ".part" }

// have returns the number of bytes in the part file.
func (d File) have() int64 {
	info, err := os.Stat(d.part())
	if err != nil {
		return 0
	}
	return info.Size()
}

// fetchFrom completes the part file from one mirror and checks it. After an
// interruption it tries again as long as each try adds to the file.
func (d File) fetchFrom(ctx context.Context, client *http.Client, mirror string) error {
	for try := 1; ; try++ {
		before := d.have()
		resumed, err := d.get(ctx, client, mirror, before)
		if err == nil {
			if err = d.Check(d.part()); err == nil {
				return nil
			}
			// What was resumed may have been the start of another file: start
			// again.
			if err := os.Remove(d.part()); err != nil {
				return err
			}
			if !resumed {
				return err
			}
		} else if d.have() <= before || ctx.Err() != nil {
			return err
		}
		if try == maxTries {
			return err
		}
	}
}

// get asks a mirror for what lies beyond the part file's first start bytes and
// appends it. It reports whether those bytes were kept.
func (d File) get(ctx context.Context, client *http.Client, mirror string, start int64) (resumed bool, err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	watchdog := time.AfterFunc(d.Stall, func() { cancel(fmt.Errorf("no answer for %v", d.Stall)) })
	defer watchdog.Stop()

	response, err := request(ctx, client, mirror, start)
	if err != nil {
		return false, err
	}
	defer response.Body.Close()
	switch status := response.StatusCode; {
	case status == http.StatusOK:
		start = 0
	case status == http.StatusPartialContent && strings.HasPrefix(response.Header.Get("Content-Range"), fmt.Sprintf("bytes %d-", start)):
	case status == http.StatusRequestedRangeNotSatisfiable && start > 0:
		// There is nothing beyond the part: it is complete, or of another file.
		return true, nil
	default:
		return false, errors.New(response.Status)
	}
	total := int64(-1)
	if response.ContentLength >= 0 {
		total = start + response.ContentLength
	}
	err = d.save(response.Body, start, func(done int64) {
		watchdog.Reset(d.Stall)
		if d.Progress != nil {
			d.Progress(done, total)
		}
	})
	if err != nil && ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	return start > 0, err
}

// request asks for a file from byte start onwards.
func request(ctx context.Context, client *http.Client, mirror string, start int64) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, mirror, nil)
	if err != nil {
		return nil, err
	}
	// Offsets count the bytes of the file as stored.
	req.Header.Set("Accept-Encoding", "identity")
	if start > 0 {
		req.Header.Set("Range", fmt.Sprintf("bytes=%d-", start))
	}
	response, err := client.Do(req)
	var urlErr *url.Error
	switch {
	case err != nil && ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case errors.As(err, &urlErr):
		return nil, urlErr.Err // the mirror's address is named by Fetch
	}
	return response, err
}

// save appends body to the part file, which keeps its first start bytes. It
// reports the size of the file as it grows.
func (d File) save(body io.Reader, start int64, report func(done int64)) (err error) {
	part, err := os.OpenFile(d.part(), os.O_WRONLY|os.O_CREATE, 0o666)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, part.Close()) }()
	if err := part.Truncate(start); err != nil {
		return err
	}
	if _, err := part.Seek(start, io.SeekStart); err != nil {
		return err
	}
	buffer := make([]byte, 1<<16)
	for {
		n, readErr := body.Read(buffer)
		if _, err := part.Write(buffer[:n]); err != nil {
			return err
		}
		start += int64(n)
		if d.Most > 0 && start > d.Most {
			return errors.Join(fmt.Errorf("more than %d bytes", d.Most), part.Truncate(0)) // it is another file
		}
		report(start)
		switch {
		case errors.Is(readErr, io.EOF):
			return part.Sync()
		case readErr != nil:
			return readErr
		}
	}
}

// install moves the complete part file into place.
func (d File) install() error {
	err := os.Rename(d.part(), d.Dest)
	if err == nil {
		err = fsx.OS{}.SyncDir(filepath.Dir(d.Dest))
	}
	if err != nil {
		return fmt.Errorf("fetching %s: %w", d.Dest, err)
	}
	return nil
}
