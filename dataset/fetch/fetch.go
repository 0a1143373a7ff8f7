package fetch

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

	"github.com/coarsegrain/taylornet/dataset"
	"github.com/coarsegrain/taylornet/internal/download"
	"github.com/coarsegrain/taylornet/internal/fsx"
)

// Progress receives how many bytes of a file have arrived. total is -1 if it is not known.
type Progress func(file string, done, total int64)

// Set downloads a known data set into a sub-folder of dir, where dataset.Load finds it. It keeps
// the files that are there and right, and resumes those that were cut off. A file
// is put in place only if the SHA-256 of its content without gzip is right.
//
// The error wraps dataset.ErrUnknown if no data set has the name, and the cause of ctx
// when ctx ends. progress may be nil.
func Set(ctx context.Context, name, dir string, progress Progress) error {
	info, err := dataset.Describe(name)
	if err != nil {
		return err
	}
	return set{info}.fetch(ctx, http.DefaultClient, dir, progress)
}

// set is a data set to fetch.
type set struct{ dataset.Info }

// fetch gets a set's files, or the archive that holds them.
func (s set) fetch(ctx context.Context, client *http.Client, dir string, progress Progress) error {
	folder := filepath.Join(dir, s.Published.Folder)
	var lacking []dataset.File
	for _, f := range s.Published.Files {
		if !isAt(folder, f) {
			lacking = append(lacking, f)
		}
	}
	if len(lacking) == 0 {
		return nil
	}
	var err error
	if s.Published.Archive != "" {
		err = s.fetchArchive(ctx, client, dir, progress)
	} else {
		for _, f := range lacking {
			check := func(path string) error { return fsx.CheckSHA256(path, f.SHA256) }
			if err = s.download(ctx, client, f.Name, filepath.Join(folder, f.Name), check, progress); err != nil {
				break
			}
		}
	}
	if err != nil && ctx.Err() == nil {
		return fmt.Errorf("%w; without a connection, get %s elsewhere and put %s into %s",
			err, s.Name, strings.Join(fileNames(s.Published.Files), ", "), folder)
	}
	return err
}

// isAt reports whether folder holds the right file, gzipped or unpacked.
func isAt(folder string, f dataset.File) bool {
	file := filepath.Join(folder, f.Name)
	return fsx.CheckSHA256(file, f.SHA256) == nil ||
		fsx.CheckSHA256(strings.TrimSuffix(file, ".gz"), f.SHA256) == nil
}

// download fetches one file from the set's mirrors.
func (s set) download(ctx context.Context, client *http.Client, name, dest string, check func(string) error, progress Progress) error {
	d := download.File{Dest: dest, Check: check, Most: 2 * s.Download} // a mirror may pack them otherwise
	for _, mirror := range s.Published.Mirrors {
		d.URLs = append(d.URLs, mirror+name)
	}
	if progress != nil {
		d.Progress = func(done, total int64) { progress(name, done, total) }
	}
	return download.Fetch(ctx, client, d)
}

// fetchArchive fetches the archive, unpacks the set's files and removes it.
func (s set) fetchArchive(ctx context.Context, client *http.Client, dir string, progress Progress) error {
	archive := filepath.Join(dir, s.Published.Archive)
	check := func(path string) error {
		return s.walkArchive(path, func(_ dataset.File, r io.Reader) error {
			_, err := io.Copy(io.Discard, r)
			return err
		})
	}
	if check(archive) != nil { // otherwise it was put there by hand, or never unpacked
		if err := s.download(ctx, client, s.Published.Archive, archive, check, progress); err != nil {
			return err
		}
	}
	folder := filepath.Join(dir, s.Published.Folder)
	if err := os.MkdirAll(folder, 0o777); err != nil {
		return err
	}
	err := s.walkArchive(archive, func(f dataset.File, r io.Reader) error {
		return fsx.WriteFile(fsx.OS{}, filepath.Join(folder, f.Name), func(w io.Writer) error {
			_, err := io.Copy(w, r)
			return err
		})
	})
	if err != nil {
		return err
	}
	return os.Remove(archive)
}

// maxMember bounds a file in an archive. A sparse one of any size takes no bytes.
const maxMember = 1 << 30

// walkArchive calls use with each of the set's files in a gzipped tar archive. The
// reader of a file fails at its end if the checksum is wrong. A missing file is an
// error.
func (s set) walkArchive(archive string, use func(dataset.File, io.Reader) error) error {
	f, err := fsx.Open(archive)
	if err != nil {
		return err
	}
	defer f.Close()
	content, err := fsx.Gunzip(f)
	if err != nil {
		return err
	}
	wanted := make(map[string]dataset.File)
	for _, file := range s.Published.Files {
		wanted[path.Join(s.Published.Folder, file.Name)] = file
	}
	for members := tar.NewReader(content); len(wanted) > 0; {
		header, err := members.Next()
		if errors.Is(err, io.EOF) {
			return fmt.Errorf("%d files are missing from %s", len(wanted), s.Published.Archive)
		}
		if err != nil {
			return err
		}
		if header.Size > maxMember {
			return fmt.Errorf("%s: %d bytes are too many", header.Name, header.Size)
		}
		name := path.Clean(header.Name)
		file, ok := wanted[name]
		if !ok || header.Typeflag != tar.TypeReg {
			continue
		}
		delete(wanted, name)
		if err := use(file, fsx.Checked(members, file.SHA256)); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

func fileNames(files []dataset.File) []string {
	names := make([]string, len(files))
	for i, f := range files {
		names[i] = f.Name
	}
	return names
}
