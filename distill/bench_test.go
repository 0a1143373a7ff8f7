package distill

import (
	"testing"

	"github.com/coarsegrain/taylornet/internal/rng"
	"github.com/coarsegrain/taylornet/model"
)

func preset(b *testing.B) *model.Model {
	b.Helper()
	m, err := model.Load("../pretrained/digits.safetensors")
	if err != nil {
		b.Fatal(err)
	}
	return m
}

// BenchmarkPaint is steps of a chunk of images.
func BenchmarkPaint(b *testing.B) {
	nets := testEnsemble(b, 0, preset(b))
	p, r := newTestPainter(b, nets, small().Paint, 0), rng.New(1, "bench")
	x, targets := make([]float32, chunk*nets.input().Size()), normal(r, chunk*nets.dim())
	nets.normalise(targets)
	const steps = 10
	for b.Loop() {
		if err := p.paint(b.Context(), newCanvas(p, x, targets), steps, func(int) {}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N*chunk*steps)/b.Elapsed().Seconds(), "images*steps/s")
}

func BenchmarkEvaluate(b *testing.B) {
	m, images := preset(b), digits(b)
	set := randomImages(images.Train.All(), 10, 1)
	refs := &References{Config: small(), Set: set, Models: []string{hashOf(b, m)}, Embeddings: embed(b, testEnsemble(b, 0, m), set.All())}
	c := newClassifier(b, refs, Rule{}, m)
	for b.Loop() {
		if _, err := c.Evaluate(b.Context(), images.Test.All()); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N*images.Test.Len())/b.Elapsed().Seconds(), "images/s")
}
