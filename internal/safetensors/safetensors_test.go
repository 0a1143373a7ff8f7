package safetensors

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"os"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/coarsegrain/taylornet/internal/memory/memorytest"
)

func encode(tb testing.TB, f *File) []byte {
	tb.Helper()
	var b bytes.Buffer
	if err := Write(&b, f); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

// raw is a file of any header and n bytes of data.
func raw(header string, n int) []byte {
	b := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
	b = append(b, header...)
	return append(b, make([]byte, n)...)
}

// same compares bit for bit, NaN included.
func same(a, b *File) bool {
	if len(a.Tensors) != len(b.Tensors) || len(a.Metadata) != len(b.Metadata) {
		return false
	}
	for key, value := range a.Metadata {
		if got, ok := b.Metadata[key]; !ok || got != value {
			return false
		}
	}
	for i, t := range a.Tensors {
		u := b.Tensors[i]
		if t.Name != u.Name || len(t.Shape) != len(u.Shape) || len(t.Data) != len(u.Data) {
			return false
		}
		for k := range t.Shape {
			if t.Shape[k] != u.Shape[k] {
				return false
			}
		}
		for k := range t.Data {
			if math.Float32bits(t.Data[k]) != math.Float32bits(u.Data[k]) {
				return false
			}
		}
	}
	return true
}

// goldenFile is the content of testdata/golden.safetensors, which Python's
// safetensors package wrote (testdata/golden.py). It orders tensors by name.
// That package (0.8.0) also read what Write makes of it, bit for bit.
func goldenFile() *File {
	return &File{
		Metadata: map[string]string{"format": "test", "net": "Input(2,3,1)\nCG(2,2,1) # é <&>"},
		Tensors: []Tensor{
			{"a.bias", []int{3}, []float32{float32(math.Copysign(0, -1)), float32(math.Inf(1)), 1e-45}},
			{"b.weight", []int{2, 3}, []float32{0, 0.25, 0.5, 0.75, 1, 1.25}},
			{"empty", []int{0, 4}, nil},
			{"nan", []int{2}, []float32{math.Float32frombits(0x7FC00123), math.Float32frombits(0xFF800001)}},
			{"scalar", []int{}, []float32{3.5}},
		},
	}
}

func TestGoldenFile(t *testing.T) {
	data, err := os.ReadFile("testdata/golden.safetensors")
	if err != nil {
		t.Fatal(err)
	}
	got, err := Decode(data)
	if err != nil {
		t.Fatal(err)
	}
	if !same(got, goldenFile()) {
		t.Errorf("got  %v\nwant %v", got, goldenFile())
	}
	nan, ok := got.Tensor("nan")
	if !ok || math.Float32bits(nan.Data[1]) != 0xFF800001 {
		t.Errorf("Tensor(nan) = %v, %v", nan, ok)
	}
	if _, ok := got.Tensor("missing"); ok {
		t.Error("Tensor found one that is not there")
	}
}

func TestDecodeAs(t *testing.T) {
	data := encode(t, goldenFile())
	if f, err := DecodeAs(data, "a test", "test"); err != nil || !same(f, goldenFile()) {
		t.Errorf("got %v, error %v", f, err)
	}
	want := `a safetensors file, but not a model: its metadata give the format "test" instead of "other/1"`
	if _, err := DecodeAs(data, "a model", "other/1"); err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
	if _, err := DecodeAs(encode(t, &File{}), "a model", "other/1"); err == nil || !strings.Contains(err.Error(), `format "" instead`) {
		t.Errorf("without metadata: error %v", err)
	}
	if _, err := DecodeAs(data[:7], "a test", "test"); err == nil {
		t.Error("a file cut short is read")
	}
}

func TestLayout(t *testing.T) {
	data := encode(t, goldenFile())
	head := int(binary.LittleEndian.Uint64(data)) + lengthSize
	if head%align != 0 || len(data)-head != 4*12 {
		t.Errorf("%d bytes before the data, %d of data", head, len(data)-head)
	}
	if want := `{"__metadata__":{"format":"test","net":`; !bytes.HasPrefix(data[lengthSize:], []byte(want)) {
		t.Errorf("header begins %q, want %q", data[lengthSize:60], want)
	}
	for range 20 { // a map's order changes from one range to the next
		if !bytes.Equal(data, encode(t, goldenFile())) {
			t.Fatal("the same content gave other bytes")
		}
	}
}

func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := &File{Metadata: rapid.MapOfN(rapid.String(), rapid.String(), 0, 4).Draw(t, "metadata")}
		names := rapid.SliceOfNDistinct(rapid.String(), 0, 5, rapid.ID).Draw(t, "names")
		for _, name := range names {
			shape := rapid.SliceOfN(rapid.IntRange(0, 4), 0, 4).Draw(t, "shape")
			size := 1
			for _, d := range shape {
				size *= d
			}
			tensor := Tensor{name, shape, make([]float32, size)}
			for i := range tensor.Data {
				tensor.Data[i] = math.Float32frombits(rapid.Uint32().Draw(t, "bits"))
			}
			f.Tensors = append(f.Tensors, tensor)
		}
		var b bytes.Buffer
		if err := Write(&b, f); err != nil {
			t.Fatal(err)
		}
		got, err := Decode(b.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		if !same(f, got) {
			t.Fatalf("wrote %v\nread %v", f, got)
		}
	})
}

func TestDecodeErrors(t *testing.T) {
	const one = `"data_offsets":[0,4]}`
	for _, tt := range []struct {
		data []byte
		want string
	}{
		{nil, "0 bytes are not a safetensors file"},
		{[]byte("1234567"), "7 bytes are not a safetensors file"},
		{[]byte("\x89PNG\r\n\x1a\n and more"), "the file is not a safetensors file, or is cut short"},
		{raw(`{}`, 0)[:9], "the header claims 2 bytes but 1 follow"},
		{raw(``, 0), "not a JSON object"},
		{raw(`null`, 0), "not a JSON object"},
		{raw(`[]`, 0), "not a JSON object"},
		{raw(`{`, 0), "header: "},
		{raw(`{]`, 0), "header: "},
		{raw(`{} {}`, 0), "continues after"},
		{raw(`{}x`, 0), "continues after"},
		{raw("{\"\xff\":1}", 0), "not UTF-8"},
		{raw(`{}`, 3), "3 bytes after the last tensor"},
		{raw(`{"__metadata__":{"a":1}}`, 0), "metadata: "},
		{raw(`{"__metadata__":null,"__metadata__":{}}`, 0), "metadata appear twice"},
		{raw(`{"a":null}`, 0), `tensor "a": dtype is ""`},
		{raw(`{"a":7}`, 0), `tensor "a": `},
		{raw(`{"a":{"dtype":"F64","shape":[1],"data_offsets":[0,8]}}`, 8), `tensor "a": dtype is "F64": only F32 is read`},
		{raw(`{"a":{"dtype":"F32",`+one+`}`, 4), "want a shape and two data_offsets"},
		{raw(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4,8]}}`, 4), "want a shape and two data_offsets"},
		{raw(`{"a":{"dtype":"F32","shape":[1],"more":1,`+one+`}`, 4), "unknown field"},
		{raw(`{"a":{"dtype":"F32","shape":[-1],`+one+`}`, 4), "negative dimension"},
		{raw(`{"a":{"dtype":"F32","shape":[1.5],`+one+`}`, 4), "1.5"},
		{raw(`{"a":{"dtype":"F32","shape":[4611686018427387904,4],`+one+`}`, 4), "too large"},
		{raw(`{"a":{"dtype":"F32","shape":[2305843009213693952],`+one+`}`, 4), "too large"},
		{raw(`{"a":{"dtype":"F32","shape":[2],`+one+`}`, 4), "do not hold the 8 bytes of shape [2]"},
		{raw(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}`, 4), "do not hold"},
		{raw(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[-4,0]}}`, 4), "do not hold"},
		{raw(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}`, 8), "begins at byte 4 of the data, want 0"},
		{raw(`{"a":{"dtype":"F32","shape":[1],`+one+`}`, 2), "ends at byte 4 of the data, which has 2: the file is cut short"},
		{raw(`{"a":{"dtype":"F32","shape":[1],`+one+`,"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}`, 8), `two tensors are named "a"`},
		{raw(`{"a":{"dtype":"F32","shape":[1],`+one+`,"b":{"dtype":"F32","shape":[1],`+one+`}`, 4), `tensor "b" begins at byte 0 of the data, want 4`},
	} {
		if f, err := Decode(tt.data); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("Decode(%q) = %v, %v; want an error with %q", tt.data, f, err, tt.want)
		}
	}
}

// Every file cut short anywhere is refused.
func TestTruncated(t *testing.T) {
	data := encode(t, goldenFile())
	for n := range data {
		if _, err := Decode(data[:n]); err == nil {
			t.Fatalf("the first %d of %d bytes were read as a file", n, len(data))
		}
	}
}

func TestWriteErrors(t *testing.T) {
	for _, tt := range []struct {
		file File
		want string
	}{
		{File{Metadata: map[string]string{"a": "\xff"}}, "not UTF-8"},
		{File{Tensors: []Tensor{{Name: "\xff", Shape: []int{0}}}}, "not UTF-8"},
		{File{Tensors: []Tensor{{Name: metadataKey, Shape: []int{0}}}}, "reserved"},
		{File{Tensors: []Tensor{{Name: "a", Shape: []int{0}}, {Name: "a", Shape: []int{0}}}}, `two tensors are named "a"`},
		{File{Tensors: []Tensor{{Name: "a", Shape: []int{2}, Data: []float32{1}}}}, "shape [2] does not fit 1 values"},
		{File{Tensors: []Tensor{{Name: "a", Shape: []int{-1}}}}, "negative dimension"},
	} {
		var b bytes.Buffer
		if err := Write(&b, &tt.file); err == nil || !strings.Contains(err.Error(), tt.want) || b.Len() != 0 {
			t.Errorf("Write(%v) = %v after %d bytes; want an error with %q before the first", tt.file, err, b.Len(), tt.want)
		}
	}
}

// limitedWriter fails with errFull after left bytes.
type limitedWriter struct{ left int }

var errFull = errors.New("disk full")

func (w *limitedWriter) Write(p []byte) (int, error) {
	if len(p) > w.left {
		return w.left, errFull
	}
	w.left -= len(p)
	return len(p), nil
}

func TestWriteToFullDisk(t *testing.T) {
	for n := range len(encode(t, goldenFile())) {
		if err := Write(&limitedWriter{n}, goldenFile()); !errors.Is(err, errFull) {
			t.Fatalf("room for %d bytes: error %v, want %v", n, err, errFull)
		}
	}
}

// Headers that claim much do not make Decode take much.
func TestMemory(t *testing.T) {
	for _, data := range [][]byte{
		binary.LittleEndian.AppendUint64(nil, math.MaxUint64),
		raw(`{"a":{"dtype":"F32","shape":[1000000000000],"data_offsets":[0,4000000000000]}}`, 4),
		raw(`{"a":{"dtype":"F32","shape":[`+strings.Repeat("1,", 50_000)+`1],"data_offsets":[0,4]}}`, 4),
		raw(strings.Repeat("[", 100_000), 0),
		raw(`{"a":`+strings.Repeat("[", 100_000), 0),
	} {
		took := memorytest.Allocated(func() { _, _ = Decode(data) })
		if limit := float64(64<<10 + 64*len(data)); took > limit {
			t.Errorf("decoding %d bytes, %.40q, took %.0f bytes of memory, want at most %.0f", len(data), data, took, limit)
		}
	}
}

func FuzzDecode(f *testing.F) {
	golden, err := os.ReadFile("testdata/golden.safetensors")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(golden)
	f.Add(encode(f, goldenFile()))
	f.Add(raw(`{}`, 0))
	f.Add(raw(`{"a":{"dtype":"F32","shape":[],"data_offsets":[0,4]},"__metadata__":{"k":"v"}}`, 4))
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := Decode(data)
		if err != nil {
			return
		}
		again, err := Decode(encode(t, got))
		if err != nil || !same(got, again) {
			t.Fatalf("read %v, then after writing %v, %v", got, again, err)
		}
		if !bytes.Equal(encode(t, got), encode(t, again)) {
			t.Fatal("equal content, other bytes")
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	data := encode(b, &File{Tensors: []Tensor{{"w", []int{1 << 17}, make([]float32, 1<<17)}}})
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		if _, err := Decode(data); err != nil {
			b.Fatal(err)
		}
	}
}
