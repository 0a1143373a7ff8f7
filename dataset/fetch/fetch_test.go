package fetch

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/coarsegrain/taylornet/dataset"
	"github.com/coarsegrain/taylornet/internal/fsx"
)

func gzipped(content []byte) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, err := w.Write(content)
	if err := errors.Join(err, w.Close()); err != nil {
		panic(err)
	}
	return b.Bytes()
}

// serve offers files on the loopback, below the address it returns.
func serve(t *testing.T, files map[string][]byte) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		content, ok := files[strings.TrimPrefix(r.URL.Path, "/")]
		if !ok {
			http.NotFound(w, r)
			return
		}
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content))
	}))
	t.Cleanup(s.Close)
	return s.URL + "/"
}

// testSet makes a known set of the given uncompressed files.
func testSet(files map[string][]byte, names []string) set {
	k := set{dataset.Info{Name: "mnist", Published: dataset.Publication{Folder: "mnist"}}}
	for _, name := range names {
		k.Published.Files = append(k.Published.Files, dataset.File{Name: name, SHA256: fmt.Sprintf("%x", sha256.Sum256(files[name]))})
	}
	return k
}

func tarOf(folder string, files map[string][]byte) []byte {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for name, content := range files {
		err := w.WriteHeader(&tar.Header{Name: folder + "/" + name, Mode: 0o644, Size: int64(len(content)), Typeflag: tar.TypeReg})
		if err == nil {
			_, err = w.Write(content)
		}
		if err != nil {
			panic(err)
		}
	}
	if err := w.Close(); err != nil {
		panic(err)
	}
	return gzipped(b.Bytes())
}

func TestFetchFiles(t *testing.T) {
	plain := map[string][]byte{"a.gz": []byte("images"), "b.gz": []byte("labels")}
	k := testSet(plain, []string{"a.gz", "b.gz"})
	wrong := serve(t, map[string][]byte{"a.gz": gzipped([]byte("other")), "b.gz": gzipped(plain["b.gz"])})
	right := serve(t, map[string][]byte{"a.gz": gzipped(plain["a.gz"])})
	k.Published.Mirrors = []string{wrong, right}

	dir := t.TempDir()
	var told []string
	progress := func(file string, done, total int64) { told = append(told, fmt.Sprintf("%s %t", file, done == total)) }
	if err := k.fetch(t.Context(), http.DefaultClient, dir, progress); err != nil {
		t.Fatal(err)
	}
	for _, f := range k.Published.Files {
		if !isAt(filepath.Join(dir, "mnist"), f) {
			t.Errorf("%s is not right", f.Name)
		}
	}
	if len(told) == 0 || told[len(told)-1] != "b.gz true" {
		t.Errorf("progress %q", told)
	}

	// What is there, packed or not, is not fetched again.
	k.Published.Mirrors = nil
	unpacked := filepath.Join(dir, "mnist", "a")
	err := os.Remove(unpacked + ".gz")
	if err := errors.Join(err, os.WriteFile(unpacked, plain["a.gz"], 0o666)); err != nil {
		t.Fatal(err)
	}
	if err := k.fetch(t.Context(), http.DefaultClient, dir, nil); err != nil {
		t.Error(err)
	}
}

func TestFetchArchive(t *testing.T) {
	files := map[string][]byte{"1.bin": []byte("one"), "2.bin": bytes.Repeat([]byte("two"), 9999)}
	k := testSet(files, []string{"1.bin", "2.bin"})
	k.Published.Archive = "set.tar.gz"
	for _, tt := range []struct {
		name    string
		archive []byte
		want    string // of the error
	}{
		{"good", tarOf("mnist", files), ""},
		{"wrong", tarOf("mnist", map[string][]byte{"1.bin": []byte("one"), "2.bin": []byte("too")}), "2.bin: wrong checksum"},
		{"lacking", tarOf("mnist", map[string][]byte{"1.bin": []byte("one")}), "1 files are missing"},
		{"no archive", []byte("<html>"), "unexpected EOF"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			k.Published.Mirrors = []string{serve(t, map[string][]byte{k.Published.Archive: tt.archive})}
			err := k.fetch(t.Context(), http.DefaultClient, dir, nil)
			if tt.want != "" {
				if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "\n") {
					t.Errorf("error %v, want %q", err, tt.want)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range k.Published.Files {
				if err := fsx.CheckSHA256(filepath.Join(dir, "mnist", f.Name), f.SHA256); err != nil {
					t.Error(err)
				}
			}
			if _, err := os.Stat(filepath.Join(dir, k.Published.Archive)); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("the archive is left: %v", err)
			}
		})
	}
}

// An archive placed by hand is unpacked without a connection.
func TestFetchArchiveByHand(t *testing.T) {
	files := map[string][]byte{"1.bin": []byte("one")}
	k := testSet(files, []string{"1.bin"})
	k.Published.Archive = "set.tar.gz"
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, k.Published.Archive), tarOf("mnist", files), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := k.fetch(t.Context(), http.DefaultClient, dir, nil); err != nil {
		t.Error(err)
	}
}

func TestFetchOffline(t *testing.T) {
	down := httptest.NewServer(nil)
	down.Close()
	k := testSet(map[string][]byte{"a.gz": nil}, []string{"a.gz", "b.gz"})
	k.Published.Mirrors = []string{down.URL + "/"}
	dir := t.TempDir()
	err := k.fetch(t.Context(), http.DefaultClient, dir, nil)
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{down.URL + "/a.gz", "refused", "a.gz, b.gz", filepath.Join(dir, "mnist")} {
		if !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("error %q does not say %q in one line", err, want)
		}
	}
}

func TestSet(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := Set(ctx, "digits", t.TempDir(), nil); err != nil {
		t.Errorf("embedded: %v", err)
	}
	if err := Set(ctx, "mnits", t.TempDir(), nil); !errors.Is(err, dataset.ErrUnknown) {
		t.Errorf("unknown: %v", err)
	}
	if err := Set(ctx, "mnist", t.TempDir(), nil); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

func FuzzWalkArchive(f *testing.F) {
	files := map[string][]byte{"1.bin": []byte("one")}
	k := testSet(files, []string{"1.bin"})
	f.Add(tarOf("mnist", files))
	f.Add([]byte("no archive"))
	f.Fuzz(func(t *testing.T, archive []byte) {
		path := filepath.Join(t.TempDir(), "set.tar.gz")
		if err := os.WriteFile(path, archive, 0o666); err != nil {
			t.Fatal(err)
		}
		var got []byte
		err := k.walkArchive(path, func(_ dataset.File, r io.Reader) (err error) {
			got, err = io.ReadAll(r)
			return err
		})
		if err == nil && !bytes.Equal(got, files["1.bin"]) {
			t.Errorf("accepted %q", got)
		}
	})
}

// Nothing in an archive but the set's own files is written, wherever the others say they
// go, and nothing larger than these can be.
func TestFetchHostileArchive(t *testing.T) {
	one := []byte("one")
	k := testSet(map[string][]byte{"1.bin": one}, []string{"1.bin"})
	k.Published.Archive = "set.tar.gz"
	good := &tar.Header{Name: "mnist/1.bin", Typeflag: tar.TypeReg, Mode: 0o644, Size: 3}
	for _, tt := range []struct {
		name    string
		members []*tar.Header
		want    string
	}{
		{"outside", []*tar.Header{{Name: "../outside", Typeflag: tar.TypeReg, Size: 3}, {Name: "/mnist/1.bin", Typeflag: tar.TypeReg, Size: 3}, good}, ""},
		{"dots", []*tar.Header{{Name: "mnist/../../1.bin", Typeflag: tar.TypeReg, Size: 3}, good}, ""},
		{"links", []*tar.Header{
			{Name: "mnist/1.bin", Typeflag: tar.TypeSymlink, Linkname: "../outside"}, {Name: "mnist/1.bin", Typeflag: tar.TypeLink, Linkname: "../outside"}, good,
		}, ""},
		{"a link alone", []*tar.Header{{Name: "mnist/1.bin", Typeflag: tar.TypeSymlink, Linkname: "../outside"}}, "1 files are missing"},
		{"a sparse file", nil, "1125899906842624 bytes are too many"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var b bytes.Buffer
			for _, h := range tt.members {
				b.Write(member(t, h, one))
			}
			if tt.members == nil {
				b.Write(sparse(t, 1<<50))
			}
			dir := filepath.Join(t.TempDir(), "data")
			if err := os.MkdirAll(dir, 0o777); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, k.Published.Archive), gzipped(b.Bytes()), 0o666); err != nil {
				t.Fatal(err)
			}
			err := k.walkArchive(filepath.Join(dir, k.Published.Archive), func(_ dataset.File, r io.Reader) error {
				_, err := io.Copy(io.Discard, r)
				return err
			})
			if tt.want != "" {
				if err == nil || !strings.Contains(err.Error(), tt.want) {
					t.Errorf("error %v, want %s", err, tt.want)
				}
				return
			}
			if err := errors.Join(err, k.fetch(t.Context(), http.DefaultClient, dir, nil)); err != nil {
				t.Fatal(err)
			}
			around, err := os.ReadDir(filepath.Dir(dir))
			if err != nil || len(around) != 1 {
				t.Errorf("outside: %v, %v", around, err)
			}
			if got, err := os.ReadFile(filepath.Join(dir, "mnist", "1.bin")); err != nil || !bytes.Equal(got, one) {
				t.Errorf("%q, %v", got, err)
			}
		})
	}
}

// sparse is a member without bytes that says it has so many.
func sparse(t *testing.T, size int64) []byte {
	t.Helper()
	var records []byte
	for _, r := range []string{"GNU.sparse.numblocks=1", "GNU.sparse.map=0,0", fmt.Sprintf("GNU.sparse.size=%d", size)} {
		records = fmt.Appendf(records, "%d %s\n", len(r)+4, r) // of two digits
	}
	extended := member(t, &tar.Header{Name: "x", Typeflag: tar.TypeReg, Size: int64(len(records))}, records)
	const kind, sum = 156, 148 // the places of the type and of the checksum
	extended[kind] = tar.TypeXHeader
	copy(extended[sum:], "        ")
	total := 0
	for _, v := range extended[:512] {
		total += int(v)
	}
	copy(extended[sum:], fmt.Sprintf("%06o\x00 ", total))
	return append(extended, member(t, &tar.Header{Name: "mnist/1.bin", Typeflag: tar.TypeReg}, nil)...)
}

// member is a member of an archive.
func member(t *testing.T, h *tar.Header, content []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	if err := w.WriteHeader(h); err != nil {
		t.Fatal(err)
	}
	if h.Size > 0 {
		if _, err := w.Write(content); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
