package dataset

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"image/color"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"pgregory.net/rapid"

	"github.com/coarsegrain/taylornet/internal/memory/memorytest"
	"github.com/coarsegrain/taylornet/tensor"
)

// blackIDX is a gzipped file of n black images, in about a thousandth of their bytes.
func blackIDX(n, h, w int) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	write := func(data []byte) {
		if _, err := z.Write(data); err != nil {
			panic(err)
		}
	}
	write(idx(nil, uint32(n), uint32(h), uint32(w)))
	image := make([]byte, h*w)
	for range n {
		write(image)
	}
	if err := z.Close(); err != nil {
		panic(err)
	}
	return b.Bytes()
}

func blackSet(n, h, w int) map[string][]byte {
	return map[string][]byte{
		"train-images-idx3-ubyte.gz": blackIDX(n, h, w), "train-labels-idx1-ubyte": idx(make([]byte, n), uint32(n)),
		"t10k-images-idx3-ubyte.gz": blackIDX(1, h, w), "t10k-labels-idx1-ubyte": idx([]byte{0}, 1),
	}
}

// A small file of many black images is refused by its header, before they are unpacked.
func TestBlackImages(t *testing.T) {
	dir := t.TempDir()
	writeFiles(t, dir, blackSet(300, 1024, 1024))
	var err error
	n := memorytest.Allocated(func() { _, err = Load(t.Context(), dir, Options{}) })
	if !errors.Is(err, tensor.ErrMemory) || !strings.Contains(err.Error(), "300 images of 1024x1024 would take 315 MB") || n > 4<<20 {
		t.Errorf("%.0f bytes, error %v", n, err)
	}
	// Resized, it is read in the memory of an image and of the result.
	var data *Data
	n = memorytest.Allocated(func() { data, err = Load(t.Context(), dir, Options{Size: Size{28, 28}}) })
	if err != nil || n > 64<<20 {
		t.Fatalf("%.0f bytes, error %v", n, err)
	}
	checkSet(t, data.Train)
	if data.Train.H != 28 || len(data.Read.Notes) == 0 || data.Read.Notes[0] != "images of one colour throughout: 301 (301 of 0)" {
		t.Errorf("%d, notes %q", data.Train.H, data.Read.Notes)
	}
	// What was allowed is read in hardly more than its own memory.
	n = memorytest.Allocated(func() { _, err = Load(t.Context(), dir, Options{Memory: 400_000_000}) })
	if err != nil || n > 330<<20 {
		t.Errorf("%.0f bytes, error %v", n, err)
	}
}

// A header that promises what does not come takes little.
func TestLyingIDX(t *testing.T) {
	lie := idx(make([]byte, 5000), 1<<30/784, 28, 28)
	files := blackSet(2, 2, 2)
	files["train-images-idx3-ubyte.gz"] = gzipped(lie)
	var err error
	if n := memorytest.Allocated(func() { _, err = ReadIDX(bytes.NewReader(lie), nil, nil) }); n > 1<<20 || err == nil {
		t.Errorf("%.0f bytes, error %v", n, err)
	}
	if n := memorytest.Allocated(func() { _, err = loadFiles(files, Options{Memory: 1 << 40}) }); n > 1<<20 || err == nil {
		t.Errorf("%.0f bytes, error %v", n, err)
	}
	delete(files, "train-images-idx3-ubyte.gz")
	files["train-images-idx3-ubyte"] = idx(make([]byte, 8), 2, 2, 2)
	files["train-labels-idx1-ubyte"] = gzipped(idx(make([]byte, 64<<20), 64<<20))
	if n := memorytest.Allocated(func() { _, err = loadFiles(files, Options{}) }); n > 2<<20 || err == nil || !strings.Contains(err.Error(), "67108864 labels for 2 images") {
		t.Errorf("%.0f bytes, error %v", n, err)
	}
	large := idx(nil, 1, 1<<15, 1<<15)
	if _, err := ReadIDX(bytes.NewReader(large), nil, nil); err == nil || !strings.Contains(err.Error(), "images of 32768x32768 pixels: at most 67108864 are read") {
		t.Error(err)
	}
}

// The user chooses the size of images, but a small file not how many there are.
func TestManyImages(t *testing.T) {
	many, few := blackSet(2_000_000, 1, 1), blackSet(1000, 1, 1)
	many["train-labels-idx1-ubyte.gz"] = gzipped(many["train-labels-idx1-ubyte"])
	delete(many, "train-labels-idx1-ubyte")
	for _, tt := range []struct {
		files map[string][]byte
		opts  Options
		want  string
	}{
		{many, Options{Size: Size{8, 8}}, "a size of 5x5 would fit"},
		{many, Options{Size: Size{8, 8}, Fixed: true}, "2000000 images of 8x8 would take 160 MB of memory, but only 109 MB may be used: the memory budget is too small: take fewer images"},
		{many, Options{Size: Size{1, 1}}, ""},
		{many, Options{Size: Size{1, 1}, Memory: 30_000_000}, "2000000 images of 1x1"},
		{few, Options{Size: Size{400, 400}}, ""},
		{few, Options{Size: Size{400, 400}, Fixed: true}, "1000 images of 400x400 would take 166 MB of memory"},
	} {
		var err error
		n := memorytest.Allocated(func() { _, err = loadFiles(tt.files, tt.opts) })
		if tt.want == "" && err != nil || tt.want != "" && (!errors.Is(err, tensor.ErrMemory) || !strings.Contains(err.Error(), tt.want) || n > 1<<20) {
			t.Errorf("%+v: %.0f bytes, error %v, want %q", tt.opts, n, err, tt.want)
		}
	}
}

// loadFiles loads the set in files.
func loadFiles(files map[string][]byte, opts Options) (*Data, error) {
	fsys := folder(files)
	l, err := findLayout(fsys)
	if err != nil {
		return nil, err
	}
	return l.load(context.Background(), fsys, opts)
}

// What is resized while it is read is what would be made of it later.
func TestReadResized(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h, w := rapid.IntRange(1, 9).Draw(t, "h"), rapid.IntRange(1, 9).Draw(t, "w")
		to := Size{rapid.IntRange(1, 12).Draw(t, "H"), rapid.IntRange(1, 12).Draw(t, "W")}
		prefix := rapid.SampledFrom([]string{"", "emnist-digits-"}).Draw(t, "prefix")
		files := map[string][]byte{}
		for _, part := range []string{"train", "test"} {
			n := rapid.IntRange(1, 4).Draw(t, part)
			pixels := rapid.SliceOfN(rapid.Byte(), n*h*w, n*h*w).Draw(t, "pixels")
			files[prefix+part+"-images-idx3-ubyte"] = idx(pixels, uint32(n), uint32(h), uint32(w))
			files[prefix+part+"-labels-idx1-ubyte"] = gzipped(idx(make([]byte, n), uint32(n)))
		}
		whole, err := loadFiles(files, Options{})
		if err != nil {
			t.Fatal(err)
		}
		got, err := loadFiles(files, Options{Size: to})
		if err != nil {
			t.Fatal(err)
		}
		if want := whole.Train.resize(context.Background(), to); !slices.Equal(got.Train.Pixels, want.Pixels) || got.Train.H != to.H || got.Test.W != to.W {
			t.Errorf("%v, want %v", got.Train.Pixels, want.Pixels)
		}
		if !slices.Equal(got.Read.Notes, whole.Read.Notes) {
			t.Errorf("notes %q, want %q", got.Read.Notes, whole.Read.Notes)
		}
	})
}

func TestReadCIFARMemory(t *testing.T) {
	files := smallCIFAR()
	files["data_batch_3.bin"] = gzipped(bytes.Repeat(cifarRecordOf(3), 8000))
	for _, tt := range []struct {
		opts Options
		ok   bool
	}{
		{Options{Memory: 16 << 20}, false},
		{Options{}, true},
		{Options{Memory: 16 << 20, Size: Size{4, 4}}, true},
		{Options{Size: Size{8192, 8192}, Fixed: true}, false},
	} {
		data, err := loadFiles(files, tt.opts)
		if tt.ok != (err == nil) || !tt.ok && !errors.Is(err, tensor.ErrMemory) {
			t.Errorf("%+v: %v", tt.opts, err)
		}
		if err == nil && (data.Train.Len() != 8004 || tt.opts.Size.H != 0 && data.Train.H != tt.opts.Size.H) {
			t.Errorf("%d images of %d", data.Train.Len(), data.Train.H)
		}
	}
}

// A size that nothing has room for is refused at once, with one that fits.
func TestSizeMemory(t *testing.T) {
	pictures := t.TempDir()
	for _, class := range []string{"a", "b"} {
		for i := range 6 {
			writeFiles(t, pictures, map[string][]byte{fmt.Sprintf("%s/%d.png", class, i): pngOf(picture(2, 2, color.Gray{uint8(i)}))})
		}
	}
	files := t.TempDir()
	writeFiles(t, files, smallIDX())
	for _, name := range []string{"digits", pictures, files} {
		for _, tt := range []struct {
			opts Options
			want string
		}{
			{Options{Size: Size{8192, 8192}, Memory: 400_000_000}, ""},
			{Options{Size: Size{300, 200}, Memory: 1_000_000}, ""},
			{Options{Size: Size{4, 4}, Memory: 1_000_000}, "fits"},
		} {
			var err error
			n := memorytest.Allocated(func() { _, err = Load(t.Context(), name, tt.opts) })
			if tt.want == "" && (!errors.Is(err, tensor.ErrMemory) || !strings.Contains(err.Error(), "would fit") || strings.Contains(err.Error(), "\n") || n > 8<<20) || tt.want != "" && err != nil {
				t.Errorf("%s, %v: %.0f bytes, error %v", filepath.Base(name), tt.opts.Size, n, err)
			}
		}
	}
}

// The size that is proposed fits.
func TestSizeProposedFits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 1_000_000).Draw(t, "n")
		size := Size{rapid.IntRange(1, 10_000).Draw(t, "H"), rapid.IntRange(1, 10_000).Draw(t, "W")}
		r := room{budget: int64(rapid.IntRange(1, 1<<34).Draw(t, "budget"))}
		err := r.check(n, size, 3)
		if err == nil {
			return
		}
		_, words, ok := strings.Cut(err.Error(), "a size of ")
		if !ok {
			return
		}
		var fits Size
		if _, err := fmt.Sscanf(words, "%dx%d would fit", &fits.H, &fits.W); err != nil {
			t.Fatal(err)
		}
		if err := r.check(n, fits, 3); err != nil {
			t.Errorf("%v does not fit: %v", fits, err)
		}
	})
}

// The pictures of a folder have the memory that those before them leave.
func TestReadFolderMemory(t *testing.T) {
	fsys := fstest.MapFS{}
	for i := range 40 {
		fsys[fmt.Sprintf("%c/%d.png", 'a'+i%2, i)] = &fstest.MapFile{Data: pngOf(picture(256, 256, color.Gray{uint8(i)}))}
	}
	if _, err := ReadFolder(t.Context(), fsys, Options{Memory: 4_000_000}); !errors.Is(err, tensor.ErrMemory) || !strings.Contains(err.Error(), "40 images of 256x256") {
		t.Error(err)
	}
	if _, err := ReadFolder(t.Context(), fsys, Options{Memory: 14_000_000}); err != nil {
		t.Error(err)
	}
	fsys["a/large.png"] = &fstest.MapFile{Data: blankPNG(4000, 4000, 8, 0, 0)}
	opts := Options{Memory: 14_000_000, Size: Size{256, 256}}
	if _, err := ReadFolder(t.Context(), fsys, opts); err == nil || !strings.Contains(err.Error(), "a/large.png: decoding a PNG picture of 4000 x 4000 pixels would take 16 MB") {
		t.Error(err)
	}
	opts.LeaveOut = true
	data, err := ReadFolder(t.Context(), fsys, opts)
	if err != nil || len(data.Read.LeftOut) != 1 || data.Read.Images != 40 {
		t.Errorf("%v", err)
	}
}

// Images that are in several classes are counted, and images that are all the same.
func TestSameImages(t *testing.T) {
	file := func(v uint8) *fstest.MapFile { return &fstest.MapFile{Data: pngOf(picture(1, 2, color.Gray{v}))} }
	for _, tt := range []struct {
		fsys fstest.MapFS
		want string
	}{
		{fstest.MapFS{"cat/1": file(1), "cat/2": file(2), "dog/1": file(1), "dog/2": file(2), "dog/3": file(3)}, "images that are in several classes: 2 (the first in cat and dog)"},
		{fstest.MapFS{"cat/1": file(1), "cat/2": file(1), "dog/1": file(1), "dog/2": file(1)}, "all images are the same"},
		{fstest.MapFS{"cat/1": file(1), "cat/2": file(2), "dog/1": file(3), "dog/2": file(4)}, ""},
		{fstest.MapFS{
			"train/cat/1": file(1), "train/cat/2": file(2), "train/dog/1": file(3), "train/dog/2": file(4),
			"test/cat/1": file(1), "test/dog/1": file(3), "test/dog/2": file(5), "val/cat/1": file(6), "val/dog/1": file(4),
		}, "validation images that are training images, too: 1 of 2; test images that are training images, too: 2 of 3"},
		{fstest.MapFS{
			"train/cat/1": file(1), "train/dog/1": file(3), "test/cat/1": file(3), "test/dog/1": file(3),
		}, "images that are in several classes: 1 (the first in dog and cat)"},
	} {
		data, err := ReadFolder(t.Context(), tt.fsys, Options{})
		if err != nil {
			t.Fatal(err)
		}
		got := strings.Join(data.Read.Notes, "; ")
		if !strings.Contains(got, tt.want) || tt.want == "" && (strings.Contains(got, "same") || strings.Contains(got, "several")) {
			t.Errorf("notes %s, want %s", got, tt.want)
		}
	}
}

// FuzzLoad reads sets in published files.
func FuzzLoad(f *testing.F) {
	images := idx([]byte{1, 2, 3, 4, 5, 6}, 1, 2, 3)
	f.Add(images, idx([]byte{0}, 1), cifarRecordOf(3), uint8(0), uint8(0))
	f.Add(gzipped(images), gzipped(idx([]byte{0}, 1)), gzipped(cifarRecordOf(3)), uint8(4), uint8(7))
	f.Add(binary.BigEndian.AppendUint32(images[:4:4], 1<<31), []byte{}, []byte{0x1f, 0x8b}, uint8(1), uint8(1))
	f.Fuzz(func(t *testing.T, images, labels, batch []byte, h, w uint8) {
		opts := Options{Memory: 4 << 20}
		if h > 0 && w > 0 {
			opts.Size = Size{int(h), int(w)}
		}
		cifar := map[string][]byte{}
		for _, name := range fileNames(cifarFiles()) {
			cifar[name] = batch
		}
		for _, files := range []map[string][]byte{cifar, {
			"train-images-idx3-ubyte": images, "train-labels-idx1-ubyte": labels,
			"t10k-images-idx3-ubyte": images, "t10k-labels-idx1-ubyte": labels,
		}} {
			data, err := loadFiles(files, opts)
			if err != nil {
				continue
			}
			checkSet(t, data.Train)
			if opts.Size != (Size{}) && (Size{data.Test.H, data.Test.W}) != opts.Size {
				t.Errorf("%dx%d", data.Test.H, data.Test.W)
			}
			if len(data.Train.Pixels)+len(data.Test.Pixels) > 4<<20 {
				t.Errorf("%d bytes", len(data.Train.Pixels))
			}
		}
	})
}
