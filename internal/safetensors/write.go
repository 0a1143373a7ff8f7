package safetensors

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"unicode/utf8"
)

// Write writes f. The data begin at a multiple of 64 bytes. The tensors keep their
// order.
func Write(w io.Writer, f *File) error {
	head, err := header(f)
	if err != nil {
		return err
	}
	if _, err := w.Write(head); err != nil {
		return fmt.Errorf("safetensors: writing the header: %w", err)
	}
	for _, t := range f.Tensors {
		if err := binary.Write(w, binary.LittleEndian, t.Data); err != nil {
			return fmt.Errorf("safetensors: writing tensor %q: %w", t.Name, err)
		}
	}
	return nil
}

// header returns everything before the data.
func header(f *File) ([]byte, error) {
	var fields [][]byte
	if len(f.Metadata) > 0 {
		if err := checkMetadata(f.Metadata); err != nil {
			return nil, err
		}
		field, err := jsonField(metadataKey, f.Metadata)
		if err != nil {
			return nil, err
		}
		fields = append(fields, field)
	}
	seen := make(map[string]bool, len(f.Tensors))
	begin := int64(0)
	for _, t := range f.Tensors {
		if err := checkName(t.Name, seen); err != nil {
			return nil, err
		}
		size, err := byteSize(t.Shape)
		if err != nil {
			return nil, fmt.Errorf("safetensors: tensor %q: %w", t.Name, err)
		}
		if size != width*int64(len(t.Data)) {
			return nil, fmt.Errorf("safetensors: tensor %q: shape %v does not fit %d values", t.Name, t.Shape, len(t.Data))
		}
		shape := append([]int{}, t.Shape...) // an empty shape is [], not null
		field, err := jsonField(t.Name, entry{dtype, shape, []int64{begin, begin + size}})
		if err != nil {
			return nil, err
		}
		fields = append(fields, field)
		begin += size
	}

	head := make([]byte, lengthSize)
	head = append(head, '{')
	head = append(head, bytes.Join(fields, []byte{','})...)
	head = append(head, '}')
	for len(head)%align != 0 {
		head = append(head, ' ')
	}
	binary.LittleEndian.PutUint64(head, uint64(len(head)-lengthSize))
	return head, nil
}

func checkMetadata(metadata map[string]string) error {
	for key, value := range metadata {
		if !utf8.ValidString(key) || !utf8.ValidString(value) {
			return fmt.Errorf("safetensors: metadata %q is not UTF-8", key)
		}
	}
	return nil
}

func jsonField(name string, value any) ([]byte, error) {
	key, err := json.Marshal(name)
	if err != nil {
		return nil, err
	}
	val, err := json.Marshal(value) // sorts the keys of a map
	if err != nil {
		return nil, err
	}
	return append(append(key, ':'), val...), nil
}
