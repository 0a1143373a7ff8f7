package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/coarsegrain/taylornet/dataset"
	"github.com/coarsegrain/taylornet/model"
	"github.com/coarsegrain/taylornet/pretrained"
)

// The test images of MNIST have the same answers as a data set and as PNG files: from the
// library, predict, eval and classify.
func TestImagesAsFiles(t *testing.T) {
	if testing.Short() {
		t.Skip("10,000 files")
	}
	dirs := []string{os.Getenv("TAYLORNET_DATA")}
	data, err := dataset.Load(t.Context(), "mnist", dataset.Options{Dirs: dirs})
	if errors.Is(err, dataset.ErrNotFound) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	m, err := pretrained.Load("mnist-tiny")
	if err != nil {
		t.Fatal(err)
	}
	want, err := m.Evaluate(t.Context(), data.Test.All())
	if err != nil {
		t.Fatal(err)
	}
	dir, files := imageFiles(t, data.Test)
	seen, right, outside := 0, 0, 0
	_, err = m.PredictFiles(t.Context(), files, func(p model.FilePrediction) error {
		if len(p.Prepared) > 0 || !bytes.Equal(p.Pixels, data.Test.Image(seen)) {
			return fmt.Errorf("image %d became another: %q", seen, p.Prepared)
		}
		if p.Label == int(data.Test.Labels[seen]) {
			right++
		}
		if p.Outside {
			outside++
		}
		seen++
		return nil
	})
	if err != nil || seen != len(files) {
		t.Fatalf("%d of %d files: %v", seen, len(files), err)
	}
	if right != want.Correct || outside != want.Outside {
		t.Errorf("of the files %d are right and %d outside, of the data set %d and %d", right, outside, want.Correct, want.Outside)
	}
	same := func(args ...string) {
		t.Helper()
		asSet, asFiles := tally(t, append(args, "--data", "mnist", "--data-dir", dirs[0])...), tally(t, append(args, "--data", dir)...)
		if asSet != asFiles || asSet.Total != data.Test.Len() {
			t.Errorf("%q: %+v of the data set, %+v of the files", args, asSet, asFiles)
		}
	}
	same("eval", "mnist-tiny")
	same("classify", "../../../pretrained/mnist-refs-1.safetensors")
}

// imageFiles writes a set as a folder of class folders and returns the files in order.
func imageFiles(t *testing.T, set *dataset.Set) (dir string, files []string) {
	t.Helper()
	dir = t.TempDir()
	for _, class := range set.Classes {
		if err := os.Mkdir(filepath.Join(dir, class), 0o777); err != nil {
			t.Fatal(err)
		}
	}
	encoder := png.Encoder{CompressionLevel: png.BestSpeed}
	for i := range set.Len() {
		file := filepath.Join(dir, set.Classes[set.Labels[i]], fmt.Sprintf("%05d.png", i))
		var b bytes.Buffer
		if err := encoder.Encode(&b, set.Picture(i)); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, b.Bytes(), 0o666); err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	return dir, files
}

// counts are what eval and classify print of a data set.
type counts struct{ Correct, Total int }

func tally(t *testing.T, args ...string) (c counts) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	if code := Main(append(args, "--json", "--quiet"), &stdout, &stderr); code != 0 {
		t.Fatalf("%q: exit status %d: %s", args, code, stderr.String())
	}
	if err := json.Unmarshal(stdout.Bytes(), &c); err != nil {
		t.Fatal(err)
	}
	return c
}

func TestPictureName(t *testing.T) {
	long := strings.Repeat("é", 125) + ".png"
	for _, tt := range []struct{ file, what, want string }{
		{"a/seven.png", "", "1-seven"},
		{"seven.tar.jpg", "maps-1", "1-seven.tar-maps-1"},
		{".png", "", "1-picture"},
		{"b/a: \x1b[31m\n\u202e\xff?.png", "", "1-a_ _[31m____"},
		{`...\..\x*.png`, "", "1-_.._x_"},
		{long, "pairs", "1-" + strings.Repeat("é", 60) + "-pairs"},
	} {
		if got := pictureName(0, tt.file, tt.what); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.file, got, tt.want)
		}
	}
}

func TestUnreadable(t *testing.T) {
	if err := unreadable(nil, 3); err != nil {
		t.Errorf("none: %v", err)
	}
	err := unreadable([]model.UnreadableFile{{File: "a", Error: "text"}, {File: "b", Error: "empty"}}, 3)
	if want := "2 of 3 pictures could not be read: a: text; b: empty"; err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
}
