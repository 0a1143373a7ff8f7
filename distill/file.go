package distill

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"

	"github.com/coarsegrain/taylornet/dataset"
	"github.com/coarsegrain/taylornet/internal/fsx"
	"github.com/coarsegrain/taylornet/internal/memory"
	"github.com/coarsegrain/taylornet/internal/safetensors"
)

// Metadata key of a file of references, and the names of its tensors: images [R,H,W,C]
// with values 0 to 255, labels [R], embeddings [R,Dim], and the tree, group.1 [N],
// group.2 and so on, one per level, with whole numbers.
const (
	recordKey     = "record"
	imagesName    = "images"
	labelsName    = "labels"
	embeddingName = "embeddings"
	groupName     = "group."
)

// format names the file format and its version.
const format = "taylornet-references/1"

// record is the JSON in the metadata.
type record struct {
	Config      Config   `json:"config"`
	Models      []string `json:"models"`
	Classes     []string `json:"classes"`
	Fingerprint string   `json:"fingerprint"`
}

// Load returns the references in a file. Errors name the file.
func Load(path string) (*References, error) {
	data, err := safetensors.ReadFile(path, memory.Default()/2) // it is decoded beside the bytes
	if err != nil {
		return nil, fmt.Errorf("reading references: %w", err)
	}
	r, err := Decode(data)
	if err != nil {
		return nil, fmt.Errorf("reading references %s: %w", path, err)
	}
	return r, nil
}

// Decode returns the references in the bytes of a file.
func Decode(data []byte) (*References, error) {
	f, err := safetensors.DecodeAs(data, "a file of references", format)
	if err != nil {
		return nil, err
	}
	var head record
	if err := json.Unmarshal([]byte(f.Metadata[recordKey]), &head); err != nil {
		return nil, fmt.Errorf("metadata %q: %w", recordKey, err)
	}
	if err := head.Config.Validate(); err != nil {
		return nil, fmt.Errorf("metadata %q: %w", recordKey, err)
	}
	r := &References{Config: head.Config, Models: head.Models, Fingerprint: head.Fingerprint}
	if r.Set, err = decodeImages(f, head.Classes); err != nil {
		return nil, err
	}
	if len(r.Models) == 0 {
		return nil, fmt.Errorf("metadata %q: no model is named", recordKey)
	}
	embeddings, ok := f.Tensor(embeddingName)
	if !ok || len(embeddings.Shape) != 2 || embeddings.Shape[0] != r.Len() || embeddings.Shape[1] == 0 {
		return nil, fmt.Errorf("tensor %s has shape %v, want [%d,Dim]", embeddingName, embeddings.Shape, r.Len())
	}
	for i, v := range embeddings.Data {
		if v-v != 0 {
			return nil, fmt.Errorf("tensor %s has the value %v at %d", embeddingName, v, i)
		}
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

// decodeGroups reads the tree and checks it: no group is empty or has images of several
// classes.
func (r *References) decodeGroups(f *safetensors.File) error {
	classes := len(r.Set.Classes)
	for i, k := range r.Config.PerClass {
		t, ok := f.Tensor(fmt.Sprint(groupName, i+1))
		if !ok {
			break
		}
		if i > 0 && len(t.Data) != classes*r.Config.PerClass[i-1] {
			return fmt.Errorf("tensor %s has %d values for %d images", t.Name, len(t.Data), classes*r.Config.PerClass[i-1])
		}
		lowest := 0
		if i == 0 {
			lowest = -1 // a validation image
		}
		group, err := whole(t, lowest, classes*k)
		if err != nil {
			return err
		}
		seen := make(map[int32]bool, len(group))
		for j, g := range group {
			if i > 0 && int(g)/k != j/r.Config.PerClass[i-1] {
				return fmt.Errorf("tensor %s puts an image into a group of another class at %d", t.Name, j)
			}
			seen[g] = g >= 0
		}
		delete(seen, -1)
		if len(seen) != classes*k {
			return fmt.Errorf("tensor %s fills %d of %d groups", t.Name, len(seen), classes*k)
		}
		r.Groups = append(r.Groups, group)
	}
	if len(r.Groups) == 0 || r.Len() != classes*r.Config.PerClass[len(r.Groups)-1] {
		return fmt.Errorf("%d references after %d levels of %v images of %d classes", r.Len(), len(r.Groups), r.Config.PerClass, classes)
	}
	for i, label := range r.Set.Labels {
		if int(label) != i/r.Config.PerClass[len(r.Groups)-1] {
			return fmt.Errorf("tensor %s is not class by class: %d at %d", labelsName, label, i)
		}
	}
	return nil
}

// whole returns the values of a tensor, which must be whole numbers from lowest to below
// limit.
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

// Save writes the references to a file, atomically. Equal references give equal bytes.
func (r *References) Save(path string) error { return fsx.WriteFile(fsx.OS{}, path, r.Write) }

// Write writes the bytes of the file that Save makes.
func (r *References) Write(w io.Writer) error {
	head, err := json.Marshal(record{r.Config, r.Models, r.Set.Classes, r.Fingerprint})
	if err != nil {
		return fmt.Errorf("metadata %q: %w", recordKey, err)
	}
	tensors := []safetensors.Tensor{
		{Name: imagesName, Shape: []int{r.Len(), r.Set.H, r.Set.W, r.Set.C}, Data: floats(r.Set.Pixels)},
		{Name: labelsName, Shape: []int{r.Len()}, Data: floats(r.Set.Labels)},
		{Name: embeddingName, Shape: []int{r.Len(), r.dim()}, Data: r.Embeddings},
	}
	for i, group := range r.Groups {
		tensors = append(tensors, safetensors.Tensor{Name: fmt.Sprint(groupName, i+1), Shape: []int{len(group)}, Data: floats(group)})
	}
	metadata := map[string]string{safetensors.FormatKey: format, recordKey: string(head)}
	return safetensors.Write(w, &safetensors.File{Metadata: metadata, Tensors: tensors})
}

func floats[T uint8 | uint16 | int32](values []T) []float32 {
	out := make([]float32, len(values))
	for i, v := range values {
		out[i] = float32(v)
	}
	return out
}
