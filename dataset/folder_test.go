package dataset

import (
	"context"
	"errors"
	"fmt"
	"image/color"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// folder makes a file system of the given files.
func folder(files map[string][]byte) fstest.MapFS {
	fsys := fstest.MapFS{}
	for name, content := range files {
		fsys[name] = &fstest.MapFile{Data: content}
	}
	return fsys
}

func TestReadFolder(t *testing.T) {
	files := map[string][]byte{"dog/.DS_Store": nil, "README.txt": []byte("about"), ".git/config": nil}
	for i := range 10 {
		files[fmt.Sprintf("dog/%d.png", i)] = pngOf(picture(4, 6, color.Gray{uint8(i)}))
		files[fmt.Sprintf("cat/%d.PNG", i)] = pngOf(picture(4, 6, color.Gray{uint8(100 + i)}))
	}
	data, err := ReadFolder(t.Context(), folder(files), Options{})
	if err != nil {
		t.Fatal(err)
	}
	for set, n := range map[*Set]int{data.Train: 8, data.Test: 2} {
		checkSet(t, set)
		if set.H != 4 || set.W != 6 || set.C != 1 || !slices.Equal(set.Classes, []string{"cat", "dog"}) {
			t.Errorf("%s: %dx%dx%d, %q", set.Name, set.H, set.W, set.C, set.Classes)
		}
		if counts := set.All().Counts(); !slices.Equal(counts, []int{n, n}) {
			t.Errorf("%s has %v", set.Name, counts)
		}
		for i := range set.Len() {
			if cat := set.Image(i)[0] >= 100; cat != (set.Labels[i] == 0) {
				t.Errorf("%s: image %d of grey %d has label %d", set.Name, i, set.Image(i)[0], set.Labels[i])
			}
		}
	}
}

// One coloured image makes all images RGB. Folders train and test give the split.
func TestReadFolderSplitAndColour(t *testing.T) {
	data, err := ReadFolder(t.Context(), folder(map[string][]byte{
		"train/a/1.png": pngOf(picture(2, 2, color.Gray{9})),
		"train/b/1.jpg": jpegOf(picture(2, 2, color.Gray{200})),
		"test/a/1.png":  pngOf(picture(2, 2, color.Gray{11})),
		"test/b/1.png":  pngOf(picture(2, 2, color.RGBA{1, 2, 3, 255})),
	}), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if data.Train.C != 3 || data.Test.C != 3 || data.Train.Len() != 2 || data.Test.Len() != 2 {
		t.Fatalf("%d and %d images of %d and %d channels", data.Train.Len(), data.Test.Len(), data.Train.C, data.Test.C)
	}
	if got := data.Test.Image(1)[:3]; !slices.Equal(got, []uint8{1, 2, 3}) {
		t.Errorf("colour %v", got)
	}
	if got := data.Train.Image(0)[:3]; !slices.Equal(got, []uint8{9, 9, 9}) {
		t.Errorf("grey %v", got)
	}
}

func TestReadFolderResizes(t *testing.T) {
	data, err := ReadFolder(t.Context(), folder(map[string][]byte{
		"a/1.png": pngOf(picture(2, 2, color.Gray{9})),
		"a/2.png": pngOf(picture(9, 5, color.Gray{9})),
		"b/1.png": pngOf(picture(3, 8, color.Gray{200})),
		"b/2.png": pngOf(picture(8, 3, color.Gray{200})),
	}), Options{Size: Size{4, 3}})
	if err != nil {
		t.Fatal(err)
	}
	checkSet(t, data.Train)
	if data.Train.H != 4 || data.Train.W != 3 {
		t.Errorf("%dx%d", data.Train.H, data.Train.W)
	}
}

func TestReadFolderRefuses(t *testing.T) {
	good := pngOf(picture(2, 2, color.Gray{9}))
	many := map[string][]byte{"b/1.png": good}
	for i := range 15 {
		many[fmt.Sprintf("a/%02d.png", i)] = good[:20]
	}
	empty := folder(map[string][]byte{"a/1.png": good, "b/.hidden": nil})
	for _, tt := range []struct {
		name string
		fsys fstest.MapFS
		want []string
	}{
		{"nothing", folder(nil), []string{"no class folders"}},
		{"images without folders", folder(map[string][]byte{"1.png": good}), []string{"no class folders"}},
		{"one class", folder(map[string][]byte{"a/1.png": good}), []string{"1 class folders"}},
		{"empty class", empty, []string{"class folder b is empty"}},
		{"sizes", folder(map[string][]byte{"a/1.png": good, "b/1.png": pngOf(picture(3, 4, color.White))}),
			[]string{"b/1.png is 3x4 but a/1.png is 2x2", "choose one size"}},
		{"unreadable", folder(map[string][]byte{"a/1.png": good, "a/2.png": good[:40], "b/1.png": good, "b/2.jpg": []byte("no"), "b/3.gif": []byte("text"), "b/4.gif": good}),
			[]string{"3 unreadable images", "a/2.png: ", "b/2.jpg: ", "b/3.gif: "}},
		{"folder in a class", folder(map[string][]byte{"a/1.png": good, "b/1.png": good, "b/sub/2.png": good}), []string{"1 unreadable images", "b/sub"}},
		{"many unreadable", folder(many), []string{"15 unreadable images", "a/09.png", "and 5 more"}},
		{"other test classes", folder(map[string][]byte{"train/a/1.png": good, "train/b/1.png": good, "test/a/1.png": good}),
			[]string{`different classes: ["a" "b"] and ["a"]`}},
	} {
		_, err := ReadFolder(t.Context(), tt.fsys, Options{})
		if err == nil {
			t.Errorf("%s: accepted", tt.name)
			continue
		}
		for _, want := range tt.want {
			if !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("%s: error %q does not say %q in one line", tt.name, err, want)
			}
		}
	}
}

func TestReadFolderInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	cause := errors.New("enough")
	cancel(cause)
	good := pngOf(picture(2, 3, color.White))
	_, err := ReadFolder(ctx, folder(map[string][]byte{"a/1.png": good, "b/1.png": good}), Options{})
	if !errors.Is(err, cause) || strings.Contains(err.Error(), "\n") {
		t.Errorf("error %v, want one that wraps the cause of the context, in one line", err)
	}
}
