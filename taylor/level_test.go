package taylor

import (
	"math"
	"math/rand/v2"
	"reflect"
	"testing"

	"github.com/coarsegrain/taylornet/internal/stats"
	"github.com/coarsegrain/taylornet/poly"
	"github.com/coarsegrain/taylornet/spec"
)

// TestLevelsOfSigns: of two signs, each as often as the other, all is known.
func TestLevelsOfSigns(t *testing.T) {
	const c, a1, a2, b12, mean = 3.0, 0.5, -2.0, 1.5, 0.75
	net, err := spec.Parse("Input(1,2,1) CG(1,2,1,1,1)")
	if err != nil {
		t.Fatal(err)
	}
	// In x = u + mean; the coefficients are those of u, moved back.
	n, err := New(net, []float64{c - (a1+a2)*mean + b12*mean*mean, a1 - b12*mean, a2 - b12*mean, 0, b12, 0}, Options{Workers: 2})
	if err != nil {
		t.Fatal(err)
	}
	var images [][]float64
	for _, u := range [][2]float64{{1, 1}, {1, -1}, {-1, 1}, {-1, -1}} {
		images = append(images, []float64{u[0] + mean, u[1] + mean})
	}
	levels, err := n.Levels(t.Context(), images)
	if err != nil {
		t.Fatal(err)
	}
	if len(levels) != 1 || levels[0].Members != 2 || levels[0].Order != 2 || len(levels[0].Coefficients) != 6 {
		t.Fatalf("levels %+v", levels)
	}
	linear, square := a1*a1+a2*a2, b12*b12
	flow := levels[0].Flow
	closeTo(t, "shares", flow.Share, []float64{linear / (linear + square), square / (linear + square)}, 1)
	closeTo(t, "couplings", flow.Couplings, []float64{math.Sqrt(linear / (linear + square)), math.Sqrt(square / (linear + square))}, 1)
}

// TestCentred: moved to the mean, a coarse-graining of any order has the same
// values.
func TestCentred(t *testing.T) {
	e := newExample(t, nets["orders"], rand.New(rand.NewPCG(1, 2)))
	for _, l := range e.net.levels {
		r, s := rand.New(rand.NewPCG(3, 4)), l.step
		before := make([]stats.Moments, s.channels)
		u, x := make([]float64, s.n), make([]float64, s.n)
		for i := range before {
			before[i].Mean = r.NormFloat64()
		}
		coefs, err := s.centred(t.Context(), before)
		if err != nil {
			t.Fatal(err)
		}
		for c := range s.channels {
			for i := range u {
				u[i] = r.NormFloat64()
				x[i] = u[i] + before[c].Mean
			}
			value := func(coefs, at []float64) (sum float64) {
				for k, m := range poly.Monomials(s.n, l.op.Order) {
					term := coefs[k*s.channels+c]
					for _, i := range m {
						term *= at[i]
					}
					sum += term
				}
				return sum
			}
			closeTo(t, "a value", []float64{value(coefs, u)}, []float64{value(s.coefs, x)}, 10)
		}
	}
}

// TestLevelsOfOverflow: an image without finite logits is left out.
func TestLevelsOfOverflow(t *testing.T) {
	e := newExample(t, nets["digits"], rand.New(rand.NewPCG(1, 2)))
	huge := make([]float64, len(e.x))
	for i := range huge {
		huge[i] = 1e200
	}
	with, err := e.net.Levels(t.Context(), [][]float64{e.about, huge, e.x})
	if err != nil {
		t.Fatal(err)
	}
	without, err := e.net.Levels(t.Context(), [][]float64{e.about, e.x})
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(with, without) {
		t.Errorf("levels %+v, without the image that overflows %+v", with, without)
	}
}

// TestMaps: the maps of an image are what the net has there on a line to it.
func TestMaps(t *testing.T) {
	e := newExample(t, nets["dilated"], rand.New(rand.NewPCG(1, 2)))
	l, err := e.net.Line(t.Context(), e.about, e.x)
	if err != nil {
		t.Fatal(err)
	}
	maps, err := e.net.Maps(t.Context(), e.x)
	if err != nil {
		t.Fatal(err)
	}
	if len(maps) != 3 || maps[0].Shape != [3]int{4, 4, 3} || maps[1].Op != "CG(2,2,4,1,1,2)" {
		t.Fatalf("maps %+v", maps)
	}
	for i, m := range maps {
		at := e.net.levels[i].step.out
		var orders [][]float64
		for k := range l.pass.orders(at) {
			orders = append(orders, l.pass.at(at, k))
		}
		closeTo(t, m.Op, m.Values, sumOf(orders), 1)
	}
}

// TestTiedLevels: levels are named as they were written, and have the same
// coefficients where they share them.
func TestTiedLevels(t *testing.T) {
	e := newExample(t, "Input(4,4,1) CG(2,2,1,2,2,tie=1) CG(2,2,1,2,2,tie=1)", rand.New(rand.NewPCG(1, 2)))
	levels, err := e.net.Levels(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if levels[1].Op != "CG(2,2,1,2,2,tie=1)" || !reflect.DeepEqual(levels[0].Coefficients, levels[1].Coefficients) || levels[0].Share != nil {
		t.Errorf("levels %+v", levels)
	}
}

// TestLevelsOfNorms: a norm is not a level, whether it is multiplied into a neighbour or
// becomes a step of its own.
func TestLevelsOfNorms(t *testing.T) {
	for _, source := range []string{
		"Input(4,4,2) Norm CG(2,2,2,2,2) Linear(2)",
		"Input(4,4,2) CG(2,2,2,2,2) Norm Linear(2)",
		"Input(4,4,2) Sum{ Norm | } CG(2,2,2,2,2) Flatten Norm Linear(2)",
	} {
		e := newExample(t, source, rand.New(rand.NewPCG(1, 2)))
		levels, err := e.net.Levels(t.Context(), [][]float64{e.about, e.x})
		if err != nil {
			t.Fatal(err)
		}
		if len(levels) != 1 || levels[0].Op != "CG(2,2,2,2,2)" || levels[0].In != [3]int{4, 4, 2} || levels[0].Order != 2 || levels[0].Members != 4 {
			t.Errorf("%s: levels %+v", source, levels)
		}
		maps, err := e.net.Maps(t.Context(), e.x)
		if err != nil {
			t.Fatal(err)
		}
		if len(maps) != 1 || maps[0].Op != "CG(2,2,2,2,2)" || maps[0].Shape != [3]int{2, 2, 2} {
			t.Errorf("%s: maps %+v", source, maps)
		}
	}
}

// TestPairs: they are the largest of the second-order coefficients' products.
func TestPairs(t *testing.T) {
	e := newExample(t, nets["residual"], rand.New(rand.NewPCG(1, 2)))
	l, err := e.net.Line(t.Context(), e.about, e.x)
	if err != nil {
		t.Fatal(err)
	}
	q, err := e.net.Quadratic(t.Context(), e.about, nil)
	if err != nil {
		t.Fatal(err)
	}
	all := make([]int, len(e.x))
	for i := range all {
		all[i] = i
	}
	pairs, err := l.Pairs(t.Context(), 1, all, math.MaxInt)
	if err != nil {
		t.Fatal(err)
	}
	index := func(p [3]int) int { return (p[0]*e.spec.Input.W+p[1])*e.spec.Input.C + p[2] }
	var sum float64
	for i, p := range pairs {
		a, b := index(p.Pixels[0]), index(p.Pixels[1])
		want := q.Pair(1, a, b) * l.direction[a] * l.direction[b]
		closeTo(t, "a pair", []float64{p.Value}, []float64{want}, 1)
		if i > 0 && math.Abs(p.Value) > math.Abs(pairs[i-1].Value) {
			t.Fatalf("pair %d is larger than the one before", i)
		}
		sum += p.Value
	}
	closeTo(t, "all pairs", []float64{sum}, []float64{l.ByOrder()[2][1]}, 1)
	some, err := l.Pairs(t.Context(), 1, []int{7, 3}, 5)
	if err != nil {
		t.Fatal(err)
	}
	if len(some) != 5 {
		t.Fatalf("%d pairs, want 5", len(some))
	}
	for _, p := range some {
		if a, b := index(p.Pixels[0]), index(p.Pixels[1]); a != 7 && a != 3 && b != 7 && b != 3 {
			t.Errorf("pair %+v has neither of the inputs asked for", p)
		}
	}
}
