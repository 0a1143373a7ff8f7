package dataset

import (
	"archive/zip"
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// renamed returns smallIDX with the names changed.
func renamed(change ...string) map[string][]byte {
	files := map[string][]byte{}
	for name, content := range smallIDX() {
		files[strings.NewReplacer(change...).Replace(name)] = content
	}
	return files
}

func TestIDXNames(t *testing.T) {
	emnist := "emnist-digits-"
	for _, tt := range []struct {
		name   string
		files  map[string][]byte
		turned bool
	}{
		{"as published", smallIDX(), false},
		{"dotted", renamed("-idx", ".idx"), false},
		{"capitals", renamed("train-images", "Train-Images"), false},
		{"test", renamed("t10k", "test"), false},
		{"one more level", renamed("train-", "unpacked/train-", "t10k-", "unpacked/t10k-"), false},
		{"torchvision", renamed("train-", "MNIST/raw/train-", "t10k-", "MNIST/raw/t10k-"), false},
		{"EMNIST", renamed("train-", emnist+"train-", "t10k-", emnist+"test-"), true},
	} {
		l, err := findLayout(folder(tt.files))
		if err != nil || l == nil {
			t.Errorf("%s: %v, error %v", tt.name, l, err)
			continue
		}
		data, err := l.load(t.Context(), folder(tt.files), Options{})
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		checkSet(t, data.Train)
		want, size := []uint8{1, 2, 3, 4, 5, 6}, Size{2, 3}
		if tt.turned {
			want, size = []uint8{1, 4, 2, 5, 3, 6}, Size{3, 2}
		}
		if s := data.Train; data.Name != "" || !slices.Equal(s.Image(0), want) || s.H != size.H || s.W != size.W || s.Len() != 2 || data.Test.Len() != 1 {
			t.Errorf("%s: %q, %+v", tt.name, data.Name, s)
		}
	}
}

func TestLayoutFaults(t *testing.T) {
	without := func(files map[string][]byte, name string) map[string][]byte {
		delete(files, name)
		return files
	}
	two := renamed("t10k", "digits-t10k", "train", "digits-train")
	for name, content := range smallIDX() {
		two["letters-"+name] = content
	}
	for _, tt := range []struct {
		name  string
		files map[string][]byte
		want  string
	}{
		{"one IDX file missing", without(smallIDX(), "t10k-labels-idx1-ubyte"), "t10k-labels-idx1-ubyte missing: a set has four IDX files"},
		{"one missing below", map[string][]byte{"raw/train-images-idx3-ubyte": nil},
			"train-labels-idx1-ubyte, t10k-images-idx3-ubyte, t10k-labels-idx1-ubyte missing in raw"},
		{"one batch missing", without(smallCIFAR(), "data_batch_3.bin"), "data_batch_3.bin missing: CIFAR-10 has six files"},
		{"Python's", map[string][]byte{"data_batch_1": nil, "batches.meta": nil}, "get the binary version"},
		{"CIFAR-100", map[string][]byte{"train.bin": nil, "fine_label_names.txt": nil}, "CIFAR-100 is not read"},
		{"two sets", two, "2 data sets are there: digits, letters"},
	} {
		l, err := findLayout(folder(tt.files))
		if l != nil || err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v, error %v, want %q", tt.name, l, err, tt.want)
		}
	}
}

func TestFilesAreNotData(t *testing.T) {
	dir := t.TempDir()
	var zipped bytes.Buffer
	w := zip.NewWriter(&zipped)
	_, err := w.Create("cat/1.png")
	if err := errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	tar := make([]byte, 512)
	copy(tar[257:], "ustar\x0000")
	writeFiles(t, dir, map[string][]byte{
		"pets.zip": zipped.Bytes(), "pets.tar.gz": gzipped([]byte("x")), "pets.tar": tar, "pets.csv": []byte("a,b"), "empty": nil,
		"train-images-idx3-ubyte.gz": gzipped(nil),
	})
	for name, want := range map[string]string{
		"pets.zip": "is a zip archive: unpack it", "pets.tar.gz": "is a gzip archive: unpack it", "pets.tar": "is a tar archive: unpack it",
		"pets.csv": "give the path of a folder", "empty": "is an empty file", "train-images-idx3-ubyte.gz": "is one of four files",
	} {
		_, err := Load(t.Context(), filepath.Join(dir, name), Options{})
		if !errors.Is(err, ErrUnknown) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want %q", name, err, want)
		}
	}
}

// A folder's name does not make a known set of it.
func TestNamesAreNotIdentity(t *testing.T) {
	root := t.TempDir()
	for _, name := range []string{"mnist", "digits", "cats"} {
		writeFiles(t, filepath.Join(root, "mine", name), smallIDX())
		data, err := Load(t.Context(), filepath.Join(root, "mine", name), Options{})
		if err != nil {
			t.Fatal(err)
		}
		want := name
		if name != "cats" {
			want = filepath.Join("mine", name)
		}
		if data.Name != want || len(data.Test.Classes) != 2 {
			t.Errorf("%s is called %q, with classes %q", name, data.Name, data.Test.Classes)
		}
		if data.Read.Images != 3 || data.Read.LeftOut == nil || data.Read.Notes == nil {
			t.Errorf("%s: read %+v", name, data.Read)
		}
	}
}

// MNIST is known by its checksums in any folder, also as torchvision has it, unpacked or not.
func TestKnownByChecksumReal(t *testing.T) {
	opts := realData(t)
	for from, to := range map[string][]string{
		"mnist":                {"copy", "MNIST/raw"},
		"cifar-10-batches-bin": {"pictures"},
	} {
		for _, below := range to {
			dir := filepath.Join(t.TempDir(), "other")
			if err := os.MkdirAll(filepath.Join(dir, below, ".."), 0o777); err != nil {
				t.Fatal(err)
			}
			source, err := filepath.Abs(filepath.Join(opts.Dirs[0], from))
			if err == nil {
				err = os.Symlink(source, filepath.Join(dir, below))
			}
			if err != nil {
				t.Skip(err)
			}
			data, err := Load(t.Context(), dir, Options{})
			if err != nil {
				t.Fatal(err)
			}
			if info, err := Describe(data.Name); err != nil || data.Train.Len() != info.Train || !slices.Equal(data.Test.Classes, info.Classes) {
				t.Errorf("%s in %s is called %q: %v", from, below, data.Name, err)
			}
		}
	}
}
