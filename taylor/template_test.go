package taylor_test

import (
	"math"
	"testing"

	"github.com/coarsegrain/taylornet/internal/approx"
	"github.com/coarsegrain/taylornet/taylor"
)

// The templates of a small image are all of a quadratic form's, so that they give its second
// order back.
func TestTemplates(t *testing.T) {
	m, set := untrained(t, "Input(2,3,1) Conv(2,2,3,1,1,1) CG(2,2,3,1,1) Linear(3)", 4)
	a, err := taylor.Analyse(t.Context(), m, taylor.Request{SecondOrder: true, Training: set, Sample: 2})
	if err != nil {
		t.Fatal(err)
	}
	net, err := taylor.FromModel(m, taylor.Options{})
	if err != nil {
		t.Fatal(err)
	}
	about := taylor.Mean(m)
	for i := range set.Len() {
		x := taylor.Point(set.Image(i))
		l, err := net.Line(t.Context(), about, x)
		if err != nil {
			t.Fatal(err)
		}
		product := func(list []float64) (sum float64) {
			for j, v := range list {
				sum += v * (x[j] - about[j])
			}
			return sum
		}
		var first, second []float64
		for k, c := range a.Templates {
			if c.Class != a.Classes[k] || !approx.Close(c.Share, 1, 1e-9) || len(c.Vectors) != 6 {
				t.Fatalf("%+v", c)
			}
			first, second = append(first, product(c.Linear)), append(second, 0)
			for e, value := range c.Eigenvalues {
				second[k] += value * math.Pow(product(c.Vectors[e]), 2)
			}
		}
		for order, got := range [][]float64{nil, first, second} {
			if order > 0 {
				if err := approx.Slices(got, l.ByOrder()[order], func(int) float64 { return 1e-9 }); err != nil {
					t.Errorf("order %d: %v", order, err)
				}
			}
		}
	}
}

// Pixels that are zero in every training image are in no template; a form that is zero has
// none.
func TestTemplatesLeftOut(t *testing.T) {
	m, set := untrained(t, "Input(2,3,1) Conv(2,2,3,1,1,1) CG(2,2,3,1,1) Linear(3)", 4)
	for i := 5; i < len(set.Pixels); i += 6 {
		set.Pixels[i] = 0
	}
	a, err := taylor.Analyse(t.Context(), m, taylor.Request{SecondOrder: true, Training: set, Sample: 2})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range a.Templates {
		for e, v := range c.Vectors {
			if v[5] != 0 || len(c.Vectors) != 5 {
				t.Errorf("template %d of %d: %v", e, len(c.Vectors), v)
			}
		}
	}
	if brief := a.Brief(); brief.Templates[0].Vectors != nil || brief.Templates[0].Eigenvalues == nil || a.Templates[0].Vectors == nil {
		t.Errorf("%+v", brief.Templates[0])
	}
	m, set = untrained(t, "Input(2,3,1) Linear(3)", 4)
	if a, err = taylor.Analyse(t.Context(), m, taylor.Request{SecondOrder: true, Training: set, Sample: 2}); err != nil {
		t.Fatal(err)
	}
	if got := a.Templates[0]; len(got.Eigenvalues) != 0 || len(got.Linear) != 6 {
		t.Errorf("a linear network: %+v", got)
	}
}
