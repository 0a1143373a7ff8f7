package fsx

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"fmt"
	"io"
	"strings"
	"testing"
)

func TestChecked(t *testing.T) {
	for _, content := range []string{"", "a", strings.Repeat("content", 10000)} {
		got, err := io.ReadAll(Checked(strings.NewReader(content), fmt.Sprintf("%x", sha256.Sum256([]byte(content)))))
		if err != nil || string(got) != content {
			t.Errorf("%d bytes: %v", len(content), err)
		}
		if _, err := io.ReadAll(Checked(strings.NewReader(content+"x"), fmt.Sprintf("%x", sha256.Sum256([]byte(content))))); err == nil {
			t.Errorf("%d bytes: wrong content accepted", len(content))
		}
	}
}

func FuzzGunzip(f *testing.F) {
	var zipped bytes.Buffer
	w := gzip.NewWriter(&zipped)
	if _, err := w.Write(bytes.Repeat([]byte("content"), 100)); err != nil {
		f.Fatal(err)
	}
	if err := w.Close(); err != nil {
		f.Fatal(err)
	}
	f.Add(zipped.Bytes())
	f.Add(zipped.Bytes()[:20])
	f.Add([]byte("plain"))
	f.Add([]byte{0x1f})
	f.Fuzz(func(t *testing.T, content []byte) {
		r, err := Gunzip(bytes.NewReader(content))
		if err != nil {
			return
		}
		got, err := io.ReadAll(r)
		if !bytes.HasPrefix(content, []byte{0x1f, 0x8b}) && (err != nil || !bytes.Equal(got, content)) {
			t.Errorf("plain content changed: %v", err)
		}
	})
}
