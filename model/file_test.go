package model_test

import (
	"bytes"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/coarsegrain/taylornet/internal/memory/memorytest"
	"github.com/coarsegrain/taylornet/internal/safetensors"
	"github.com/coarsegrain/taylornet/model"
)

// trained is a model file written by an earlier version, which must stay
// readable. Its training record says how it was made.
const trained = "testdata/digits.safetensors"

func fileOf(t testing.TB, m *model.Model) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := m.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// small is a model with every kind of parameter, values that are easily lost
// among them.
func small(t testing.TB) *model.Model {
	c := config(t, "Input(4,4,3) Sum{ Conv(3,3,3,1,1,1) Norm | } CG(2,2,3,2,2,order=3) Linear(2)", `<"a&b">`, "ß\n")
	copy(tensorOf(c, "2.linear.bias"), []float32{float32(math.Copysign(0, -1)), math.SmallestNonzeroFloat32})
	return compile(t, c)
}

func TestSaveAndLoad(t *testing.T) {
	m := small(t)
	path := filepath.Join(t.TempDir(), "m.safetensors")
	if err := m.Save(path); err != nil {
		t.Fatal(err)
	}
	got, err := model.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	if got.Net().String() != m.Net().String() || !slices.Equal(got.Classes(), m.Classes()) || string(got.Training()) != string(m.Training()) ||
		!slices.Equal(got.Normalisation().Mean, m.Normalisation().Mean) || !slices.Equal(got.Normalisation().Std, m.Normalisation().Std) {
		t.Errorf("loaded %+v, saved %+v", got.Config(), m.Config())
	}
	params := got.Params()
	for i, v := range m.Params() {
		if math.Float32bits(params[i]) != math.Float32bits(v) {
			t.Fatalf("parameter %d is %v, saved was %v", i, params[i], v)
		}
	}
	if !bytes.Equal(fileOf(t, got), fileOf(t, m)) {
		t.Error("the loaded model is written in other bytes")
	}
}

func TestFormatIsStable(t *testing.T) {
	want, err := os.ReadFile(trained)
	if err != nil {
		t.Fatal(err)
	}
	m, err := model.Load(trained)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(fileOf(t, m), want) {
		t.Errorf("%s is written in other bytes than it was", trained)
	}
	var record struct{ Config struct{ Data string } }
	if err := json.Unmarshal(m.Training(), &record); err != nil || record.Config.Data != "digits" {
		t.Errorf("training record %s, error %v", m.Training(), err)
	}
}

func TestLoadNamesTheFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "none.safetensors")
	_, err := model.Load(path)
	oneLine(t, err, path)
	if err := os.WriteFile(path, []byte("no model"), 0o666); err != nil {
		t.Fatal(err)
	}
	_, err = model.Load(path)
	oneLine(t, err, path)
}

func TestSaveToNowhere(t *testing.T) {
	path := filepath.Join(t.TempDir(), "none", "m.safetensors")
	oneLine(t, small(t).Save(path), path)
}

// Every file that is cut short is refused in one line.
func TestDecodeCutShort(t *testing.T) {
	file := fileOf(t, small(t))
	for n := range file {
		_, err := model.Decode(file[:n])
		oneLine(t, err, "")
	}
	_, err := model.Decode(append(slices.Clone(file), 0))
	oneLine(t, err, "after the last tensor")
}

// Whatever byte is overwritten, there is no panic and the error is one line.
func TestDecodeCorrupted(t *testing.T) {
	file := fileOf(t, small(t))
	for i := range file {
		bad := slices.Clone(file)
		bad[i] ^= 0x55
		if _, err := model.Decode(bad); err != nil {
			oneLine(t, err, "")
		}
	}
}

func TestDecodeRefuses(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(f *safetensors.File)
		want   string
	}{
		{"another program's", func(f *safetensors.File) { f.Metadata = nil }, "a safetensors file, but not a model"},
		{"a later version's", func(f *safetensors.File) { f.Metadata["format"] = "taylornet/9" }, `format "taylornet/9"`},
		{"no network", func(f *safetensors.File) { delete(f.Metadata, "network") }, "network: "},
		{"a faulty network", func(f *safetensors.File) { f.Metadata["network"] = "Input(0,4,3) Conv(9) Nrom" }, "network: "},
		{"no classes", func(f *safetensors.File) { delete(f.Metadata, "classes") }, `metadata "classes"`},
		{"too few classes", func(f *safetensors.File) { f.Metadata["classes"] = `["a"]` }, "2 outputs for 1 classes"},
		{"a faulty normalisation", func(f *safetensors.File) { f.Metadata["normalisation"] = `{"mean":[1,1,1],"std":[0,-1,1]}` }, "standard deviation of channel 0"},
		{"a tensor missing", func(f *safetensors.File) { f.Tensors = f.Tensors[1:] }, "parameters do not fit the network"},
		{"a tensor of another name", func(f *safetensors.File) { f.Tensors[1].Name = "x" }, "is missing"},
		{"a tensor of another shape", func(f *safetensors.File) { f.Tensors[0].Shape = []int{9, 1, 3, 3} }, "has shape [9 1 3 3], want [3 3 3 3]"},
		{"NaN", func(f *safetensors.File) { f.Tensors[0].Data[5] = float32(math.NaN()) }, "has the value NaN at 5"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f, err := safetensors.Decode(fileOf(t, small(t)))
			if err != nil {
				t.Fatal(err)
			}
			tt.change(f)
			var b bytes.Buffer
			if err := safetensors.Write(&b, f); err != nil {
				t.Fatal(err)
			}
			_, err = model.Decode(b.Bytes())
			oneLine(t, err, tt.want)
		})
	}
}

// A few bytes cannot ask for much memory.
func TestDecodeAllocatesByTheFile(t *testing.T) {
	for _, net := range []string{
		"Input(65536,4096,1) Linear(7)",
		"Input(1,1,1) Conv(1,1,65536) Conv(1,1,32000)",
		"Input(1,1,1)" + strings.Repeat(" Cat{ | }", 28) + " Linear(2)",
	} {
		var b bytes.Buffer
		err := safetensors.Write(&b, &safetensors.File{Metadata: map[string]string{
			"format": "taylornet/1", "network": net, "classes": `["a"]`, "normalisation": `{"mean":[0],"std":[1]}`,
		}})
		if err != nil {
			t.Fatal(err)
		}
		taken := memorytest.Allocated(func() { _, err = model.Decode(b.Bytes()) })
		if taken > 1<<20 {
			t.Errorf("%.40s: a file of %d bytes took %.0f to decode, error %v", net, b.Len(), taken, err)
		}
	}
}

func FuzzDecode(f *testing.F) {
	file := fileOf(f, small(f))
	f.Add(file)
	f.Add(file[:len(file)/2])
	f.Add([]byte{})
	f.Add([]byte("\x02\x00\x00\x00\x00\x00\x00\x00{}"))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := model.Decode(data)
		if err != nil {
			oneLine(t, err, "")
			return
		}
		again, err := model.Decode(fileOf(t, m))
		if err != nil {
			t.Fatalf("a model that was read is written as one that is refused: %v", err)
		}
		if !bytes.Equal(fileOf(t, again), fileOf(t, m)) {
			t.Fatal("written, read and written again, other bytes")
		}
	})
}
