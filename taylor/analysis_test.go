package taylor

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/coarsegrain/taylornet/dataset"
	"github.com/coarsegrain/taylornet/model"
	"github.com/coarsegrain/taylornet/spec"
)

// newModel returns an untrained model of two classes.
func newModel(t *testing.T, net *spec.Net) *model.Model {
	t.Helper()
	params := make([]float32, net.NumParams())
	r := rand.New(rand.NewPCG(1, 2))
	for i := range params {
		params[i] = float32(r.NormFloat64())
	}
	m, err := model.New(model.Config{
		Net: net, Params: params, Classes: []string{"a", "b"},
		Normalisation: dataset.Normalisation{Mean: []float32{0.5}, Std: []float32{0.25}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// newSet returns random images of two classes, whose first pixel is always zero.
func newSet(h, w, n int) *dataset.Set {
	set := &dataset.Set{Name: "random", H: h, W: w, C: 1, Classes: []string{"a", "b"}}
	r := rand.New(rand.NewPCG(3, 4))
	for i := range n {
		pixels := make([]uint8, h*w)
		for j := range pixels[1:] {
			pixels[1+j] = uint8(1 + r.IntN(255))
		}
		set.Pixels, set.Labels = append(set.Pixels, pixels...), append(set.Labels, uint16(i%2))
	}
	return set
}

// keys returns the keys of a value in JSON.
func keys(t *testing.T, v any) []string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	var object map[string]any
	if err := json.Unmarshal(text, &object); err != nil {
		t.Fatal(err)
	}
	return slices.Sorted(maps.Keys(object))
}

func TestAnalyse(t *testing.T) {
	net, err := spec.Parse("Input(3,4,1) CG(2,2,1,1,1) Linear(2)")
	if err != nil {
		t.Fatal(err)
	}
	set := newSet(3, 4, 5)
	request := Request{
		Training: set, Sample: 4, Monomials: 1000, SecondOrder: true,
		Pictures: []Picture{{File: "x.png", Prepared: model.Prepared{Pixels: set.Image(4), Inverted: true, Found: 1}}},
	}
	a, err := Analyse(t.Context(), newModel(t, net), request)
	if err != nil {
		t.Fatal(err)
	}
	e := a.Images[0]
	if e.File != "x.png" || !e.Inverted || e.Class != a.Classes[e.Label] || len(a.Levels) != 1 || len(a.Levels[0].Share) != 2 || a.Maps != nil {
		t.Errorf("analysis %+v", a)
	}
	about := slices.Repeat([]float64{0.5}, 12) // the mean
	d := Point(set.Image(4))
	for i := range d {
		d[i] -= about[i]
	}
	for k, p := range a.Monomials {
		closeTo(t, "a class's monomials", []float64{p.Terms.Eval(d)}, []float64{e.Logits[k]}, 1)
	}
	if a.Study.Weights.Excluded != 1 || a.Study.Shuffled.Excluded != 1 {
		t.Errorf("%d and %d pixels are excluded", a.Study.Weights.Excluded, a.Study.Shuffled.Excluded)
	}
	if got, want := keys(t, a), []string{"about", "classes", "degree", "images", "levels", "model", "monomials", "params", "study", "templates"}; !slices.Equal(got, want) {
		t.Errorf("keys %q, want %q", got, want)
	}
	full := []string{"attribution", "attributions", "by_order", "class", "file", "inverted", "logits", "maps", "outside", "pairs", "partial", "prepared", "probability"}
	if got := keys(t, e); !slices.Equal(got, full) {
		t.Errorf("keys %q, want %q", got, full)
	}
	brief := slices.DeleteFunc(full, func(key string) bool { return key == "attributions" || key == "maps" })
	if got := keys(t, a.Brief().Images[0]); !slices.Equal(got, brief) || e.Maps == nil {
		t.Errorf("brief keys %q, want %q", got, brief)
	}
	if got, want := keys(t, a.Study), []string{"adjusted_correlation", "correlation", "excluded", "falls", "shuffled_adjusted_correlation", "shuffled_correlation", "text"}; !slices.Equal(got, want) {
		t.Errorf("keys of the study %q, want %q", got, want)
	}
}

// TestStudyDirect: every order is trained from every seed, and the studied one again on
// shuffled pixels.
func TestStudyDirect(t *testing.T) {
	data := &dataset.Data{Name: "random", Train: newSet(2, 2, 6), Test: newSet(2, 2, 2)}
	var runs []DirectRun
	train := func(_ context.Context, r DirectRun) (*DirectResult, error) {
		runs = append(runs, r)
		accuracy := float64(r.Seed) / 4
		return &DirectResult{Model: newModel(t, r.Net), Accuracy: accuracy, Curve: []float64{0, accuracy}, Seconds: float64(r.Order)}, nil
	}
	s, err := StudyDirect(t.Context(), data, DirectOptions{Orders: []int{1, 2, 3}, Seeds: 2}, train)
	if err != nil {
		t.Fatal(err)
	}
	if len(runs) != 8 || runs[6].Order != 2 || !runs[6].Shuffled || runs[6].Data == data || runs[5].Shuffled || runs[5].Order != 3 || runs[5].Seed != 2 {
		t.Errorf("runs %+v", runs)
	}
	want := DirectOrder{Order: 2, Coefficients: 15, TestAccuracy: 0.375, TestAccuracies: []float64{0.25, 0.5}, Curve: []float64{0, 0.375}, Seconds: 2}
	got, err := json.Marshal(s.Orders[1])
	if err != nil {
		t.Fatal(err)
	}
	if text, err := json.Marshal(want); err != nil || string(text) != string(got) {
		t.Errorf("order 2: %s, want %s, %v", got, text, err)
	}
	if s.Study.Weights.Polynomials != 2 || s.Study.Weights.Excluded != 1 {
		t.Errorf("study %+v", s.Study.Weights)
	}
	if s, err := StudyDirect(t.Context(), data, DirectOptions{Orders: []int{1}, Seeds: 1}, train); err != nil || s.Study != nil {
		t.Errorf("of order 1 there is a study, or the error %v", err)
	}
	if s, err := StudyDirect(t.Context(), data, DirectOptions{}, train); err != nil || s.Seeds != 1 || len(s.Orders) != 2 || s.Study == nil {
		t.Errorf("the defaults give %+v, error %v", s, err)
	}
	before := len(runs)
	data.Train.H, data.Train.W = 300, 300
	if _, err := StudyDirect(t.Context(), data, DirectOptions{Orders: []int{1, 2}, Seeds: 1}, train); !errors.Is(err, ErrTooLarge) || len(runs) != before {
		t.Errorf("order 2 of 300x300: %v after %d runs", err, len(runs)-before)
	}
}

// TestInterrupted: everything that can take long ends with its context, and says why.
func TestInterrupted(t *testing.T) {
	cause := errors.New("enough")
	ctx, stop := context.WithCancelCause(t.Context())
	e := newExample(t, nets["digits"], rand.New(rand.NewPCG(1, 2)))
	line, err := e.net.Line(ctx, e.about, e.x)
	if err != nil {
		t.Fatal(err)
	}
	stop(cause)
	for name, call := range map[string]func() error{
		"Line":         func() error { _, err := e.net.Line(ctx, e.about, e.x); return err },
		"Explain":      func() error { _, err := e.net.Explain(ctx, e.about, e.x); return err },
		"Levels":       func() error { _, err := e.net.Levels(ctx, [][]float64{e.x}); return err },
		"Quadratic":    func() error { _, err := e.net.Quadratic(ctx, e.about, nil); return err },
		"Expand":       func() error { _, err := e.net.Expand(ctx, e.about, 1e6); return err },
		"Attributions": func() error { _, err := line.Attributions(ctx); return err },
		"Pairs":        func() error { _, err := line.Pairs(ctx, 0, []int{1}, 1); return err },
		"integrate":    func() error { _, err := line.integrate(ctx); return err },
		"NewStudy":     func() error { _, err := newStudy(ctx, e.spec.Input, []weighed{{}}, nil); return err },
	} {
		if err := call(); !errors.Is(err, ErrInterrupted) || !errors.Is(err, cause) {
			t.Errorf("%s: error %v", name, err)
		}
	}
}
