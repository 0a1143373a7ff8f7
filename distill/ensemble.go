package distill

import (
	"context"
	"errors"
	"fmt"

	"github.com/coarsegrain/taylornet/dataset"
	"github.com/coarsegrain/taylornet/engine"
	"github.com/coarsegrain/taylornet/internal/memory"
	"github.com/coarsegrain/taylornet/model"
	"github.com/coarsegrain/taylornet/spec"
)

// ensemble is several embedders at once. Its embedding is the concatenation of theirs.
type ensemble []*embedder

// newEnsemble returns embedders of models, all of which must take the images of a set
// and know as many classes. Their programs together have half of the memory in opts, and
// the embeddings of a call to embed the other half.
func newEnsemble(models []*model.Model, images *dataset.Set, layer string, opts engine.Options) (ensemble, error) {
	if len(models) == 0 {
		return nil, errors.New("no model to embed with")
	}
	var s ensemble
	opts.Memory = max(1, memory.Or(opts.Memory)/int64(2*len(models)))
	for i, m := range models {
		if err := m.CheckFits(images); err != nil {
			return nil, fmt.Errorf("model %d: %w", i+1, err)
		}
		e, err := newEmbedder(m, layer, opts)
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
	if err := memory.Check(s[0].memory*int64(len(s)), memory.Of[float32](float64(dim)*float64(images.Len())), fmt.Sprintf("the embeddings of %d images, each of %d values,", images.Len(), dim)); err != nil {
		return nil, err
	}
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
