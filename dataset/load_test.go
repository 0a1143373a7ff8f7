package dataset

import (
	"errors"
	"image/color"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/coarsegrain/taylornet/internal/fsx"
)

// smallIDX is a set of two training images and one test image in MNIST's files.
func smallIDX() map[string][]byte {
	return map[string][]byte{
		"train-images-idx3-ubyte.gz": gzipped(idx([]byte{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}, 2, 2, 3)),
		"train-labels-idx1-ubyte.gz": gzipped(idx([]byte{1, 0}, 2)),
		"t10k-images-idx3-ubyte":     idx([]byte{9, 8, 7, 6, 5, 4}, 1, 2, 3),
		"t10k-labels-idx1-ubyte":     idx([]byte{1}, 1),
	}
}

// smallCIFAR is a set with one image per batch.
func smallCIFAR() map[string][]byte {
	return map[string][]byte{
		"data_batch_1.bin": cifarRecordOf(0), "data_batch_2.bin": cifarRecordOf(1), "data_batch_3.bin": cifarRecordOf(2),
		"data_batch_4.bin": cifarRecordOf(3), "data_batch_5.bin": cifarRecordOf(4), "test_batch.bin": cifarRecordOf(9),
	}
}

func writeFiles(t *testing.T, dir string, files map[string][]byte) {
	t.Helper()
	for name, content := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		err := os.MkdirAll(filepath.Dir(path), 0o777)
		if err := errors.Join(err, os.WriteFile(path, content, 0o666)); err != nil {
			t.Fatal(err)
		}
	}
}

func TestLoadLooksUp(t *testing.T) {
	root := t.TempDir()
	writeFiles(t, filepath.Join(root, "first", "mnist"), smallIDX())
	writeFiles(t, filepath.Join(root, "second", "cifar-10-batches-bin"), smallCIFAR())
	writeFiles(t, filepath.Join(root, "own set"), smallIDX())
	writeFiles(t, filepath.Join(root, "pictures"), map[string][]byte{
		"a/1.png": pngOf(picture(2, 2, color.White)), "a/2.png": pngOf(picture(2, 2, color.White)),
		"b/1.png": pngOf(picture(2, 2, color.Black)), "b/2.png": pngOf(picture(2, 2, color.Black)),
	})
	for _, tt := range []struct {
		name        string
		dirs        []string
		wantName    string
		train, test int
		classes     int
	}{
		{filepath.Join(root, "first", "mnist"), nil, filepath.Join("first", "mnist"), 2, 1, 2},
		{filepath.Join(root, "own set"), nil, "own set", 2, 1, 2},
		{filepath.Join(root, "second", "cifar-10-batches-bin") + "/", nil, "cifar-10-batches-bin", 5, 1, 10},
		{filepath.Join(root, "pictures"), nil, "pictures", 3, 1, 2},
		{"digits", []string{filepath.Join(root, "first")}, "digits", 1438, 359, 10},
	} {
		data, err := Load(t.Context(), tt.name, Options{Dirs: tt.dirs})
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		checkSet(t, data.Train)
		checkSet(t, data.Test)
		if data.Name != tt.wantName || data.Train.Name != tt.wantName+" train" || data.Train.Len() != tt.train || data.Test.Len() != tt.test ||
			len(data.Test.Classes) != tt.classes {
			t.Errorf("%s: %q with %d and %d images of %d classes", tt.name, data.Name, data.Train.Len(), data.Test.Len(), len(data.Test.Classes))
		}
	}
}

// Known sets are found by name in any of the folders; that these are not the published
// files is noticed by their checksums.
func TestFind(t *testing.T) {
	root := t.TempDir()
	first, second, empty := filepath.Join(root, "first"), filepath.Join(root, "second"), filepath.Join(root, "empty")
	writeFiles(t, filepath.Join(first, "mnist"), smallIDX())
	writeFiles(t, filepath.Join(second, "cifar-10-batches-bin"), smallCIFAR())
	writeFiles(t, filepath.Join(second, "FashionMNIST", "raw"), renamed("-idx", ".idx"))
	for _, tt := range []struct {
		name string
		dirs []string
		want string
	}{
		{"mnist", []string{empty, first}, filepath.Join(first, "mnist")},
		{"mnist", []string{"", filepath.Join(first, "mnist")}, filepath.Join(first, "mnist")},
		{"fashion-mnist", []string{first, second}, filepath.Join(second, "FashionMNIST", "raw")},
		{"cifar-10", []string{first, second}, filepath.Join(second, "cifar-10-batches-bin")},
	} {
		info, err := Describe(tt.name)
		if err != nil {
			t.Fatal(err)
		}
		dir, files, err := info.find(tt.dirs)
		if err != nil || dir != tt.want || len(files.files) != len(info.Published.Files) {
			t.Errorf("%s: in %s, %v, error %v", tt.name, dir, files, err)
		}
		_, err = Load(t.Context(), tt.name, Options{Dirs: tt.dirs})
		if !errors.Is(err, ErrNotFound) || !strings.Contains(err.Error(), "not those of "+tt.name+" as published") {
			t.Errorf("%s: error %v", tt.name, err)
		}
	}
}

func TestLoadRefuses(t *testing.T) {
	root := t.TempDir()
	without := func(files map[string][]byte, name string) map[string][]byte {
		delete(files, name)
		return files
	}
	with := func(files map[string][]byte, name string, content []byte) map[string][]byte {
		files = maps.Clone(files)
		files[name] = content
		return files
	}
	writeFiles(t, filepath.Join(root, "lacking", "mnist"), without(smallIDX(), "t10k-labels-idx1-ubyte"))
	writeFiles(t, filepath.Join(root, "cut", "mnist"), with(smallIDX(), "t10k-images-idx3-ubyte", idx(nil, 1, 2, 3)))
	writeFiles(t, filepath.Join(root, "labels", "mnist"), with(smallIDX(), "t10k-labels-idx1-ubyte", idx([]byte{10}, 1)))
	writeFiles(t, filepath.Join(root, "shapes", "mnist"), with(smallIDX(), "t10k-images-idx3-ubyte", idx([]byte{1}, 1, 1, 1)))
	writeFiles(t, filepath.Join(root, "cifar", "cifar-10-batches-bin"), with(smallCIFAR(), "data_batch_3.bin", cifarRecordOf(77)))
	writeFiles(t, filepath.Join(root, "file"), map[string][]byte{"x": nil})
	for _, tt := range []struct {
		name, dir string
		is        error
		want      []string
	}{
		{"mnist", "missing", ErrNotFound, []string{filepath.Join("missing", "mnist"), SystemDir, "mnist is not in"}},
		{"mnist", "lacking", ErrNotFound, []string{"t10k-labels-idx1-ubyte missing"}},
		{"mnist", "cut", nil, []string{filepath.Join("cut", "mnist"), "t10k-images-idx3-ubyte: truncated"}},
		{"mnist", "labels", nil, []string{"t10k-labels-idx1-ubyte: label of image 0 is 10"}},
		{"mnist", "shapes", nil, []string{"training images are 2x3, test images 1x1"}},
		{"cifar-10", "cifar", nil, []string{"data_batch_3.bin: label of record 0 is 77"}},
		{"mnits", "", ErrUnknown, []string{`"mnits"`, "digits, mnist, fashion-mnist, cifar-10", "did you mean mnist?"}},
		{"CIFAR10", "", ErrUnknown, []string{"did you mean cifar-10?"}},
		{"elsewhere", "", ErrUnknown, []string{"or the path of a folder"}},
		{filepath.Join(root, "file"), "", nil, []string{"loading the folder", "no class folders"}},
		{filepath.Join(root, "file", "x"), "", ErrUnknown, []string{"path of a folder"}},
	} {
		_, err := Load(t.Context(), tt.name, Options{Dirs: []string{filepath.Join(root, tt.dir)}})
		if err == nil || tt.is != nil && !errors.Is(err, tt.is) {
			t.Errorf("%s in %s: error %v, want %v", tt.name, tt.dir, err, tt.is)
			continue
		}
		for _, want := range tt.want {
			if !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("%s in %s: error %q does not say %q in one line", tt.name, tt.dir, err, want)
			}
		}
	}
}

func TestList(t *testing.T) {
	root := t.TempDir()
	writeFiles(t, filepath.Join(root, "mnist"), smallIDX())
	infos := List(Options{Dirs: []string{root}})
	var names []string
	for _, info := range infos {
		names = append(names, info.Name)
		if len(info.Classes) != 10 || info.Train == 0 || info.Test == 0 || info.Shape == [3]int{} || info.Source == "" {
			t.Errorf("incomplete: %+v", info)
		}
		switch info.Name {
		case "digits":
			if info.Path != "embedded" || info.Download != 0 {
				t.Errorf("%+v", info)
			}
		case "mnist":
			if info.Path != filepath.Join(root, "mnist") {
				t.Errorf("mnist found in %q", info.Path)
			}
		}
	}
	if !slices.Equal(names, []string{"digits", "mnist", "fashion-mnist", "cifar-10"}) {
		t.Errorf("names %q", names)
	}
}

// TestLoadReal loads every set that is there and compares it with its published
// description.
func TestLoadReal(t *testing.T) {
	opts := realData(t)
	known := map[string]Normalisation{
		"mnist":         {Mean: []float32{0.1307}, Std: []float32{0.3081}},
		"fashion-mnist": {Mean: []float32{0.2860}, Std: []float32{0.3530}},
		"cifar-10":      {Mean: []float32{0.4914, 0.4822, 0.4465}, Std: []float32{0.2470, 0.2435, 0.2616}},
	}
	for _, info := range List(opts) {
		t.Run(info.Name, func(t *testing.T) {
			if info.Path == "" {
				t.Skip("not found")
			}
			data, err := Load(t.Context(), info.Name, opts)
			if err != nil {
				t.Fatal(err)
			}
			for set, n := range map[*Set]int{data.Train: info.Train, data.Test: info.Test} {
				checkSet(t, set)
				if set.Len() != n || info.Shape != [3]int{set.H, set.W, set.C} || !slices.Equal(set.Classes, info.Classes) {
					t.Errorf("%s has %d images of %dx%dx%d in classes %q", set.Name, set.Len(), set.H, set.W, set.C, set.Classes)
				}
				if least := slices.Min(set.All().Counts()); least < n/12 {
					t.Errorf("%s has a class of %d images", set.Name, least)
				}
			}
			norm := MeasureNormalisation(data.Train.All())
			for ch, mean := range known[info.Name].Mean {
				if d := norm.Mean[ch] - mean; !(d < 1e-4 && d > -1e-4) {
					t.Errorf("mean %v, published %v", norm.Mean, known[info.Name].Mean)
				}
				if d := norm.Std[ch] - known[info.Name].Std[ch]; !(d < 1e-4 && d > -1e-4) {
					t.Errorf("standard deviation %v, published %v", norm.Std, known[info.Name].Std)
				}
			}
		})
	}
}

// TestChecksumsReal checks the files that are there against the table.
func TestChecksumsReal(t *testing.T) {
	opts := realData(t)
	for _, k := range knownSets() {
		dir, _, err := k.find(opts.Dirs)
		if err != nil {
			continue
		}
		for _, f := range k.Published.Files {
			path := filepath.Join(dir, f.Name)
			if fsx.CheckSHA256(path, f.SHA256) != nil && fsx.CheckSHA256(strings.TrimSuffix(path, ".gz"), f.SHA256) != nil {
				t.Errorf("%s in %s is not the published file", f.Name, dir)
			}
		}
	}
}
