package taylor

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// withSpectrum returns a symmetric matrix that has these eigenvalues, turned by random
// reflections.
func withSpectrum(values []float64, r *rand.Rand) []float64 {
	n := len(values)
	a := make([]float64, n*n)
	for i, v := range values {
		a[i*n+i] = v
	}
	for range n {
		u := make([]float64, n)
		for i := range u {
			u[i] = r.NormFloat64()
		}
		size := inner(u, u)
		reflect := func(at, step int) { // a line x becomes x - 2 u (u x) / (u u)
			part := 0.0
			for i, v := range u {
				part += v * a[at+i*step]
			}
			for i, v := range u {
				a[at+i*step] -= 2 * v * part / size
			}
		}
		for i := range n {
			reflect(i, n)
		}
		for i := range n {
			reflect(i*n, 1)
		}
	}
	return a
}

// checkLeading checks that leading finds eigenvalues of a known spectrum.
func checkLeading(t interface {
	Helper()
	Fatalf(format string, args ...any)
}, spectrum []float64, most int, r *rand.Rand) {
	t.Helper()
	n := len(spectrum)
	a := withSpectrum(spectrum, r)
	values, vectors := leading(context.Background(), a, n, most)
	want := slices.Clone(spectrum)
	slices.SortFunc(want, func(x, y float64) int {
		if math.Abs(x) > math.Abs(y) {
			return -1
		}
		return 1
	})
	want = want[:min(most, n)]
	scale := max(math.Abs(want[0]), 1e-290)
	if len(values) != len(want) || len(vectors) != len(want) {
		t.Fatalf("%d values, %d vectors, want %d", len(values), len(vectors), len(want))
	}
	for i, v := range vectors {
		if !(math.Abs(math.Abs(values[i])-math.Abs(want[i])) <= 1e-8*scale) {
			t.Fatalf("eigenvalues %v, want %v", values, want)
		}
		for j := range n {
			if off := inner(a[j*n:][:n], v) - values[i]*v[j]; !(math.Abs(off) <= 1e-7*scale) {
				t.Fatalf("vector %d of %v is no eigenvector: off by %v", i, values, off)
			}
		}
		for k, u := range vectors[:i+1] {
			want := 0.0
			if k == i {
				want = 1
			}
			if !(math.Abs(inner(u, v)-want) <= 1e-8) {
				t.Fatalf("vectors %d and %d have the product %v", i, k, inner(u, v))
			}
		}
		if -slices.Min(v) > slices.Max(v) {
			t.Fatalf("the largest element of vector %d is negative: %v", i, v)
		}
	}
}

func TestLeading(t *testing.T) {
	many := make([]float64, 200)
	for i := range many {
		many[i] = math.Pow(-0.97, float64(i))
	}
	for name, spectrum := range map[string][]float64{
		"one": {-3}, "two": {1, -2}, "repeated": {5, 5, 5, -1, -1, 0, 0}, "opposite": {2, -2, 1, -1}, "zero": {0, 0, 0},
		"many": many, "small": {1e-200, 3e-201}, "large": {1e300, -1e299},
	} {
		t.Run(name, func(t *testing.T) { checkLeading(t, spectrum, 8, rand.New(rand.NewPCG(1, 2))) })
	}
}

func TestLeadingAny(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		spectrum := rapid.SliceOfN(rapid.Float64Range(-1, 1), 1, 40).Draw(t, "spectrum")
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		checkLeading(t, spectrum, rapid.IntRange(1, 6).Draw(t, "most"), r)
	})
}

func TestLeadingStops(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if values, _ := leading(ctx, make([]float64, 9), 3, 2); values != nil {
		t.Errorf("%v after the context ended", values)
	}
}

// Patterns are computed in fewer images where they are large.
func TestPatternSample(t *testing.T) {
	for _, tt := range []struct{ inputs, classes, want int }{{784, 10, 512}, {3072, 10, 91}, {784, 1000, 139}, {10_000, 10, 0}} {
		if got := patternSample(tt.inputs, tt.classes); got != tt.want {
			t.Errorf("%d inputs and %d classes: %d images, want %d", tt.inputs, tt.classes, got, tt.want)
		}
	}
}
