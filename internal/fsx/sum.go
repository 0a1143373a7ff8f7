package fsx

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
)

// Gunzip returns the uncompressed content of r. By its first two bytes it knows
// whether r is compressed at all.
func Gunzip(r io.Reader) (io.Reader, error) {
	buffered := bufio.NewReaderSize(r, 1<<16)
	// A file of fewer bytes is not gzipped; other errors return on reading.
	magic, _ := buffered.Peek(2)
	if !bytes.Equal(magic, []byte{0x1f, 0x8b}) {
		return buffered, nil
	}
	return gzip.NewReader(buffered)
}

// Checked returns a reader of r that compares the SHA-256 of all that was read with
// want, in hexadecimal. If they differ, it ends with an error instead of io.EOF.
func Checked(r io.Reader, want string) io.Reader {
	return &checkedReader{r: r, sum: sha256.New(), want: want}
}

type checkedReader struct {
	r    io.Reader
	sum  hash.Hash
	want string
}

func (c *checkedReader) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.sum.Write(p[:n])
	if errors.Is(err, io.EOF) {
		if got := hex.EncodeToString(c.sum.Sum(nil)); got != c.want {
			err = fmt.Errorf("wrong checksum: SHA-256 of the uncompressed content is %s, want %s", got, c.want)
		}
	}
	return n, err
}

// CheckSHA256 returns an error unless the uncompressed content of the file at
// path has the given SHA-256.
func CheckSHA256(path, want string) error {
	f, err := Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	content, err := Gunzip(f)
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, Checked(content, want))
	return err
}
