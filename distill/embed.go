package distill

import (
	"context"
	"fmt"
	"strconv"

	"github.com/coarsegrain/taylornet/dataset"
	"github.com/coarsegrain/taylornet/engine"
	"github.com/coarsegrain/taylornet/engine/cpu"
	"github.com/coarsegrain/taylornet/internal/memory"
	"github.com/coarsegrain/taylornet/model"
	"github.com/coarsegrain/taylornet/spec"
)

// embedder computes embeddings: the values after one of the operations of a model.
// It is safe for concurrent use.
type embedder struct {
	model *model.Model
	dim   int // of an embedding
	// memory is the number of bytes that the program may hold, and embeddings as many.
	memory int64

	net     *spec.Net // up to the embedding, norms folded
	params  []float32
	program engine.Program[float32]
}

// newEmbedder returns an embedder for the output of the operation that layer names, as
// in Config.
func newEmbedder(m *model.Model, layer string, opts engine.Options) (*embedder, error) {
	count, err := embeddingOps(m.Net(), layer)
	if err != nil {
		return nil, err
	}
	part := &spec.Net{Input: m.Net().Input, Ops: append(m.Net().Ops[:count:count], &spec.Flatten{})}
	if err := part.Validate(); err != nil {
		return nil, fmt.Errorf("embedding after operation %d: %w", count, err)
	}
	e := &embedder{model: m, dim: part.Out().Size(), memory: memory.Or(opts.Memory)}
	folded, err := engine.Fold(part, partParams(m, part))
	if err != nil {
		return nil, err
	}
	e.net, e.params = folded.Net, folded.Params
	e.program, err = cpu.New().Compile(e.net, e.params, opts)
	return e, err
}

// embeddingOps returns the number of operations up to the embedding.
func embeddingOps(net *spec.Net, layer string) (int, error) {
	count := len(net.Ops)
	if layer == "" {
		if _, ok := net.Ops[count-1].(*spec.Linear); ok && count > 1 {
			return count - 1, nil
		}
		return count, nil
	}
	i, err := strconv.Atoi(layer)
	if err != nil || i < 1 || i > count {
		return 0, fmt.Errorf("embedding layer %q: want the number of an operation, 1 to %d", layer, count)
	}
	return i, nil
}

// partParams returns the parameters of the first operations of a model.
func partParams(m *model.Model, part *spec.Net) []float32 {
	at := make(map[string]int)
	for _, p := range m.Net().Params() {
		at[p.Name] = p.Offset
	}
	list := part.Params()
	params, all := make([]float32, engine.VectorLen(list)), m.Params()
	for _, p := range list {
		copy(params[p.Offset:][:p.Size()], all[at[p.Name]:])
	}
	return params
}

// each calls f with the embedding of every image, from several goroutines, until ctx is
// done. The embedding is valid only during the call.
func (e *embedder) each(ctx context.Context, images dataset.Subset, f func(i int, y []float32)) error {
	norm := e.model.Normalisation()
	return e.program.RunContext(ctx, images.Len(), func(i int, x []float32) {
		norm.Apply(x, images.Image(i))
	}, f)
}
