package distill

import (
	"context"
	"errors"
	"fmt"

	"github.com/coarsegrain/taylornet/dataset"
	"github.com/coarsegrain/taylornet/model"
	"github.com/coarsegrain/taylornet/spec"
)

// ensemble is several embedders at once. Its embedding is the concatenation of theirs.
type ensemble []*embedder

// newEnsemble returns embedders of models, all of which must take the images of a set
// and know as many classes.
func newEnsemble(models []*model.Model, images *dataset.Set, layer string, workers int) (ensemble, error) {
	if len(models) == 0 {
		return nil, errors.New("no model to embed with")
	}
	var s ensemble
	for i, m := range models {
		if err := m.CheckFits(images); err != nil {
			return nil, fmt.Errorf("model %d: %w", i+1, err)
		}
		e, err := newEmbedder(m, layer, workers)
		if err != nil {
			return nil, fmt.Errorf("model %d: %w", i+1, err)
		}
		s = append(s, e)
	}
	return s, nil
}

func (s ensemble) input() spec.Shape { return s[0].model.Net().Input }

// dim returns the length of an embedding.
func (s ensemble) dim() int {
	dim := 0
	for _, e := range s {
		dim += e.dim
	}
	return dim
}

// embed returns the embeddings of images, [N,Dim].
func (s ensemble) embed(ctx context.Context, images dataset.Subset) ([]float32, error) {
	dim, at := s.dim(), 0
	out := make([]float32, images.Len()*dim)
	for _, e := range s {
		if err := e.each(ctx, images, func(i int, y []float32) { copy(out[i*dim+at:], y) }); err != nil {
			return nil, err
		}
		at += e.dim
	}
	return out, nil
}

// directions returns the embeddings with each embedder's part scaled to length 1, so
// that the product of two is the sum of their similarities.
func (s ensemble) directions(ctx context.Context, images dataset.Subset) ([]float32, error) {
	v, err := s.embed(ctx, images)
	s.normalise(v)
	return v, err
}

// normalise scales each embedder's part of embeddings [N,Dim] to length 1.
func (s ensemble) normalise(v []float32) {
	for len(v) > 0 {
		for _, e := range s {
			unit(v[:e.dim])
			v = v[e.dim:]
		}
	}
}
