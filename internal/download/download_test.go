package download

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coarsegrain/taylornet/internal/fsx"
)

// testContent is what is fetched: bytes that do not compress to nothing.
func testContent() (plain, zipped []byte) {
	for i := range 40000 {
		plain = fmt.Appendf(plain, "%x ", i*i)
	}
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, err := w.Write(plain)
	if err := errors.Join(err, w.Close()); err != nil {
		panic(err)
	}
	return plain, b.Bytes()
}

func sum(content []byte) string {
	s := sha256.Sum256(content)
	return hex.EncodeToString(s[:])
}

// server serves handler on the loopback and counts its requests.
func server(t *testing.T, handler http.HandlerFunc) (address string, requests *atomic.Int32) {
	t.Helper()
	requests = new(atomic.Int32)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		handler(w, r)
	}))
	t.Cleanup(s.Close)
	return s.URL + "/file.gz", requests
}

// whole serves content, ranges included.
func whole(content []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		http.ServeContent(w, r, "file.gz", time.Time{}, bytes.NewReader(content))
	}
}

// noRange serves content and ignores ranges.
func noRange(content []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { send(w, content) }
}

// send writes to a client that may have gone.
func send(w http.ResponseWriter, content []byte) { _, _ = w.Write(content) }

// drop ends a response before its promised length.
func drop(w http.ResponseWriter) {
	_ = http.NewResponseController(w).Flush()
	panic(http.ErrAbortHandler)
}

// rangeStart is the first byte a request asks for.
func rangeStart(r *http.Request) int {
	from, _, _ := strings.Cut(strings.TrimPrefix(r.Header.Get("Range"), "bytes="), "-")
	start, _ := strconv.Atoi(from)
	return start
}

// cutting serves at most n bytes at a time and then drops the connection.
func cutting(content []byte, n int) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		start := rangeStart(r)
		if start > 0 {
			w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", start, len(content)-1, len(content)))
			w.Header().Set("Content-Length", fmt.Sprint(len(content)-start))
			w.WriteHeader(http.StatusPartialContent)
		} else {
			w.Header().Set("Content-Length", fmt.Sprint(len(content)))
		}
		end := min(len(content), start+n)
		send(w, content[start:end])
		if end < len(content) {
			drop(w)
		}
	}
}

// wrongRange answers with other bytes than asked for.
func wrongRange(content []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Range") != "" {
			w.Header().Set("Content-Range", fmt.Sprintf("bytes 0-%d/%d", len(content)-1, len(content)))
			w.WriteHeader(http.StatusPartialContent)
		}
		send(w, content)
	}
}

func TestFetch(t *testing.T) {
	plain, zipped := testContent()
	other := slices.Clone(zipped)
	other[len(other)/2] ^= 1
	missing := http.NotFound
	for _, tt := range []struct {
		name     string
		part     []byte // of an earlier attempt
		mirrors  []http.HandlerFunc
		requests []int32
		fails    []string // what the error says; empty for success
	}{
		{name: "full", mirrors: []http.HandlerFunc{whole(zipped)}, requests: []int32{1}},
		{name: "unpacked", mirrors: []http.HandlerFunc{whole(plain)}, requests: []int32{1}},
		{name: "resumed", part: zipped[:5000], mirrors: []http.HandlerFunc{whole(zipped)}, requests: []int32{1}},
		{name: "resumed, complete", part: zipped, mirrors: []http.HandlerFunc{whole(zipped)}, requests: []int32{1}},
		{name: "resumed, range ignored", part: zipped[:5000], mirrors: []http.HandlerFunc{noRange(zipped)}, requests: []int32{1}},
		{name: "resumed, file changed", part: other[:len(other)/2+1], mirrors: []http.HandlerFunc{whole(zipped)}, requests: []int32{2}},
		{name: "resumed, part too long", part: append(slices.Clone(zipped), 1, 2, 3), mirrors: []http.HandlerFunc{whole(zipped)}, requests: []int32{2}},
		{name: "wrong range", part: zipped[:5000], mirrors: []http.HandlerFunc{wrongRange(zipped), whole(zipped)}, requests: []int32{1, 1}},
		{name: "cut twice", mirrors: []http.HandlerFunc{cutting(zipped, len(zipped)/3+1)}, requests: []int32{3}},
		{name: "cut always", mirrors: []http.HandlerFunc{cutting(zipped, 1000), whole(zipped)}, requests: []int32{maxTries, 1}},
		{name: "wrong checksum", mirrors: []http.HandlerFunc{whole(other), whole(zipped)}, requests: []int32{1, 1}},
		{name: "not found", mirrors: []http.HandlerFunc{missing, whole(zipped)}, requests: []int32{1, 1}},
		{name: "not found, resumed", part: zipped[:9], mirrors: []http.HandlerFunc{missing, whole(zipped)}, requests: []int32{1, 1}},
		{name: "all wrong", mirrors: []http.HandlerFunc{missing, whole([]byte("hello"))}, requests: []int32{1, 1},
			fails: []string{"404 Not Found", "wrong checksum", "no mirror"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := File{
				Dest:  filepath.Join(t.TempDir(), "new", "file.gz"),
				Check: func(path string) error { return fsx.CheckSHA256(path, sum(plain)) },
			}
			var counts []*atomic.Int32
			for _, handler := range tt.mirrors {
				address, count := server(t, handler)
				d.URLs = append(d.URLs, address)
				counts = append(counts, count)
			}
			if tt.part != nil {
				err := os.MkdirAll(filepath.Dir(d.Dest), 0o777)
				if err := errors.Join(err, os.WriteFile(d.part(), tt.part, 0o666)); err != nil {
					t.Fatal(err)
				}
			}
			var last int64
			d.Progress = func(done, _ int64) { last = done }
			err := Fetch(t.Context(), http.DefaultClient, d)
			checkFetched(t, d, err, tt.fails)
			if info, missing := os.Stat(d.Dest); err == nil && (missing != nil || last != info.Size() && len(tt.part) < len(zipped)) {
				t.Errorf("progress ended at %d", last)
			}
			for i, count := range counts {
				if got := count.Load(); got != tt.requests[i] {
					t.Errorf("mirror %d got %d requests, want %d", i, got, tt.requests[i])
				}
			}
		})
	}
}

// checkFetched wants the file in place and no part, or the failures named and
// no file.
func checkFetched(t *testing.T, d File, err error, fails []string) {
	t.Helper()
	if len(fails) == 0 {
		if err != nil {
			t.Fatal(err)
		}
		if err := d.Check(d.Dest); err != nil {
			t.Error(err)
		}
		if files, err := os.ReadDir(filepath.Dir(d.Dest)); err != nil || len(files) != 1 {
			t.Errorf("folder holds %v (%v)", files, err)
		}
		return
	}
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range append(fails, d.URLs...) {
		if !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("error %q does not say %q in one line", err, want)
		}
	}
	if _, err := os.Stat(d.Dest); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the file is there: %v", err)
	}
}

func TestFetchAllDown(t *testing.T) {
	s := httptest.NewServer(nil)
	address := s.URL + "/file"
	s.Close()
	d := File{URLs: []string{address, address}, Dest: filepath.Join(t.TempDir(), "file"), Check: func(string) error { return nil }}
	err := Fetch(t.Context(), http.DefaultClient, d)
	checkFetched(t, d, err, []string{"no mirror", "refused"})
}

// A cancelled fetch keeps what has arrived, and the next one resumes from there.
func TestFetchCancelled(t *testing.T) {
	plain, zipped := testContent()
	ctx, cancel := context.WithCancel(t.Context())
	release := make(chan struct{})
	address, _ := server(t, func(w http.ResponseWriter, _ *http.Request) {
		send(w, zipped[:len(zipped)/2])
		_ = http.NewResponseController(w).Flush()
		<-release
	})
	d := File{URLs: []string{address, address}, Dest: filepath.Join(t.TempDir(), "file"),
		Check:    func(path string) error { return fsx.CheckSHA256(path, sum(plain)) },
		Progress: func(int64, int64) { cancel() }}
	err := Fetch(ctx, http.DefaultClient, d)
	close(release)
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("error %v", err)
	}
	if info, err := os.Stat(d.part()); err != nil || info.Size() == 0 {
		t.Fatalf("part file %v, %v", info, err)
	}
	var start int
	address, _ = server(t, func(w http.ResponseWriter, r *http.Request) {
		start = rangeStart(r)
		whole(zipped)(w, r)
	})
	d.URLs, d.Progress = []string{address}, nil
	checkFetched(t, d, Fetch(t.Context(), http.DefaultClient, d), nil)
	if start == 0 {
		t.Error("not resumed")
	}
}

// A mirror that falls silent, before or after its first byte, is given up.
func TestFetchStalled(t *testing.T) {
	plain, zipped := testContent()
	release := make(chan struct{})
	silent, _ := server(t, func(http.ResponseWriter, *http.Request) { <-release })
	halting, _ := server(t, func(w http.ResponseWriter, _ *http.Request) {
		send(w, zipped[:100])
		_ = http.NewResponseController(w).Flush()
		<-release
	})
	defer close(release)
	d := File{URLs: []string{silent, halting}, Dest: filepath.Join(t.TempDir(), "file"), Stall: 50 * time.Millisecond,
		Check: func(path string) error { return fsx.CheckSHA256(path, sum(plain)) }}
	err := Fetch(t.Context(), http.DefaultClient, d)
	checkFetched(t, d, err, []string{"no answer for 50ms"})
	address, _ := server(t, whole(zipped))
	d.URLs = append(d.URLs, address)
	d.Stall = time.Second
	checkFetched(t, d, Fetch(t.Context(), http.DefaultClient, d), nil)
}

// An error of the local disk ends the fetch; other mirrors would not help.
func TestFetchUnwritable(t *testing.T) {
	address, requests := server(t, whole([]byte("content")))
	d := File{URLs: []string{address, address}, Dest: filepath.Join(t.TempDir(), "file"), Check: func(string) error { return nil }}
	if err := os.Symlink(filepath.Join("missing", "file"), d.part()); err != nil {
		t.Skip(err)
	}
	if err := Fetch(t.Context(), http.DefaultClient, d); err == nil || !strings.Contains(err.Error(), d.part()) {
		t.Errorf("error %v", err)
	}
	if n := requests.Load(); n != 1 {
		t.Errorf("%d requests", n)
	}
}

// A mirror that sends without end is left, and nothing of what it sent is kept.
func TestFetchTooLarge(t *testing.T) {
	endless := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for r.Context().Err() == nil {
			send(w, make([]byte, 1<<16))
		}
	}))
	defer endless.Close()
	good := httptest.NewServer(noRange([]byte("content")))
	defer good.Close()
	d := File{URLs: []string{endless.URL}, Dest: filepath.Join(t.TempDir(), "file"), Check: func(string) error { return nil }, Most: 1 << 20}
	if err := Fetch(t.Context(), http.DefaultClient, d); err == nil || !strings.Contains(err.Error(), "more than 1048576 bytes") {
		t.Errorf("error %v", err)
	}
	if d.have() > 0 {
		t.Errorf("%d bytes are left", d.have())
	}
	d.URLs = append(d.URLs, good.URL)
	if err := Fetch(t.Context(), http.DefaultClient, d); err != nil {
		t.Error(err)
	}
}
