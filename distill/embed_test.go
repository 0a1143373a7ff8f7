package distill

import (
	"errors"
	"math"
	"slices"
	"testing"

	"github.com/coarsegrain/taylornet/dataset"
	"github.com/coarsegrain/taylornet/engine"
	"github.com/coarsegrain/taylornet/internal/approx"
	"github.com/coarsegrain/taylornet/model"
	"github.com/coarsegrain/taylornet/tensor"
)

// TestEmbedByHand compares with sums written out, of a network of two linear
// layers: what the last reads, each layer's output, and the logits.
func TestEmbedByHand(t *testing.T) {
	c := madeUp(t, "Input(2,1,1) Linear(3) Linear(2)", 1, "a", "b").Config()
	c.Normalisation = dataset.Normalisation{Mean: []float32{0.5}, Std: []float32{0.25}}
	copy(tensorOf(c, "0.linear.weight"), []float32{1, 2, 3, -4, 5, 6}) // [2,3]
	copy(tensorOf(c, "0.linear.bias"), []float32{7, 0, -1})
	copy(tensorOf(c, "1.linear.weight"), []float32{1, 0, 0, 1, 2, -2}) // [3,2]
	copy(tensorOf(c, "1.linear.bias"), []float32{10, 20})
	m := newModel(t, c)
	set := &dataset.Set{Classes: c.Classes, H: 2, W: 1, C: 1, Pixels: []uint8{255, 0, 0, 255}, Labels: []uint16{0, 1}}
	// The inputs are (2,-2) and (-2,2).
	hidden := []float64{17, -6, -7, -3, 6, 5}
	for layer, want := range map[string][]float64{
		"": hidden, "1": hidden, "2": {17 + 10 - 14, -6 + 20 + 14, -3 + 10 + 10, 6 + 20 - 10},
	} {
		nets, err := newEnsemble([]*model.Model{m}, set, layer, engine.Options{Workers: 1})
		if err != nil {
			t.Fatal(err)
		}
		if dim := len(want) / 2; nets.dim() != dim {
			t.Errorf("layer %q: dimension %d, want %d", layer, nets.dim(), dim)
		}
		if err := approx.Slices(embed(t, nets, set.All()), want, func(int) float64 { return 1e-4 }); err != nil {
			t.Errorf("layer %q: %v", layer, err)
		}
	}
}

// The embedding is what the last linear layer makes the logits of, norms and
// coarse-grainings before it; the last operation's output is the logits.
func TestEmbeddingGivesLogits(t *testing.T) {
	m, set := trained(t), someDigits(t, 50)
	x := tensor.New(set.Len(), 8, 8, 1)
	copy(x.Data, unitPixels(set.All()))
	logits, err := m.Logits(t.Context(), x)
	if err != nil {
		t.Fatal(err)
	}
	nets := testEnsemble(t, 2, m)
	if nets.dim() != 32 {
		t.Fatalf("dimension %d, want 2x2x8", nets.dim())
	}
	weight, bias := tensorOf(m.Config(), "6.linear.weight"), tensorOf(m.Config(), "6.linear.bias")
	var want []float64
	for y := range slices.Chunk(embed(t, nets, set.All()), nets.dim()) {
		for k := range 10 {
			sum := float64(bias[k])
			for j, v := range y {
				sum += float64(v) * float64(weight[j*10+k])
			}
			want = append(want, sum)
		}
	}
	tol := func(int) float64 { return 1e-4 }
	if err := approx.Slices(logits.Data, want, tol); err != nil {
		t.Errorf("logits of embeddings: %v", err)
	}
	last, err := newEnsemble([]*model.Model{m}, set, "7", engine.Options{Workers: 2})
	if err != nil {
		t.Fatal(err)
	}
	if err := approx.Slices(embed(t, last, set.All()), want, tol); err != nil {
		t.Errorf("the last operation's output: %v", err)
	}
}

// An embedding in the middle is of the feature maps there, before a norm too.
func TestEmbeddingInTheMiddle(t *testing.T) {
	m, set := trained(t), someDigits(t, 5)
	before, err := newEnsemble([]*model.Model{m}, set, "1", engine.Options{Workers: 1}) // the convolution
	if err != nil {
		t.Fatal(err)
	}
	after, err := newEnsemble([]*model.Model{m}, set, "2", engine.Options{Workers: 1}) // its norm
	if err != nil {
		t.Fatal(err)
	}
	if before.dim() != 8*8*8 || after.dim() != before.dim() {
		t.Fatalf("dimensions %d and %d, want 8x8x8", before.dim(), after.dim())
	}
	norm := func(name string) []float32 { return tensorOf(m.Config(), "1.norm."+name) }
	want := make([]float64, 0, set.Len()*before.dim())
	for i, v := range embed(t, before, set.All()) {
		c := i % 8
		scale := float64(norm("scale")[c]) / math.Sqrt(float64(norm("variance")[c])+1e-5)
		want = append(want, (float64(v)-float64(norm("mean")[c]))*scale+float64(norm("shift")[c]))
	}
	if err := approx.Slices(embed(t, after, set.All()), want, func(int) float64 { return 1e-4 }); err != nil {
		t.Error(err)
	}
}

// A network of nothing but a linear layer has that for its embedding, one that
// ends otherwise its output.
func TestEmbeddingWithoutLastLayer(t *testing.T) {
	for net, dim := range map[string]int{"Input(1,1,3) Linear(2)": 2, "Input(1,1,3) Linear(5) Linear(2) Norm": 2, "Input(2,2,3) CG(2,2,3,2,2) Flatten": 3} {
		m := madeUp(t, net, 1, make([]string, dim)...)
		if got := testEnsemble(t, 1, m).dim(); got != dim {
			t.Errorf("%s: dimension %d, want %d", net, got, dim)
		}
	}
}

func TestEmbedderRefuses(t *testing.T) {
	m := trained(t)
	for _, layer := range []string{"0", "8", "-1", "conv", "1.5", " 1"} {
		_, err := newEmbedder(m, layer, engine.Options{Workers: 1})
		oneLine(t, err, `want the number of an operation, 1 to 7`)
		oneLine(t, err, layer)
	}
	_, err := newEnsemble([]*model.Model{m, rgb(t)}, taken(m), "", engine.Options{Workers: 1})
	oneLine(t, err, "model 2: the model takes other images: none has images of 8x8x1, it takes 1x1x3")
	_, err = newEnsemble([]*model.Model{rgb(t)}, taken(rgb(t)), "2", engine.Options{Workers: 1})
	oneLine(t, err, "model 1: ")
	_, err = newEnsemble(nil, taken(m), "", engine.Options{Workers: 1})
	oneLine(t, err, "no model")
}

// An ensemble's embedding is its parts', one after the other; as a direction,
// each has length 1.
func TestEnsemble(t *testing.T) {
	a, b, set := trained(t), disturbed(t), someDigits(t, 40).All()
	both := testEnsemble(t, 1, a, b)
	if both.dim() != 64 {
		t.Fatalf("dimension %d, want 64", both.dim())
	}
	joint := embed(t, both, set)
	for k, m := range []*model.Model{a, b} {
		y := embed(t, testEnsemble(t, 1, m), set)
		for i := range set.Len() {
			if !slices.Equal(joint[i*64+k*32:][:32], y[i*32:][:32]) {
				t.Fatalf("image %d: the part of model %d is another than alone", i, k+1)
			}
		}
	}
	for i, part := range slices.Collect(slices.Chunk(directions(t, both, set), 32)) {
		if !approx.Close(length(part), 1, 1e-6) {
			t.Errorf("part %d has length %v", i, length(part))
		}
		like := dot(part, joint[i*32:][:32]) / length(joint[i*32:][:32])
		if !approx.Close(like, 1, 1e-6) {
			t.Errorf("part %d points elsewhere: cosine %v", i, like)
		}
	}
	for _, workers := range allWorkers {
		if !slices.Equal(embed(t, testEnsemble(t, workers, a, b), set), joint) {
			t.Errorf("%d workers: other embeddings", workers)
		}
	}
}

func TestUnit(t *testing.T) {
	v := []float32{3e30, -4e30}
	unit(v)
	if err := approx.Slices(v, []float64{0.6, -0.8}, func(int) float64 { return 1e-7 }); err != nil {
		t.Error(err)
	}
	unit(v[:0])
	zero := []float32{0, 0}
	if unit(zero); zero[0] != 0 || zero[1] != 0 {
		t.Errorf("zeros became %v", zero)
	}
}

// Images of another shape are found before they are embedded.
func TestReembedRefusesOtherImages(t *testing.T) {
	refs := byHandReferences(t)
	if _, err := NewClassifier(refs, []*model.Model{trained(t)}, ClassifierOptions{Reembed: true}); !errors.Is(err, model.ErrShape) {
		t.Errorf("error %v, want %v", err, model.ErrShape)
	}
}
