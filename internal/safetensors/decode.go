package safetensors

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"unicode/utf8"
)

// Decode returns the content of a whole file. It keeps no part of data.
func Decode(data []byte) (*File, error) {
	if len(data) < lengthSize {
		return nil, fmt.Errorf("safetensors: %d bytes are not a safetensors file: the header's length is missing", len(data))
	}
	length := binary.LittleEndian.Uint64(data)
	data = data[lengthSize:]
	if length > uint64(len(data)) {
		return nil, fmt.Errorf("safetensors: the header claims %d bytes but %d follow: the file is not a safetensors file, or is cut short", length, len(data))
	}
	head, data := data[:length], data[length:]

	metadata, entries, err := parseHeader(head)
	if err != nil {
		return nil, err
	}
	f := &File{Metadata: metadata, Tensors: make([]Tensor, len(entries))}
	end := int64(0)
	for i, e := range entries {
		if e.Offsets[0] != end {
			return nil, fmt.Errorf("safetensors: tensor %q begins at byte %d of the data, want %d", e.name, e.Offsets[0], end)
		}
		end = e.Offsets[1]
		if end > int64(len(data)) {
			return nil, fmt.Errorf("safetensors: tensor %q ends at byte %d of the data, which has %d: the file is cut short", e.name, end, len(data))
		}
		f.Tensors[i] = Tensor{Name: e.name, Shape: e.Shape, Data: floats(data[e.Offsets[0]:end])}
	}
	if end != int64(len(data)) {
		return nil, fmt.Errorf("safetensors: %d bytes after the last tensor", int64(len(data))-end)
	}
	return f, nil
}

// FormatKey is the metadata key of a file's format and version.
const FormatKey = "format"

// DecodeAs returns the content of a whole file whose metadata give this format. The
// error for another one says what the file is not: kind, such as "a model".
func DecodeAs(data []byte, kind, format string) (*File, error) {
	f, err := Decode(data)
	if err != nil {
		return nil, err
	}
	if got := f.Metadata[FormatKey]; got != format {
		return nil, fmt.Errorf("a safetensors file, but not %s: its metadata give the format %q instead of %q", kind, got, format)
	}
	return f, nil
}

func floats(data []byte) []float32 {
	out := make([]float32, len(data)/width)
	for i := range out {
		out[i] = math.Float32frombits(binary.LittleEndian.Uint32(data[width*i:]))
	}
	return out
}

type namedEntry struct {
	name string
	entry
}

// parseHeader returns the metadata, nil if there are none, and the entries in the
// order of their data. It reads token by token to notice two tensors of one name.
func parseHeader(head []byte) (metadata map[string]string, entries []namedEntry, err error) {
	if !utf8.Valid(head) {
		return nil, nil, errors.New("safetensors: the header is not UTF-8")
	}
	dec := json.NewDecoder(bytes.NewReader(head))
	dec.DisallowUnknownFields()
	if token, err := dec.Token(); err != nil || token != json.Delim('{') {
		return nil, nil, errors.New("safetensors: the header is not a JSON object")
	}
	seen := map[string]bool{}
	for dec.More() {
		token, err := dec.Token()
		if err != nil {
			return nil, nil, fmt.Errorf("safetensors: header: %w", err)
		}
		name, _ := token.(string) // the decoder allows no other key
		if name == metadataKey {
			if seen[name] {
				return nil, nil, errors.New("safetensors: metadata appear twice")
			}
			seen[name] = true
			if metadata, err = parseMetadata(dec); err != nil {
				return nil, nil, err
			}
			continue
		}
		if err := checkName(name, seen); err != nil {
			return nil, nil, err
		}
		e, err := parseEntry(dec)
		if err != nil {
			return nil, nil, fmt.Errorf("safetensors: tensor %q: %w", name, err)
		}
		entries = append(entries, namedEntry{name, e})
	}
	if _, err := dec.Token(); err != nil {
		return nil, nil, fmt.Errorf("safetensors: header: %w", err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, nil, errors.New("safetensors: the header continues after its JSON object")
	}
	slices.SortStableFunc(entries, func(a, b namedEntry) int { return slices.Compare(a.Offsets, b.Offsets) })
	return metadata, entries, nil
}

func parseMetadata(dec *json.Decoder) (map[string]string, error) {
	metadata := map[string]string{}
	if err := dec.Decode(&metadata); err != nil {
		return nil, fmt.Errorf("safetensors: metadata: %w", err)
	}
	return metadata, nil
}

// parseEntry returns an entry whose number of bytes fits its shape.
func parseEntry(dec *json.Decoder) (entry, error) {
	var e entry
	if err := dec.Decode(&e); err != nil {
		return e, err
	}
	if e.DType != dtype {
		return e, fmt.Errorf("dtype is %q: only %s is read", e.DType, dtype)
	}
	if e.Shape == nil || len(e.Offsets) != 2 {
		return e, errors.New("want a shape and two data_offsets")
	}
	size, err := byteSize(e.Shape)
	if err != nil {
		return e, err
	}
	begin, end := e.Offsets[0], e.Offsets[1]
	if begin < 0 || end-begin != size {
		return e, fmt.Errorf("data_offsets %v do not hold the %d bytes of shape %v", e.Offsets, size, e.Shape)
	}
	return e, nil
}
