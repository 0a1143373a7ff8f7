package taylor_test

import (
	"math"
	"slices"
	"testing"

	"github.com/coarsegrain/taylornet/dataset"
	"github.com/coarsegrain/taylornet/internal/approx"
	"github.com/coarsegrain/taylornet/taylor"
)

// secondOrder analyses a network of so many images, which are also returned, with the
// expansion point. If dark is set, the last pixel of each image is zero.
func secondOrder(t *testing.T, images int, dark bool) (*taylor.Analysis, *taylor.Net, *dataset.Set, []float64) {
	t.Helper()
	m, set := untrained(t, "Input(2,3,1) Conv(2,2,3,1,1,1) CG(2,2,3,1,1) Linear(3)", images)
	for i := 5; dark && i < len(set.Pixels); i += 6 {
		set.Pixels[i] = 0
	}
	a, err := taylor.Analyse(t.Context(), m, taylor.Request{SecondOrder: true, Training: set, Sample: 2})
	if err != nil {
		t.Fatal(err)
	}
	net, err := taylor.FromModel(m, taylor.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return a, net, set, taylor.Mean(m)
}

// The templates of a small image are all of a quadratic form's, so that they give its second
// order back.
func TestTemplates(t *testing.T) {
	a, net, set, about := secondOrder(t, 4, false)
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

// The patterns of all images give order 2 of each back: an image is their sum with factors,
// whose squares are 1 on average. Pixels that are always zero take part, since they differ from
// the expansion point.
func TestPatterns(t *testing.T) {
	a, net, set, about := secondOrder(t, 5, true)
	for k, c := range a.Templates {
		p := c.Patterns
		if len(p.Values) != 5 || len(p.Pictures) != 5 || !approx.Close(p.Share, 1, 1e-9) {
			t.Fatalf("class %d: %+v", k, p)
		}
		squares := make([]float64, len(p.Values))
		mean := 0.0
		for i := range set.Len() {
			x := taylor.Point(set.Image(i))
			l, err := net.Line(t.Context(), about, x)
			if err != nil {
				t.Fatal(err)
			}
			second, sum := l.ByOrder()[2][k], 0.0
			rest := slices.Clone(x)
			for j := range rest {
				rest[j] -= about[j]
			}
			for e, value := range p.Values {
				factor := bilinear(a.Quadratic.Products[k], p.Pictures[e], x, about) / value
				squares[e] += factor * factor / float64(set.Len())
				sum += value * factor * factor
				for j, v := range p.Pictures[e] {
					rest[j] -= factor * v
				}
			}
			mean += second / float64(set.Len())
			if !approx.Close(sum, second, 1e-9) {
				t.Errorf("class %d, image %d: the patterns add up to %v, order 2 is %v", k, i, sum, second)
			}
			for j, v := range rest {
				if !(math.Abs(v) <= 1e-9) {
					t.Errorf("class %d, image %d, pixel %d: the patterns leave %v", k, i, j, v)
				}
			}
		}
		if !approx.Close(p.Mean, mean, 1e-9) {
			t.Errorf("class %d: mean %v, want %v", k, p.Mean, mean)
		}
		for e, s := range squares {
			if !approx.Close(s, 1, 1e-9) {
				t.Errorf("class %d, pattern %d: a mean square of %v", k, e, s)
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
	if brief := a.Brief(); brief.Templates[0].Vectors != nil || brief.Templates[0].Eigenvalues == nil || brief.Templates[0].Patterns.Pictures != nil || a.Templates[0].Patterns.Pictures == nil || a.Templates[0].Vectors == nil {
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

// Patterns of many classes would take too long.
func TestPatternsOfManyClasses(t *testing.T) {
	m, set := untrained(t, "Input(1,2,1) CG(1,1,1,1,1) Linear(101)", 3)
	a, err := taylor.Analyse(t.Context(), m, taylor.Request{SecondOrder: true, Training: set, Sample: 2})
	if err != nil {
		t.Fatal(err)
	}
	if a.Templates[99].Patterns == nil || a.Templates[100].Patterns != nil {
		t.Errorf("class 100 has the patterns %v, class 101 %v", a.Templates[99].Patterns, a.Templates[100].Patterns)
	}
}

// bilinear returns p B (x - about) for the symmetric matrix B of a quadratic form.
func bilinear(b, p, x, about []float64) (sum float64) {
	for i, v := range p {
		for j := range x {
			sum += v * b[i*len(x)+j] * (x[j] - about[j])
		}
	}
	return sum
}
