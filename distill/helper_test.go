package distill

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/coarsegrain/taylornet/dataset"
	"github.com/coarsegrain/taylornet/engine"
	"github.com/coarsegrain/taylornet/internal/rng"
	"github.com/coarsegrain/taylornet/model"
	"github.com/coarsegrain/taylornet/spec"
)

// allWorkers are the numbers of workers whose results must be the same.
var allWorkers = []int{1, 2, 4}

// small is a distillation of three levels in few steps.
func small() Config {
	c := Recipe(Similarity, "digits", 100)
	c.PerClass, c.Steps, c.Refine = []int{8, 2, 1}, []int{4, 5, 6}, 1
	return c
}

func digits(t testing.TB) *dataset.Data {
	t.Helper()
	data, err := dataset.Load(t.Context(), "digits", dataset.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// someDigits is the first n training images.
func someDigits(t testing.TB, n int) *dataset.Set {
	t.Helper()
	all := digits(t).Train.All()
	all.Index = all.Index[:n]
	return all.Copy("some digits")
}

// trained is a small model of the digits, with an embedding of 32 values.
func trained(t testing.TB) *model.Model {
	t.Helper()
	m, err := model.Load("../model/testdata/digits.safetensors")
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// disturbed is the trained model with other parameters and another scale of
// pixels, which still knows digits well.
func disturbed(t testing.TB) *model.Model {
	t.Helper()
	c := trained(t).Config()
	r := rng.New(1, "test")
	for i := range c.Params {
		c.Params[i] *= 0.9 + 0.2*r.Float32()
	}
	c.Normalisation = dataset.Normalisation{Mean: []float32{0.3}, Std: []float32{0.4}}
	return newModel(t, c)
}

func newModel(t testing.TB, c model.Config) *model.Model {
	t.Helper()
	m, err := model.New(c, model.Options{Workers: 2})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// madeUp is a model of a network with random parameters, statistics included,
// whose inputs are the pixels 0 to 1.
func madeUp(t testing.TB, net string, seed uint64, classes ...string) *model.Model {
	t.Helper()
	parsed, err := spec.Parse(net)
	if err != nil {
		t.Fatal(err)
	}
	c := model.Config{Net: parsed, Params: engine.Init(parsed, seed), Classes: classes}
	r := rng.New(seed, "test")
	for i := range c.Params {
		c.Params[i] += r.Float32() / 4
	}
	for range parsed.Input.C {
		c.Normalisation.Mean = append(c.Normalisation.Mean, 0)
		c.Normalisation.Std = append(c.Normalisation.Std, 1)
	}
	return newModel(t, c)
}

// rgb is a model whose embedding and logits are the channels of a single pixel.
func rgb(t testing.TB) *model.Model {
	t.Helper()
	c := madeUp(t, "Input(1,1,3) Linear(3)", 1, "red", "green", "blue").Config()
	clear(c.Params)
	for i := range 3 {
		tensorOf(c, "0.linear.weight")[i*3+i] = 1
	}
	return newModel(t, c)
}

// tensorOf is the named part of a parameter vector.
func tensorOf(c model.Config, name string) []float32 {
	for _, p := range c.Net.Params() {
		if p.Name == name {
			return c.Params[p.Offset:][:p.Size()]
		}
	}
	panic("no tensor " + name)
}

// colours are n images of a single pixel, of three classes in turn.
func colours(n int, seed uint64) *dataset.Set {
	set := &dataset.Set{Name: "colours", Classes: []string{"red", "green", "blue"}, H: 1, W: 1, C: 3}
	r := rng.New(seed, "colours")
	for i := range n {
		set.Labels = append(set.Labels, uint16(i%3))
		for range 3 {
			set.Pixels = append(set.Pixels, uint8(1+r.IntN(255)))
		}
	}
	return set
}

func testEnsemble(t testing.TB, workers int, models ...*model.Model) ensemble {
	t.Helper()
	nets, err := newEnsemble(models, taken(models[0]), "", engine.Options{Workers: workers})
	if err != nil {
		t.Fatal(err)
	}
	return nets
}

// taken is a set of no images like those that a model takes.
func taken(m *model.Model) *dataset.Set {
	in := m.Net().Input
	return &dataset.Set{Name: "none", H: in.H, W: in.W, C: in.C, Classes: m.Classes()}
}

// distilled runs a distillation without a folder.
func distilled(t testing.TB, c Config, set *dataset.Set, models ...*model.Model) []*References {
	t.Helper()
	levels, err := Run(t.Context(), c, models, set, Options{})
	if err != nil {
		t.Fatal(err)
	}
	return levels
}

func fileOf(t testing.TB, r *References) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := r.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func hashOf(t testing.TB, m *model.Model) string {
	t.Helper()
	hash, err := m.Hash()
	if err != nil {
		t.Fatal(err)
	}
	return hash
}

// normal fills a vector with normal random numbers.
func normal(r *rand.Rand, n int) []float32 {
	v := make([]float32, n)
	for i := range v {
		v[i] = float32(r.NormFloat64())
	}
	return v
}

// oneLine reports an error that is missing, of several lines, or says none of
// what is wanted.
func oneLine(t testing.TB, err error, want string) {
	t.Helper()
	switch {
	case err == nil:
		t.Errorf("no error, want %q", want)
	case strings.Contains(err.Error(), "\n"):
		t.Errorf("an error of several lines: %q", err)
	case !strings.Contains(err.Error(), want):
		t.Errorf("error %q, want %q", err, want)
	}
}

// byHandReferences are nine colours, three per class, found at two
// levels, and their models.
func byHandReferences(t testing.TB) *References {
	t.Helper()
	m := rgb(t)
	r := &References{
		Config: small(), Set: colours(9, 4), Models: []string{hashOf(t, m)}, Fingerprint: "f",
		Groups: [][]int32{
			{0, 3, -1, 17, 17, 1, 2, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16},
			{0, 0, 0, 1, 1, 2, 3, 3, 3, 4, 5, 5, 6, 6, 7, 7, 8, 8},
		},
	}
	r.Config.PerClass = []int{6, 3, 1}
	slices.Sort(r.Set.Labels)
	r.Set.Name = "references" // as it is read
	r.Embeddings = unitPixels(r.Set.All())
	return r
}

func contains(err error, text string) bool { return strings.Contains(err.Error(), text) }

// ok returns what a call returned, if there was no error.
func ok[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func embed(t testing.TB, nets ensemble, images dataset.Subset) []float32 {
	t.Helper()
	return ok(nets.embed(t.Context(), images))
}

func directions(t testing.TB, nets ensemble, images dataset.Subset) []float32 {
	t.Helper()
	return ok(nets.directions(t.Context(), images))
}
