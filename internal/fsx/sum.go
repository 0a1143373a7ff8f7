package fsx

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
)

// Gunzip returns the uncompressed content of r, which may be gzipped or not;
// its first two bytes tell.
func Gunzip(r io.Reader) (io.Reader, error) {
	buffered := bufio.NewReaderSize(r, 1<<16)
	// A file of fewer bytes is not gzipped; other errors return on reading.
	magic, _ := buffered.Peek(2)
	if !bytes.Equal(magic, []byte{0x1f, 0x8b}) {
		return buffered, nil
	}
	return gzip.NewReader(buffered)
}

// SHA256 returns the checksum, in hexadecimal, of all that r yields.
func SHA256(r io.Reader) (string, error) {
	h := sha256.New()
	if _, err := io.Copy(h, r); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// CheckSHA256 returns an error unless the uncompressed content of the file at
// path has the given SHA-256.
func CheckSHA256(path, want string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	content, err := Gunzip(f)
	if err != nil {
		return err
	}
	got, err := SHA256(content)
	if err != nil {
		return err
	}
	if got != want {
		return fmt.Errorf("wrong checksum: SHA-256 of the uncompressed content is %s, want %s", got, want)
	}
	return nil
}
