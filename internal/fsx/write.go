package fsx

import (
	"bufio"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
)

// WriteFile makes the file at path hold exactly what write writes. The bytes go,
// buffered, to a temporary file in the same folder, which is synced and then
// renamed to path. After an error the file at path is unchanged, unless only
// syncing the folder failed: the new file is then in place, but may not survive
// a power failure. The error says which step failed.
func WriteFile(fs FS, path string, write func(io.Writer) error) error {
	temp := tempName(path)
	step, err := writeTemp(fs, temp, write)
	if err == nil {
		step, err = "renaming the temporary file", fs.Rename(temp, path)
	}
	if err != nil {
		if step != "creating a temporary file" {
			// An error here adds nothing: RemoveTemp removes what is left.
			_ = fs.Remove(temp)
		}
		return fmt.Errorf("writing %s: %s: %w", path, step, err)
	}
	if err := fs.SyncDir(filepath.Dir(path)); err != nil {
		return fmt.Errorf("writing %s: syncing its folder: %w", path, err)
	}
	return nil
}

// WriteBytes makes the file at path hold data, as WriteFile does.
func WriteBytes(fs FS, path string, data []byte) error {
	return WriteFile(fs, path, func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	})
}

// writeTemp writes, syncs and closes the file temp and names the step that
// failed.
func writeTemp(fs FS, temp string, write func(io.Writer) error) (step string, err error) {
	f, err := fs.Create(temp)
	if err != nil {
		return "creating a temporary file", err
	}
	buffered := bufio.NewWriterSize(f, 1<<16)
	step, err = "writing", write(buffered)
	if err == nil {
		err = buffered.Flush()
	}
	if err == nil {
		step, err = "syncing", f.Sync()
	}
	if closeErr := f.Close(); err == nil && closeErr != nil {
		step, err = "closing", closeErr
	}
	return step, err
}

func tempName(path string) string {
	dir, base := filepath.Split(path)
	return filepath.Join(dir, fmt.Sprintf(".%s.tmp-%016x", base, rand.Uint64()))
}

// RemoveTemp removes the temporary files that killed processes left in a
// folder. No other process may be writing there.
func RemoveTemp(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	left := regexp.MustCompile(`^\..+\.tmp-[0-9a-f]{16}$`)
	for _, e := range entries {
		if left.MatchString(e.Name()) {
			if err := os.Remove(filepath.Join(dir, e.Name())); err != nil {
				return err
			}
		}
	}
	return nil
}
