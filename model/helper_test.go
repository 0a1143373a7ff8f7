package model_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/coarsegrain/taylornet/dataset"
	"github.com/coarsegrain/taylornet/engine"
	"github.com/coarsegrain/taylornet/internal/rng"
	"github.com/coarsegrain/taylornet/model"
	"github.com/coarsegrain/taylornet/spec"
)

// config is of a made-up model: net with random parameters, statistics
// included, and the classes given.
func config(t testing.TB, net string, classes ...string) model.Config {
	t.Helper()
	parsed, err := spec.Parse(net)
	if err != nil {
		t.Fatal(err)
	}
	c := model.Config{Net: parsed, Params: engine.Init(parsed, 1), Classes: classes, Training: json.RawMessage(`{"seed":1}`)}
	random := rng.New(1, "test")
	for i := range c.Params {
		c.Params[i] += random.Float32() / 2
	}
	for ch := range parsed.Input.C {
		c.Normalisation.Mean = append(c.Normalisation.Mean, 0.4+0.1*float32(ch))
		c.Normalisation.Std = append(c.Normalisation.Std, 0.3+0.1*float32(ch))
	}
	return c
}

func compile(t testing.TB, c model.Config) *model.Model {
	t.Helper()
	m, err := model.New(c, model.Options{Workers: 2, Invert: model.InvertNo})
	if err != nil {
		t.Fatal(err)
	}
	return m
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

// brightest is a model whose logits are the channels of a single pixel, 0 to 1.
func brightest(t testing.TB) *model.Model {
	c := config(t, "Input(1,1,3) Linear(3)", "red", "green", "blue")
	c.Normalisation = dataset.Normalisation{Mean: []float32{0, 0, 0}, Std: []float32{1, 1, 1}}
	clear(c.Params)
	for i := range 3 {
		tensorOf(c, "0.linear.weight")[i*3+i] = 1
	}
	return compile(t, c)
}

// oneLine reports an error that is missing, of several lines, or says none of
// what is wanted.
func oneLine(t *testing.T, err error, want string) {
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
