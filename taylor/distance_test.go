package taylor

import (
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/coarsegrain/taylornet/internal/approx"
	"github.com/coarsegrain/taylornet/spec"
)

// quadratic makes second-order coefficients of two logits from a function of the
// two inputs.
func quadratic(shape spec.Shape, b func(k, i, j int) float64) *Quadratic {
	n := shape.Size()
	q := &Quadratic{Constant: make([]float64, 2)}
	for k := range 2 {
		q.Linear = append(q.Linear, make([]float64, n))
		products := make([]float64, n*n)
		for i := range n {
			products[i*n+i] = b(k, i, i)
			for j := range i {
				products[i*n+j] = b(k, j, i) / 2
				products[j*n+i] = b(k, j, i) / 2
			}
		}
		q.Products = append(q.Products, products)
	}
	return q
}

func study(t *testing.T, shape spec.Shape, list ...weighed) *Distances {
	t.Helper()
	d, err := studyDistances(t.Context(), shape, list)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// TestFallingWeights: of weights that fall exponentially with distance the study
// finds the rate, and all the order.
func TestFallingWeights(t *testing.T) {
	shape := spec.Shape{H: 4, W: 3, C: 2}
	site := func(i int) (float64, float64) { return float64(i / 2 / 3), float64(i / 2 % 3) }
	fall := func(scale float64) *Quadratic {
		return quadratic(shape, func(k, i, j int) float64 {
			y, x := site(i)
			v, u := site(j)
			return math.Copysign(scale*math.Exp(-math.Hypot(y-v, x-u)/2), float64(k)-0.5)
		})
	}
	d := study(t, shape, weighed{Quadratic: fall(1)}, weighed{Quadratic: fall(2)}, weighed{Quadratic: fall(3)})
	if d.Polynomials != 3 || d.Excluded != 0 || d.Rows[0].Distance != 0 || d.Rows[0].Pairs != 12*3 {
		t.Fatalf("study %+v", d)
	}
	for _, v := range []struct{ got, want float64 }{
		{d.Slope.Mean, -0.5}, {d.Slope.Low, -0.5}, {d.Correlation.Mean, -1}, {d.Correlation.High, -1},
		{d.Rows[0].Mean.Mean, 2}, {d.Rows[0].Mean.High, 2 + 4.303/math.Sqrt(3)}, {d.Rows[1].Quantiles[2], 2 * math.Exp(-0.5)},
		{d.Rows[0].Groups[0].Mean, 1}, {d.Rows[len(d.Rows)-1].Groups[4].Mean, 1},
	} {
		if !approx.Close(v.got, v.want, 1e-3) {
			t.Errorf("got %v, want %v in %+v", v.got, v.want, d)
		}
	}
	pairs, counted := 0, 0
	for _, r := range d.Rows {
		pairs += r.Pairs
		var all float64
		for _, g := range r.Groups {
			all += g.Mean
		}
		if !approx.Close(all, 1, 1e-9) {
			t.Errorf("the groups at distance %v add up to %v", r.Distance, all)
		}
		for i, n := range r.Histogram {
			counted += n
			if n > 0 && (HistogramBin(i) > 3 || HistogramBin(i+1) < 0.1) {
				t.Errorf("%d weights from %v", n, HistogramBin(i))
			}
		}
	}
	if pairs != 24*25/2 || counted != 3*2*pairs {
		t.Errorf("%d pairs, %d weights in histograms", pairs, counted)
	}
	active := make([]bool, shape.Size())
	active[0], active[23] = true, true
	d = study(t, shape, weighed{Quadratic: fall(1), Active: active})
	if d.Excluded != 22 || len(d.Rows) != 2 || d.Rows[1].Pairs != 1 || !math.IsNaN(d.Slope.Low) {
		t.Errorf("of two inputs: %+v", d)
	}
}

// TestRandomWeights: weights that know no distance show none.
func TestRandomWeights(t *testing.T) {
	shape := spec.Shape{H: 9, W: 9, C: 1}
	r := rand.New(rand.NewPCG(1, 2))
	var list []weighed
	for range 5 {
		list = append(list, weighed{Quadratic: quadratic(shape, func(int, int, int) float64 { return r.NormFloat64() })})
	}
	d := study(t, shape, list...)
	if !(d.Correlation.Low < 0 && d.Correlation.High > 0 && math.Abs(d.Correlation.Mean) < 0.02) {
		t.Errorf("correlation %v", d.Correlation)
	}
	if !(math.Abs(d.Slope.Mean) < 0.02) {
		t.Errorf("slope %v", d.Slope)
	}
	for _, row := range d.Rows {
		for _, g := range row.Groups {
			if row.Pairs > 100 && math.Abs(g.Mean-0.2) > 0.05 {
				t.Errorf("a group of %v at distance %v", g, row.Distance)
			}
		}
	}
}

// TestLevelsTakenOut: weights that fall towards the border only, not with distance,
// are correlated with distance, but not once the inputs' levels are taken out.
func TestLevelsTakenOut(t *testing.T) {
	shape := spec.Shape{H: 9, W: 9, C: 1}
	r := rand.New(rand.NewPCG(1, 2))
	border := quadratic(shape, func(_, i, j int) float64 {
		u := func(i int) float64 { return math.Hypot(float64(i/9-4), float64(i%9-4)) }
		return math.Exp(-u(i) - u(j) + 0.1*r.NormFloat64())
	})
	d := study(t, shape, weighed{Quadratic: border})
	if !(d.Correlation.Mean < -0.4 && math.Abs(d.Adjusted.Mean) < 0.03) {
		t.Errorf("correlation %v, adjusted %v", d.Correlation, d.Adjusted)
	}
}

func TestDirect(t *testing.T) {
	net, err := direct(spec.Shape{H: 7, W: 7, C: 1}, 10, 2)
	if err != nil || net.NumParams() != 12750 {
		t.Fatal(net, err)
	}
	if _, err := direct(spec.Shape{H: 28, W: 28, C: 1}, 10, 3); !errors.Is(err, ErrTooLarge) {
		t.Errorf("order 3 of 28x28: %v", err)
	}
}
