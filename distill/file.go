package distill

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/coarsegrain/taylornet/dataset"
	"github.com/coarsegrain/taylornet/internal/fsx"
	"github.com/coarsegrain/taylornet/internal/safetensors"
)

// Metadata keys of a file of references, and the names of its tensors: images
// [R,H,W,C] of values 0 to 255, labels [R], embeddings [R,Dim], and for each
// level group.1 [N] and so on, with whole numbers.
const (
	formatKey     = "format"
	recordKey     = "record"
	imagesName    = "images"
	labelsName    = "labels"
	embeddingName = "embeddings"
	groupName     = "group."
)

// format names the file format and its version.
const format = "taylornet-references/1"

// record is what the metadata hold as JSON.
type record struct {
	Config      Config   `json:"config"`
	Models      []string `json:"models"`
	Classes     []string `json:"classes"`
	Fingerprint string   `json:"fingerprint"`
}

// Load reads a file of references. Errors name the file.
func Load(path string) (*References, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading references: %w", err)
	}
	r, err := Decode(data)
	if err != nil {
		return nil, fmt.Errorf("reading references %s: %w", path, err)
	}
	return r, nil
}

// Decode reads the bytes of a file of references.
func Decode(data []byte) (*References, error) {
	f, err := safetensors.Decode(data)
	if err != nil {
		return nil, err
	}
	if got := f.Metadata[formatKey]; got != format {
		return nil, fmt.Errorf("a safetensors file, but no references: its metadata give the format %q, not %q", got, format)
	}
	var head record
	if err := json.Unmarshal([]byte(f.Metadata[recordKey]), &head); err != nil {
		return nil, fmt.Errorf("metadata %q: %w", recordKey, err)
	}
	if err := head.Config.Validate(); err != nil {
		return nil, err
	}
	r := &References{Config: head.Config, Models: head.Models, Fingerprint: head.Fingerprint}
	if r.Set, err = decodeImages(f, head.Classes); err != nil {
		return nil, err
	}
	if len(r.Models) == 0 {
		return nil, fmt.Errorf("metadata %q: there is no model", recordKey)
	}
	embeddings, ok := f.Tensor(embeddingName)
	if !ok || len(embeddings.Shape) != 2 || embeddings.Shape[0] != r.N() || embeddings.Shape[1] == 0 {
		return nil, fmt.Errorf("tensor %s has shape %v, want [%d,Dim]", embeddingName, embeddings.Shape, r.N())
	}
	r.Embeddings = embeddings.Data
	return r, r.decodeGroups(f)
}

// decodeImages reads the images and their labels.
func decodeImages(f *safetensors.File, classes []string) (*dataset.Set, error) {
	images, _ := f.Tensor(imagesName)
	labels, _ := f.Tensor(labelsName)
	s := images.Shape
	if len(s) != 4 || s[0] == 0 || !slices.Equal(labels.Shape, s[:1]) {
		return nil, fmt.Errorf("tensors %s and %s have shapes %v and %v, want [R,H,W,C] and [R]", imagesName, labelsName, s, labels.Shape)
	}
	set := &dataset.Set{Name: "references", Classes: classes, H: s[1], W: s[2], C: s[3]}
	values, err := whole(images, 0, 256)
	if err != nil {
		return nil, err
	}
	for _, v := range values {
		set.Pixels = append(set.Pixels, uint8(v))
	}
	if values, err = whole(labels, 0, min(len(classes), 1<<16)); err != nil {
		return nil, err
	}
	for _, v := range values {
		set.Labels = append(set.Labels, uint16(v))
	}
	return set, nil
}

// decodeGroups reads the tree, from the references down.
func (r *References) decodeGroups(f *safetensors.File) error {
	for i := 1; ; i++ {
		t, ok := f.Tensor(fmt.Sprint(groupName, i))
		if !ok {
			break
		}
		r.Groups = append(r.Groups, make([]int32, len(t.Data)))
	}
	if len(r.Groups) == 0 || len(r.Groups) > len(r.Config.PerClass) {
		return fmt.Errorf("%d levels of groups, of %d", len(r.Groups), len(r.Config.PerClass))
	}
	above := r.N()
	for i := len(r.Groups) - 1; i >= 0; i-- {
		t, _ := f.Tensor(fmt.Sprint(groupName, i+1))
		lowest := 0
		if i == 0 {
			lowest = -1
		}
		values, err := whole(t, lowest, above)
		if err != nil {
			return err
		}
		r.Groups[i], above = values, len(values)
	}
	return nil
}

// whole reads whole numbers from lowest to below limit.
func whole(t safetensors.Tensor, lowest, limit int) ([]int32, error) {
	out := make([]int32, len(t.Data))
	for i, v := range t.Data {
		if !(v >= float32(lowest) && v < float32(limit)) || v != float32(int32(v)) {
			return nil, fmt.Errorf("tensor %s has the value %v at %d: want a whole number from %d to %d", t.Name, v, i, lowest, limit-1)
		}
		out[i] = int32(v)
	}
	return out, nil
}

// Save writes the file, atomically. Equal references give equal bytes.
func (r *References) Save(path string) error { return fsx.WriteFile(fsx.OS{}, path, r.Write) }

// Write writes the bytes of the file.
func (r *References) Write(w io.Writer) error {
	head, err := json.Marshal(record{r.Config, r.Models, r.Set.Classes, r.Fingerprint})
	if err != nil {
		return fmt.Errorf("metadata %q: %w", recordKey, err)
	}
	tensors := []safetensors.Tensor{
		{Name: imagesName, Shape: []int{r.N(), r.Set.H, r.Set.W, r.Set.C}, Data: floats(r.Set.Pixels)},
		{Name: labelsName, Shape: []int{r.N()}, Data: floats(r.Set.Labels)},
		{Name: embeddingName, Shape: []int{r.N(), r.Dim()}, Data: r.Embeddings},
	}
	for i, group := range r.Groups {
		tensors = append(tensors, safetensors.Tensor{Name: fmt.Sprint(groupName, i+1), Shape: []int{len(group)}, Data: floats(group)})
	}
	metadata := map[string]string{formatKey: format, recordKey: string(head)}
	return safetensors.Write(w, &safetensors.File{Metadata: metadata, Tensors: tensors})
}

func floats[T uint8 | uint16 | int32](values []T) []float32 {
	out := make([]float32, len(values))
	for i, v := range values {
		out[i] = float32(v)
	}
	return out
}
