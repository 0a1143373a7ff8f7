package distill

import (
	"bytes"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/coarsegrain/taylornet/dataset"
	"github.com/coarsegrain/taylornet/internal/safetensors"
)

func TestSaveAndLoad(t *testing.T) {
	refs := byHandReferences(t)
	refs.Set.Classes = []string{`<"a&b">`, "ß\n", ""}
	refs.Config.Paint.Augment = dataset.Augment{Shift: 0.1, Flip: true}
	refs.Models = append(refs.Models, "another")
	refs.Embeddings[0] = math.SmallestNonzeroFloat32
	path := filepath.Join(t.TempDir(), "refs.safetensors")
	if err := refs.Save(path); err != nil {
		t.Fatal(err)
	}
	got, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, refs) {
		t.Errorf("loaded\n%+v, saved\n%+v", got, refs)
	}
	if !bytes.Equal(fileOf(t, got), fileOf(t, refs)) {
		t.Error("the loaded references are written in other bytes")
	}
}

func TestLoadNamesTheFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "none.safetensors")
	_, err := Load(path)
	oneLine(t, err, path)
	if err := os.WriteFile(path, []byte("no references"), 0o666); err != nil {
		t.Fatal(err)
	}
	_, err = Load(path)
	oneLine(t, err, path)
	oneLine(t, byHandReferences(t).Save(filepath.Join(path, "x")), path)
}

// Of and Behind, of a tree written out.
func TestTree(t *testing.T) {
	refs := byHandReferences(t)
	if of := refs.Of(); !slices.Equal(of, []int32{0, 1, -1, 8, 8, 0, 0, 1, 2, 3, 3, 3, 4, 5, 5, 6, 6, 7, 7, 8}) {
		t.Errorf("the images belong to %v", of)
	}
	for reference, want := range [][]int32{{0, 5, 6}, {1, 7}, {8}, {9, 10, 11}, {12}, {13, 14}, {15, 16}, {17, 18}, {3, 4, 19}} {
		if got := refs.Behind(reference); !slices.Equal(got, want) {
			t.Errorf("behind %d are %v, want %v", reference, got, want)
		}
	}
	if refs.Groups[0][0] != 0 || refs.Groups[0][3] != 17 {
		t.Error("Of changed the tree")
	}
}

// Every file that is cut short is refused in one line.
func TestDecodeCutShort(t *testing.T) {
	file := fileOf(t, byHandReferences(t))
	for n := range file {
		_, err := Decode(file[:n])
		oneLine(t, err, "")
	}
	_, err := Decode(append(slices.Clone(file), 0))
	oneLine(t, err, "after the last tensor")
}

// Whatever byte is overwritten, there is no panic and the error is one line.
func TestDecodeCorrupted(t *testing.T) {
	file := fileOf(t, byHandReferences(t))
	for i := range file {
		for _, flip := range []byte{0x01, 0x55, 0x80} {
			bad := slices.Clone(file)
			bad[i] ^= flip
			refs, err := Decode(bad)
			if err != nil {
				oneLine(t, err, "")
				continue
			}
			use(t, refs)
		}
	}
}

// use does with references what needs no model; none of it may panic.
func use(t testing.TB, refs *References) {
	t.Helper()
	for reference := range refs.Len() {
		for _, i := range refs.Behind(reference) {
			if int(refs.Of()[i]) != reference {
				t.Fatalf("image %d is behind reference %d, and of %d", i, reference, refs.Of()[i])
			}
		}
	}
	if len(refs.Embeddings) != refs.Len()*refs.dim() || len(refs.Set.Pixels) != refs.Len()*refs.Set.H*refs.Set.W*refs.Set.C {
		t.Fatalf("%d references with %d values of embeddings and %d pixels", refs.Len(), len(refs.Embeddings), len(refs.Set.Pixels))
	}
}

// tensorIn is a file's tensor, to be changed.
func tensorIn(f *safetensors.File, name string) *safetensors.Tensor {
	for i := range f.Tensors {
		if f.Tensors[i].Name == name {
			return &f.Tensors[i]
		}
	}
	panic("no tensor " + name)
}

// The changes of a file that tables are made of.

func overwrite(tensor string, at int, v float32) func(f *safetensors.File) {
	return func(f *safetensors.File) { tensorIn(f, tensor).Data[at] = v }
}

func reshape(tensor string, shape ...int) func(f *safetensors.File) {
	return func(f *safetensors.File) { tensorIn(f, tensor).Shape = shape }
}

func rename(tensor string) func(f *safetensors.File) {
	return func(f *safetensors.File) { tensorIn(f, tensor).Name = "x" }
}

// edit changes the settings and the rest of what the metadata hold.
func edit(change func(r *record)) func(f *safetensors.File) {
	return func(f *safetensors.File) {
		var r record
		if err := json.Unmarshal([]byte(f.Metadata[recordKey]), &r); err != nil {
			panic(err)
		}
		change(&r)
		text, err := json.Marshal(r)
		if err != nil {
			panic(err)
		}
		f.Metadata[recordKey] = string(text)
	}
}

func TestDecodeRefuses(t *testing.T) {
	nan := float32(math.NaN())
	for _, tt := range []struct {
		name   string
		change func(f *safetensors.File)
		want   string
	}{
		{"another program's", func(f *safetensors.File) { f.Metadata = nil }, "a safetensors file, but not a file of references"},
		{"a model", func(f *safetensors.File) { f.Metadata["format"] = "taylornet/1" }, `format "taylornet/1"`},
		{"a later version's", func(f *safetensors.File) { f.Metadata["format"] = "taylornet-references/2" }, "taylornet-references/2"},
		{"no record", func(f *safetensors.File) { delete(f.Metadata, recordKey) }, `metadata "record"`},
		{"a record of another kind", func(f *safetensors.File) { f.Metadata[recordKey] = `[]` }, `metadata "record"`},
		{"no settings", edit(func(r *record) { r.Config = Config{} }), "no levels"},
		{"levels that grow", edit(func(r *record) { r.Config.PerClass = []int{1, 2, 3} }), "fewer than the one before"},
		{"no model", edit(func(r *record) { r.Models = nil }), "no model"},
		{"no classes", edit(func(r *record) { r.Classes = nil }), "tensor labels has the value 0 at 0"},
		{"too few classes", edit(func(r *record) { r.Classes = r.Classes[:2] }), "tensor labels has the value 2 at 6"},
		{"no images", rename(imagesName), "tensors images and labels have shapes [] and [9]"},
		{"no labels", rename(labelsName), "tensors images and labels have shapes"},
		{"no embeddings", rename(embeddingName), "tensor embeddings has shape []"},
		{"no groups", rename("group.1"), "9 references after 0 levels"},
		{"no references", func(f *safetensors.File) {
			for name, shape := range map[string][]int{imagesName: {0, 1, 1, 3}, labelsName: {0}, embeddingName: {0, 3}, "group.2": {0}, "group.1": {0}} {
				*tensorIn(f, name) = safetensors.Tensor{Name: name, Shape: shape}
			}
		}, "have shapes [0 1 1 3] and [0]"},
		{"images as rows", reshape(imagesName, 9, 3), "have shapes [9 3] and [9]"},
		{"other labels", reshape(labelsName, 3, 3), "have shapes [9 1 1 3] and [3 3]"},
		{"other embeddings", reshape(embeddingName, 3, 9), "has shape [3 9], want [9,Dim]"},
		{"embeddings of nothing", func(f *safetensors.File) {
			*tensorIn(f, embeddingName) = safetensors.Tensor{Name: embeddingName, Shape: []int{9, 0}}
		}, "has shape [9 0]"},
		{"half a pixel", overwrite(imagesName, 5, 0.5), "tensor images has the value 0.5 at 5: want a whole number from 0 to 255"},
		{"a pixel too bright", overwrite(imagesName, 5, 256), "tensor images has the value 256 at 5"},
		{"a pixel that is none", overwrite(imagesName, 5, nan), "tensor images has the value NaN at 5"},
		{"a label too large", overwrite(labelsName, 8, 3), "tensor labels has the value 3 at 8: want a whole number from 0 to 2"},
		{"a negative label", overwrite(labelsName, 8, -1), "tensor labels has the value -1 at 8"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			refuses(t, tt.change, tt.want)
		})
	}
}

// refuses wants the file, changed, to be refused.
func refuses(t *testing.T, change func(f *safetensors.File), want string) {
	t.Helper()
	f, err := safetensors.Decode(fileOf(t, byHandReferences(t)))
	if err != nil {
		t.Fatal(err)
	}
	change(f)
	var b bytes.Buffer
	if err := safetensors.Write(&b, f); err != nil {
		t.Fatal(err)
	}
	_, err = Decode(b.Bytes())
	oneLine(t, err, want)
}

func TestDecodeRefusesTrees(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	for _, tt := range []struct {
		name   string
		change func(f *safetensors.File)
		want   string
	}{
		{"groups of other levels", edit(func(r *record) { r.Config.PerClass = []int{7, 3, 1} }), "tensor group.1 fills 18 of 21 groups"},
		{"levels of other sizes", edit(func(r *record) { r.Config.PerClass = []int{6, 2, 1} }), "tensor group.2"},
		{"an empty group", overwrite("group.2", 9, 3), "tensor group.2 fills 8 of 9 groups"},
		{"a group of another class", overwrite("group.2", 9, 6), "tensor group.2 puts an image into a group of another class at 9"},
		{"mixed labels", overwrite(labelsName, 1, 1), "tensor labels is not class by class: 1 at 1"},
		{"an embedding that is no number", overwrite(embeddingName, 1, nan), "tensor embeddings has the value NaN at 1"},
		{"an endless embedding", overwrite(embeddingName, 1, inf), "tensor embeddings has the value +Inf at 1"},
		{"a group that is not there", overwrite("group.2", 1, 9), "tensor group.2 has the value 9 at 1: want a whole number from 0 to 8"},
		{"no group", overwrite("group.2", 1, -1), "tensor group.2 has the value -1 at 1"},
		{"a group below that is not there", overwrite("group.1", 1, 18), "tensor group.1 has the value 18 at 1: want a whole number from -1 to 17"},
		{"an endless group", overwrite("group.1", 1, inf), "tensor group.1 has the value +Inf at 1"},
		{"images aside from aside", overwrite("group.1", 1, -2), "tensor group.1 has the value -2 at 1"},
	} {
		t.Run(tt.name, func(t *testing.T) { refuses(t, tt.change, tt.want) })
	}
}

func FuzzDecode(f *testing.F) {
	file := fileOf(f, byHandReferences(f))
	f.Add(file)
	f.Add(file[:len(file)/2])
	f.Add([]byte{})
	f.Add([]byte("\x02\x00\x00\x00\x00\x00\x00\x00{}"))
	f.Add([]byte(strings.Replace(string(file), "group.2", "group.7", 1)))
	f.Fuzz(func(t *testing.T, data []byte) {
		refs, err := Decode(data)
		if err != nil {
			oneLine(t, err, "")
			return
		}
		use(t, refs)
		again, err := Decode(fileOf(t, refs))
		if err != nil {
			t.Fatalf("references that were read are written as ones that are refused: %v", err)
		}
		if !bytes.Equal(fileOf(t, again), fileOf(t, refs)) {
			t.Fatal("written, read and written again, other bytes")
		}
	})
}
