package dataset

import (
	"errors"
	"fmt"
	"image"
	"image/color"
	"path"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"pgregory.net/rapid"
)

// animals adds n pictures of each class below dir, all different.
func animals(fsys fstest.MapFS, dir string, n int, classes ...string) {
	for _, class := range classes {
		for range n {
			v := len(fsys)
			img := image.NewGray(image.Rect(0, 0, 3, 2))
			img.Pix = []uint8{uint8(v), uint8(v >> 8), 9, 20, 30, 40}
			fsys[path.Join(dir, class, fmt.Sprintf("%d.png", v))] = &fstest.MapFile{Data: pngOf(img)}
		}
	}
}

// layoutCase is a folder of pictures and what is read of it.
type layoutCase struct {
	name                    string
	make                    func(fstest.MapFS)
	opts                    Options
	train, validation, test int
	notes                   []string // a part of each
	leftOut                 []LeftOut
}

func layoutCases() []layoutCase {
	kinds := []string{"cat", "dog", "ox"}
	in := func(dirs ...string) func(fstest.MapFS) {
		return func(fsys fstest.MapFS) {
			for _, dir := range dirs {
				animals(fsys, dir, 10, kinds...)
			}
		}
	}
	with := func(fill func(fstest.MapFS), files ...string) func(fstest.MapFS) {
		return func(fsys fstest.MapFS) {
			fill(fsys)
			for _, name := range files {
				fsys[name] = &fstest.MapFile{Data: []byte("\x00\x05\x16\x07")}
			}
		}
	}
	fifth, measure := "a fixed fifth of each class is the test part", Options{Whole: true, LeaveOut: true}
	const beside, loose = "beside the folders for training and testing", "a file outside the class folders"
	return []layoutCase{
		{name: "plain", make: in("."), train: 24, test: 6, notes: []string{fifth}},
		{name: "whole", make: in("."), opts: measure, test: 30},
		{name: "three", make: in("train", "val", "test"), train: 30, validation: 30, test: 30,
			notes: []string{"train is for training, val for validation, test for testing"}},
		{name: "three, whole", make: in("train", "val", "test"), opts: measure, train: 30, validation: 30, test: 30, notes: []string{"val for validation"}},
		{name: "other spellings", make: in("Training", "VALIDATION_SET", "test-data"), train: 30, validation: 30, test: 30,
			notes: []string{"Training is for training, VALIDATION_SET for validation, test-data for testing"}},
		{name: "train and val", make: in("train", "val"), train: 30, test: 30, notes: []string{"val for testing, since there is no other"}},
		{name: "train and dev", make: in("train", "dev"), train: 30, test: 30, notes: []string{"dev for testing"}},
		{name: "training alone", make: in("Train"), train: 24, test: 6, notes: []string{"the only folder is Train", fifth}},
		{name: "test alone", make: in("test"), opts: measure, test: 30, notes: []string{"the only folder is test"}},
		{name: "one more level", make: in("archive/pets"), train: 24, test: 6, notes: []string{"the only folder is archive", "archive/pets", fifth}},
		{name: "one more level of parts", make: in("pets/train", "pets/test"), train: 30, test: 30, notes: []string{"the only folder is pets", "pets/train is for training"}},
		{name: "stray class", make: func(fsys fstest.MapFS) {
			in("train", "test")(fsys)
			animals(fsys, ".", 4, "ox")
		}, train: 30, test: 30, notes: []string{"train is"}, leftOut: []LeftOut{{"ox", 4, beside, false}}},
		{name: "stray beside train", make: func(fsys fstest.MapFS) {
			in("train")(fsys)
			animals(fsys, "unsorted", 4, "deep")
		}, train: 24, test: 6, notes: []string{fifth}, leftOut: []LeftOut{{"unsorted", 4, beside, false}}},
		{name: "loose files", make: with(in("train", "test"), "README.txt", "train/a.JPG"), train: 30, test: 30, notes: []string{"train is"},
			leftOut: []LeftOut{{"README.txt", 0, loose, false}, {"train/a.JPG", 1, loose, false}}},
		{name: "class called train", make: func(fsys fstest.MapFS) { animals(fsys, ".", 10, "bus", "car", "train") }, train: 24, test: 6, notes: []string{fifth}},
		{name: "leftovers", make: with(in("."), "__MACOSX/cat/._0.png", "cat/.DS_Store", "@eaDir/x", "cat/@eaDir/0.png/thumb.jpg", "lost+found/x", "$RECYCLE.BIN/desktop.ini",
			"System Volume Information/x", "dog/Thumbs.db", "dog/desktop.ini", ".git/HEAD", ".ipynb_checkpoints/x", "ox/.ipynb_checkpoints/1.png", "__pycache__/x"),
			train: 24, test: 6, notes: []string{fifth}},
		{name: "one of each", make: func(fsys fstest.MapFS) { animals(fsys, ".", 1, kinds...) }, opts: measure, test: 3, notes: []string{"classes with one image: cat, dog, ox"}},
		{name: "other accents", make: func(fsys fstest.MapFS) {
			animals(fsys, "train", 10, "caf\u00e9", "th\u00e9")
			animals(fsys, "test", 10, "cafe\u0301", "the\u0301")
		}, train: 20, test: 20, notes: []string{"train is"}},
		{name: "both accents", make: func(fsys fstest.MapFS) { animals(fsys, ".", 10, "caf\u00e9", "cafe\u0301", "thé") }, train: 24, test: 6, notes: []string{fifth}},
		{name: "unreadable, to measure", make: with(in("."), "cat/note.txt", "empty/.keep", "dog/deep/1.png"), opts: measure, test: 30,
			leftOut: []LeftOut{{"empty", 0, "an empty class folder", false}, {"cat/note.txt", 1, "", true}, {"dog/deep", 1, "a folder within a class folder", false}}},
		{name: "some classes tested, to measure", make: func(fsys fstest.MapFS) {
			animals(fsys, "train", 10, kinds...)
			animals(fsys, "test", 10, "ox")
		}, opts: measure, train: 30, test: 10, notes: []string{"test for testing"}},
		{name: "one class, to measure", make: func(fsys fstest.MapFS) { animals(fsys, ".", 5, "ox") }, opts: measure, test: 5},
	}
}

func TestLayouts(t *testing.T) {
	for _, tt := range layoutCases() {
		t.Run(tt.name, func(t *testing.T) {
			fsys := fstest.MapFS{}
			tt.make(fsys)
			data, err := ReadFolder(t.Context(), fsys, tt.opts)
			if err != nil {
				t.Fatal(err)
			}
			validation := 0
			if data.Validation != nil {
				validation = data.Validation.Len()
			}
			if data.Train.Len() != tt.train || data.Test.Len() != tt.test || validation != tt.validation {
				t.Errorf("%d training, %d validation and %d test images, want %d, %d and %d",
					data.Train.Len(), validation, data.Test.Len(), tt.train, tt.validation, tt.test)
			}
			for _, s := range data.parts() {
				if s.H != 2 || s.W != 3 || s.C != 1 && s.Len() > 0 || !slices.Equal(s.Classes, data.Train.Classes) {
					t.Errorf("%s: %dx%dx%d in %q", s.Name, s.H, s.W, s.C, s.Classes)
				}
			}
			checkRead(t, data.Read, tt)
		})
	}
}

func checkRead(t *testing.T, r Read, want layoutCase) {
	t.Helper()
	if r.Images != want.train+want.validation+want.test || r.Classes < 1 || len(r.Notes) != len(want.notes) || len(r.LeftOut) != len(want.leftOut) {
		t.Fatalf("read %+v, want %q and %v", r, want.notes, want.leftOut)
	}
	for i, note := range want.notes {
		if !strings.Contains(r.Notes[i], note) {
			t.Errorf("note %q, want %q", r.Notes[i], note)
		}
	}
	for i, w := range want.leftOut {
		if got := r.LeftOut[i]; got.Name != w.Name || got.Images != w.Images || got.Reason == "" || w.Reason != "" && got.Reason != w.Reason {
			t.Errorf("left out %+v, want %+v", got, w)
		}
	}
}

func TestLayoutsRefused(t *testing.T) {
	kinds := []string{"cat", "dog"}
	for _, tt := range []struct {
		name string
		make func(fstest.MapFS)
		opts Options
		want string
	}{
		{"one image of a class", func(fsys fstest.MapFS) {
			animals(fsys, ".", 5, kinds...)
			animals(fsys, ".", 1, "ox")
		}, Options{}, "class ox has one image: training and testing need at least 2 of each class"},
		{"two of a part", func(fsys fstest.MapFS) {
			animals(fsys, "train", 5, kinds...)
			animals(fsys, "val", 5, kinds...)
			animals(fsys, "dev", 5, kinds...)
		}, Options{}, "dev and val are for the same part"},
		{"nothing to train on", func(fsys fstest.MapFS) {
			animals(fsys, "val", 5, kinds...)
			animals(fsys, "test", 5, kinds...)
		}, Options{}, "no folder for training beside test"},
		{"test images without classes", func(fsys fstest.MapFS) {
			animals(fsys, "train", 5, kinds...)
			animals(fsys, ".", 5, "test")
		}, Options{}, "no class folders in test, only pictures (5)"},
		{"folder within a class", func(fsys fstest.MapFS) {
			animals(fsys, ".", 5, kinds...)
			animals(fsys, "cat", 5, "siamese")
		}, Options{}, "1 unreadable images: cat/siamese: a folder within a class folder"},
		{"nothing readable", func(fsys fstest.MapFS) { fsys["cat/1.png"] = &fstest.MapFile{} }, Options{LeaveOut: true, Whole: true},
			"no readable picture: cat/1.png: an empty file"},
		{"prepared without size", func(fsys fstest.MapFS) { animals(fsys, ".", 5, kinds...) },
			Options{Prepare: func(image.Image) ([]uint8, error) { return nil, nil }}, "prepared pictures need a size"},
	} {
		fsys := fstest.MapFS{}
		tt.make(fsys)
		_, err := ReadFolder(t.Context(), fsys, tt.opts)
		if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: error %v, want %q", tt.name, err, tt.want)
		}
	}
}

// Each picture goes through Prepare, whose errors count as unreadable pictures.
func TestPrepare(t *testing.T) {
	fsys := fstest.MapFS{}
	animals(fsys, ".", 3, "cat", "dog")
	n := 0
	opts := Options{Size: Size{1, 2}, Channels: 3, LeaveOut: true, Whole: true, Prepare: func(img image.Image) ([]uint8, error) {
		n++
		switch n {
		case 2:
			return nil, errors.New("no drawing")
		case 3:
			return make([]uint8, 5), nil
		}
		return []uint8{uint8(n), 1, 1, 1, 1, uint8(img.Bounds().Dx())}, nil
	}}
	data, err := ReadFolder(t.Context(), fsys, opts)
	if err != nil {
		t.Fatal(err)
	}
	if s := data.Test; n != 6 || s.Len() != 4 || s.H != 1 || s.W != 2 || s.C != 3 || !slices.Equal(s.Image(0), []uint8{1, 1, 1, 1, 1, 3}) {
		t.Errorf("%d prepared: %+v", n, s)
	}
	if l := data.Read.LeftOut; len(l) != 2 || l[0].Reason != "no drawing" || l[1].Reason != "prepared as 5 values, want 6" {
		t.Errorf("left out %+v", l)
	}
}

func TestSizeProposed(t *testing.T) {
	large := pngOf(image.NewGray(image.Rect(0, 0, 600, 400)))
	tall := pngOf(image.NewGray(image.Rect(0, 0, 300, 600)))
	small, other := pngOf(picture(5, 4, color.White)), pngOf(picture(4, 6, color.White))
	for _, tt := range []struct {
		name  string
		files map[string][]byte
		is    error
		want  Size
	}{
		{"large", map[string][]byte{"a/1.png": large, "a/2.png": large, "b/1.png": large}, ErrLarge, Size{43, 64}},
		{"large, both ways", map[string][]byte{"a/1.png": large, "b/1.png": tall}, ErrLarge, Size{64, 64}},
		{"different", map[string][]byte{"a/1.png": small, "b/1.png": other}, ErrSizes, Size{5, 6}},
	} {
		_, err := ReadFolder(t.Context(), folder(tt.files), Options{})
		var sizes *SizeError
		if !errors.Is(err, tt.is) || !errors.As(err, &sizes) || sizes.Size != tt.want {
			t.Errorf("%s: error %v, want %v and %v", tt.name, err, tt.is, tt.want)
			continue
		}
		for class := range 2 { // enough of each to train on
			for i := range 2 {
				tt.files[fmt.Sprintf("%c/more%d.png", 'a'+class, i)] = small
			}
		}
		data, err := ReadFolder(t.Context(), folder(tt.files), Options{Size: sizes.Size})
		if err != nil || data.Train.H != tt.want.H || data.Train.W != tt.want.W {
			t.Errorf("%s: with the size proposed: %v", tt.name, err)
		}
	}
}

// What is unusual about the images is noted.
func TestNotes(t *testing.T) {
	fsys := fstest.MapFS{}
	animals(fsys, "train", 3, "cat", "dog")
	animals(fsys, "test", 2, "cat", "dog")
	for name, file := range fsys {
		if strings.HasPrefix(name, "train/dog") {
			fsys["test/dog/same"+path.Base(name)] = file
		}
	}
	animals(fsys, "train", 1, "ox")
	animals(fsys, "test", 1, "ox")
	fsys["test/cat/grey.png"] = &fstest.MapFile{Data: pngOf(picture(2, 3, color.Gray{7}))}
	data, err := ReadFolder(t.Context(), fsys, Options{})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"test is for", "images of one colour throughout: 1 (1 of cat)", "classes with one training image: ox",
		"test images that are training images, too: 3 of 9"}
	if got := data.Read.Notes; len(got) != 4 || !slices.Equal(got[1:], want[1:]) {
		t.Errorf("notes %q, want %q", got, want)
	}
}

// However pictures are spread over parts and classes, each is read or listed.
func TestNothingIsLost(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		fsys, total := fstest.MapFS{}, 0
		dirs := []string{".", "train", "test", "val", "Dev", "more", "__MACOSX"}
		for range rapid.IntRange(1, 12).Draw(t, "folders") {
			dir, n := rapid.SampledFrom(dirs).Draw(t, "dir"), rapid.IntRange(0, 3).Draw(t, "n")
			class := rapid.SampledFrom([]string{"cat", "dog", "ox", "é", "e\u0301"}).Draw(t, "class")
			if dir != "__MACOSX" {
				total += n
			}
			animals(fsys, dir, n, class)
		}
		opts := Options{Whole: rapid.Bool().Draw(t, "whole"), LeaveOut: true}
		data, err := ReadFolder(t.Context(), fsys, opts)
		if err != nil {
			return
		}
		got := data.Read.Images
		for _, l := range data.Read.LeftOut {
			got += l.Images
		}
		if got != total {
			t.Fatalf("%d of %d images: %+v", got, total, data.Read)
		}
	})
}

func FuzzReadFolder(f *testing.F) {
	f.Add("train/a/1.png\ntrain/b/1.png\ntest/a/1.png\ntest/b/1.png", true)
	f.Add("a/1\nb/2\n__MACOSX/x\nb/._2", false)
	f.Add("train-images-idx3-ubyte\nemnist-test-labels-idx1-ubyte.gz\nx/raw/t10k.images.idx3.ubyte", false)
	f.Add("data_batch_1.bin\nMNIST/raw/batches.meta", false)
	f.Add("cafe\u0301/1\ncaf\u00e9/2\n\xff/3", true)
	good := pngOf(picture(2, 3, color.White))
	f.Fuzz(func(t *testing.T, names string, leaveOut bool) {
		fsys := fstest.MapFS{}
		for name := range strings.SplitSeq(names, "\n") {
			name = path.Clean(name)
			if name != "." && !strings.HasPrefix(name, "/") && !strings.HasPrefix(name, "../") && name != ".." && len(fsys) < 50 {
				fsys[name] = &fstest.MapFile{Data: good}
			}
		}
		l, err := findLayout(fsys)
		if err != nil && strings.Contains(err.Error(), "\n") {
			t.Fatalf("an error of several lines: %q", err)
		}
		if l != nil {
			if _, err := l.load(t.Context(), fsys, Options{}); err == nil {
				t.Fatal("pictures were read as a published set")
			}
		}
		data, err := ReadFolder(t.Context(), fsys, Options{LeaveOut: leaveOut, Whole: leaveOut})
		if err != nil {
			if strings.Contains(err.Error(), "\n") {
				t.Fatalf("an error of several lines: %q", err)
			}
			return
		}
		for _, s := range data.parts() {
			if err := checkLabels(s.Labels, len(s.Classes)); err != nil || len(s.Pixels) != s.Len()*s.H*s.W*s.C {
				t.Fatalf("%d images of %dx%dx%d in %d bytes: %v", s.Len(), s.H, s.W, s.C, len(s.Pixels), err)
			}
		}
	})
}

// Ink on a transparent ground is seen, whatever its colour.
func TestReadFolderTransparent(t *testing.T) {
	ink := func(c color.NRGBA) []byte {
		img := image.NewNRGBA(image.Rect(0, 0, 8, 8))
		for i := range 8 {
			img.SetNRGBA(3, i, c)
		}
		return pngOf(img)
	}
	data, err := ReadFolder(t.Context(), folder(map[string][]byte{
		"a/1.png": ink(color.NRGBA{A: 255}), "a/2.png": ink(color.NRGBA{20, 20, 20, 255}),
		"b/1.png": ink(color.NRGBA{255, 255, 255, 255}), "b/2.png": ink(color.NRGBA{200, 200, 200, 255}),
	}), Options{Whole: true})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range [][]uint8{{255, 0}, {255, 20}, {0, 255}, {0, 200}} {
		if got := data.Test.Image(i)[2:4]; !slices.Equal(got, want) {
			t.Errorf("picture %d: %v, want %v", i, got, want)
		}
	}
	if notes := data.Read.Notes; len(notes) != 1 || !strings.Contains(notes[0], "transparent pictures, laid over") {
		t.Errorf("notes %q", notes)
	}
}
