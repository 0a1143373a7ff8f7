package distill

import (
	"errors"
	"fmt"

	"github.com/coarsegrain/taylornet/dataset"
	"github.com/coarsegrain/taylornet/model"
	"github.com/coarsegrain/taylornet/spec"
)

// Ensemble is several embedders at once. Its embedding is theirs one after the
// other.
type Ensemble []*Embedder

// NewEnsemble makes embedders, as NewEmbedder does, of models that take the images
// of a set and know as many classes.
func NewEnsemble(models []*model.Model, images *dataset.Set, layer string, workers int) (Ensemble, error) {
	if len(models) == 0 {
		return nil, errors.New("no model to embed with")
	}
	var s Ensemble
	for i, m := range models {
		if err := m.CheckFits(images); err != nil {
			return nil, fmt.Errorf("model %d: %w", i+1, err)
		}
		e, err := NewEmbedder(m, layer, workers)
		if err != nil {
			return nil, fmt.Errorf("model %d: %w", i+1, err)
		}
		s = append(s, e)
	}
	return s, nil
}

func (s Ensemble) input() spec.Shape { return s[0].Model.Net().Input }

// Dim is the length of an embedding.
func (s Ensemble) Dim() int {
	dim := 0
	for _, e := range s {
		dim += e.Dim
	}
	return dim
}

// Embed returns the embeddings of images, [N,Dim].
func (s Ensemble) Embed(images dataset.Subset) []float32 {
	dim, at := s.Dim(), 0
	out := make([]float32, images.Len()*dim)
	for _, e := range s {
		e.each(images, func(i int, y []float32) { copy(out[i*dim+at:], y) })
		at += e.Dim
	}
	return out
}

// directions returns the embeddings with each embedder's part scaled to length
// 1, so that a product of two is the sum of their similarities.
func (s Ensemble) directions(images dataset.Subset) []float32 {
	v := s.Embed(images)
	s.normalise(v)
	return v
}

// normalise scales each embedder's part of embeddings [N,Dim] to length 1.
func (s Ensemble) normalise(v []float32) {
	for len(v) > 0 {
		for _, e := range s {
			unit(v[:e.Dim])
			v = v[e.Dim:]
		}
	}
}
