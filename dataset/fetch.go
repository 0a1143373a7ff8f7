package dataset

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/coarsegrain/taylornet/internal/fsx"
)

// progressFunc receives how many bytes of a file have arrived.
type progressFunc = func(file string, done, total int64)

// Fetch downloads a known data set into a sub-folder of dir, where Load finds it. It keeps
// the files that are there and right, and resumes those that were cut off. A file
// is put in place only if the SHA-256 of its uncompressed content is right.
//
// progress, unless it is nil, is called with how many bytes of a file have arrived;
// total is -1 if it is not known. The error wraps ErrUnknown if no data set has the
// name, and the cause of ctx when ctx ends.
func Fetch(ctx context.Context, name, dir string, progress func(file string, done, total int64)) error {
	for _, k := range knownSets() {
		if k.Name == name {
			return k.fetch(ctx, http.DefaultClient, dir, progress)
		}
	}
	return unknown(name)
}

// fetch gets a set's files, or the archive that holds them.
func (k known) fetch(ctx context.Context, client *http.Client, dir string, progress progressFunc) error {
	folder := filepath.Join(dir, k.folder)
	var lacking []knownFile
	for _, f := range k.files {
		if !f.isAt(folder) {
			lacking = append(lacking, f)
		}
	}
	if len(lacking) == 0 {
		return nil
	}
	var err error
	if k.archive != "" {
		err = k.fetchArchive(ctx, client, dir, progress)
	} else {
		for _, f := range lacking {
			check := func(path string) error { return fsx.CheckSHA256(path, f.sha256) }
			if err = k.download(ctx, client, f.name, filepath.Join(folder, f.name), check, progress); err != nil {
				break
			}
		}
	}
	if err != nil && ctx.Err() == nil {
		return fmt.Errorf("%w; without a connection, get %s elsewhere and put %s into %s",
			err, k.Name, strings.Join(fileNames(k.files), ", "), folder)
	}
	return err
}

// isAt reports whether folder holds the right file, gzipped or unpacked.
func (f knownFile) isAt(folder string) bool {
	file := filepath.Join(folder, f.name)
	return fsx.CheckSHA256(file, f.sha256) == nil ||
		fsx.CheckSHA256(strings.TrimSuffix(file, ".gz"), f.sha256) == nil
}

// download fetches one file from the set's mirrors.
func (k known) download(ctx context.Context, client *http.Client, name, dest string, check func(string) error, progress progressFunc) error {
	d := fsx.Download{Dest: dest, Check: check}
	for _, mirror := range k.mirrors {
		d.URLs = append(d.URLs, mirror+name)
	}
	if progress != nil {
		d.Progress = func(done, total int64) { progress(name, done, total) }
	}
	return fsx.Fetch(ctx, client, d)
}

// fetchArchive fetches the archive, unpacks the set's files and removes it.
func (k known) fetchArchive(ctx context.Context, client *http.Client, dir string, progress progressFunc) error {
	archive := filepath.Join(dir, k.archive)
	check := func(path string) error {
		return k.walkArchive(path, func(_ knownFile, r io.Reader) error {
			_, err := io.Copy(io.Discard, r)
			return err
		})
	}
	if check(archive) != nil { // otherwise it was put there by hand, or never unpacked
		if err := k.download(ctx, client, k.archive, archive, check, progress); err != nil {
			return err
		}
	}
	folder := filepath.Join(dir, k.folder)
	if err := os.MkdirAll(folder, 0o777); err != nil {
		return err
	}
	err := k.walkArchive(archive, func(f knownFile, r io.Reader) error {
		return fsx.WriteFile(fsx.OS{}, filepath.Join(folder, f.name), func(w io.Writer) error {
			_, err := io.Copy(w, r)
			return err
		})
	})
	if err != nil {
		return err
	}
	return os.Remove(archive)
}

// walkArchive calls use with each of the set's files in a gzipped tar archive. The
// reader of a file fails at its end if the checksum is wrong. A missing file is an
// error.
func (k known) walkArchive(archive string, use func(knownFile, io.Reader) error) error {
	f, err := os.Open(archive)
	if err != nil {
		return err
	}
	defer f.Close()
	content, err := fsx.Gunzip(f)
	if err != nil {
		return err
	}
	wanted := make(map[string]knownFile)
	for _, file := range k.files {
		wanted[path.Join(k.folder, file.name)] = file
	}
	for members := tar.NewReader(content); len(wanted) > 0; {
		header, err := members.Next()
		if errors.Is(err, io.EOF) {
			return fmt.Errorf("%d files are missing from %s", len(wanted), k.archive)
		}
		if err != nil {
			return err
		}
		name := path.Clean(header.Name)
		file, ok := wanted[name]
		if !ok || header.Typeflag != tar.TypeReg {
			continue
		}
		delete(wanted, name)
		if err := use(file, fsx.Checked(members, file.sha256)); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

func fileNames(files []knownFile) []string {
	names := make([]string, len(files))
	for i, f := range files {
		names[i] = f.name
	}
	return names
}
