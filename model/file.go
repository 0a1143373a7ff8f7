package model

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"slices"

	"github.com/coarsegrain/taylornet/engine"
	"github.com/coarsegrain/taylornet/internal/fsx"
	"github.com/coarsegrain/taylornet/internal/memory"
	"github.com/coarsegrain/taylornet/internal/safetensors"
	"github.com/coarsegrain/taylornet/spec"
	"github.com/coarsegrain/taylornet/tensor"
)

// Metadata keys of a model file. The network is in the notation, input the
// image shape [H,W,C], the rest JSON.
const (
	networkKey       = "network"
	inputKey         = "input"
	normalisationKey = "normalisation"
	classesKey       = "classes"
	expansionKey     = "expansion"   // may be missing
	rangeKey         = "logit_range" // may be missing
	preparationKey   = "preparation" // may be missing
	guardKey         = "guard"       // may be missing
	trainingKey      = "training"
)

// format names the file format and its version.
const format = "taylornet/1"

// copies is how many times what a model file holds is in memory while it is read: the
// file, its tensors, and the parameters.
const copies = 3

// Load returns the model of a file. Options are as in New. Errors name the file.
func Load(path string, opts ...Options) (*Model, error) {
	var o Options
	if len(opts) > 0 {
		o = opts[len(opts)-1]
	}
	data, err := safetensors.ReadFile(path, memory.Or(o.Memory)/copies)
	if err != nil {
		return nil, fmt.Errorf("reading model: %w", err)
	}
	m, err := Decode(data, opts...)
	if err != nil {
		return nil, fmt.Errorf("reading model %s: %w", path, err)
	}
	return m, nil
}

// Decode returns the model of a file's bytes. Options are as in New.
func Decode(data []byte, opts ...Options) (*Model, error) {
	cfg, err := decode(data)
	if err != nil {
		return nil, err
	}
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	return newModel(cfg, opts, memory.ForFile(int64(len(data))))
}

func decode(data []byte) (*Config, error) {
	f, err := safetensors.DecodeAs(data, "a model", format)
	if err != nil {
		return nil, err
	}
	cfg := &Config{Training: json.RawMessage(f.Metadata[trainingKey])}
	if cfg.Net, err = spec.Parse(f.Metadata[networkKey]); err != nil {
		return nil, fmt.Errorf("network: %w", err)
	}
	for key, into := range map[string]any{normalisationKey: &cfg.Normalisation, classesKey: &cfg.Classes} {
		if err := json.Unmarshal([]byte(f.Metadata[key]), into); err != nil {
			return nil, fmt.Errorf("metadata %q: %w", key, err)
		}
	}
	for key, into := range map[string]any{expansionKey: &cfg.Expansion, rangeKey: &cfg.LogitRange, preparationKey: &cfg.Preparation, guardKey: &cfg.Guard} {
		text, ok := f.Metadata[key]
		if !ok {
			continue
		}
		if err := json.Unmarshal([]byte(text), into); err != nil {
			return nil, fmt.Errorf("metadata %q: %w", key, err)
		}
	}
	cfg.Params, err = vector(f, cfg.Net)
	return cfg, err
}

// vector gathers a network's tensors from a file into the flat parameter
// vector. The error names the first tensor that is missing or has another
// shape, or that the network does not have.
func vector(f *safetensors.File, net *spec.Net) ([]float32, error) {
	list := net.Params()
	size, named := 0, make(map[string]safetensors.Tensor, len(f.Tensors))
	for _, t := range f.Tensors {
		size += len(t.Data)
		named[t.Name] = t
	}
	// Compared before allocating: a file cannot ask for more than it holds.
	if want := engine.VectorLen(list); len(list) != len(f.Tensors) || want != size {
		return nil, fmt.Errorf("%w: %d tensors with %d values, the network has %d with %d", engine.ErrParams, len(f.Tensors), size, len(list), want)
	}
	values := tensor.Alloc[float32](size)
	for _, p := range list {
		t, ok := named[p.Name]
		if !ok {
			return nil, fmt.Errorf("%w: tensor %s is missing", engine.ErrParams, p.Name)
		}
		if !slices.Equal(t.Shape, p.Shape) {
			return nil, fmt.Errorf("%w: tensor %s has shape %v, want %v", engine.ErrParams, p.Name, t.Shape, p.Shape)
		}
		copy(values[p.Offset:], t.Data)
	}
	return values, nil
}

// tensors cuts a network's flat parameter vector, without copying, into the
// named tensors of a file.
func tensors(net *spec.Net, params []float32) []safetensors.Tensor {
	var out []safetensors.Tensor
	for _, p := range net.Params() {
		out = append(out, safetensors.Tensor{Name: p.Name, Shape: p.Shape, Data: params[p.Offset:][:p.Size()]})
	}
	return out
}

// Save writes the model file. It replaces an existing file in one step, so that none is
// ever torn. Equal models give equal bytes.
func (m *Model) Save(path string) error {
	return fsx.WriteFile(fsx.OS{}, path, m.Write)
}

// Hash returns the SHA-256 of the model file's bytes, in hexadecimal.
func (m *Model) Hash() (string, error) {
	h := sha256.New()
	if err := m.Write(h); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// Write writes the bytes of the model file.
func (m *Model) Write(w io.Writer) error {
	metadata := map[string]string{
		safetensors.FormatKey: format,
		networkKey:            m.cfg.Net.String(),
	}
	if len(m.cfg.Training) > 0 {
		metadata[trainingKey] = string(m.cfg.Training)
	}
	in := m.cfg.Net.Input
	values := map[string]any{inputKey: []int{in.H, in.W, in.C}, normalisationKey: m.cfg.Normalisation, classesKey: m.cfg.Classes}
	if m.cfg.Expansion != nil {
		values[expansionKey] = m.cfg.Expansion
	}
	if m.cfg.LogitRange > 0 {
		values[rangeKey] = m.cfg.LogitRange
	}
	if m.cfg.Preparation.Kind != "" {
		values[preparationKey] = m.cfg.Preparation
	}
	if m.cfg.Guard != nil {
		values[guardKey] = m.cfg.Guard
	}
	for key, value := range values {
		text, err := json.Marshal(value)
		if err != nil {
			return fmt.Errorf("metadata %q: %w", key, err)
		}
		metadata[key] = string(text)
	}
	return safetensors.Write(w, &safetensors.File{Metadata: metadata, Tensors: tensors(m.cfg.Net, m.cfg.Params)})
}
