package stats_test

import (
	"fmt"
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/coarsegrain/taylornet/internal/approx"
	"github.com/coarsegrain/taylornet/internal/stats"
)

func TestStudent(t *testing.T) {
	values := []float64{1, 2, 3, 4}
	sd := math.Sqrt(5.0 / 3)
	v := stats.Student(values)
	for _, c := range []struct{ got, want float64 }{
		{stats.Deviation(values), sd}, {stats.Mean(values), 2.5}, {v.Mean, 2.5}, {v.Low, 2.5 - 3.182*sd/2}, {v.High, 2.5 + 3.182*sd/2},
	} {
		if !approx.Close(c.got, c.want, 1e-12) {
			t.Errorf("got %v, want %v", c.got, c.want)
		}
	}
	if v := stats.Student(values[:1]); v.Mean != 1 || !math.IsNaN(v.Low) || !math.IsNaN(v.High) || !math.IsNaN(stats.Deviation(values[:1])) {
		t.Errorf("of one value: %v", v)
	}
}

// TestQuantiles: the approximation continues the table; for 60 degrees of freedom the
// quantile is 2.000.
func TestQuantiles(t *testing.T) {
	values := make([]float64, 61)
	for i := range values {
		values[i] = float64(i)
	}
	v := stats.Student(values)
	if got := (v.High - v.Mean) / stats.Deviation(values) * math.Sqrt(61); !(math.Abs(got-2.0003) <= 2e-3) {
		t.Errorf("the quantile for 60 degrees of freedom is %v", got)
	}
}

func TestMoments(t *testing.T) {
	var m stats.Moments
	if m.Variance() != 0 {
		t.Errorf("the variance of no values is %v", m.Variance())
	}
	for _, v := range []float64{1, 2, 3, 4} {
		m.Add(v)
	}
	if m.N != 4 || m.Mean != 2.5 || m.Squares != 5 || m.Variance() != 1.25 {
		t.Errorf("moments %+v", m)
	}
}

// The ends of the score interval are where the observed rate lies z standard
// errors from the true one.
func TestWilson(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 100_000).Draw(t, "n")
		k := rapid.IntRange(0, n).Draw(t, "k")
		observed := float64(k) / float64(n)
		v := stats.Wilson(k, n)
		if v.Mean != observed || !(0 <= v.Low && v.Low <= observed && observed <= v.High && v.High <= 1) {
			t.Fatalf("interval %v about %v", v, observed)
		}
		for _, p := range []float64{v.Low, v.High} {
			if got, want := math.Abs(p-observed), 1.959964*math.Sqrt(p*(1-p)/float64(n)); !(math.Abs(got-want) <= 1e-7) {
				t.Fatalf("end %v is %v from %v, want %v", p, got, observed, want)
			}
		}
	})
	if v := stats.Wilson(0, 0); v != (stats.Interval{Low: 0, High: 1}) {
		t.Errorf("without trials %v", v)
	}
}

func ExampleWilson() {
	v := stats.Wilson(9954, 10_000)
	fmt.Printf("%.2f to %.2f %%\n", 100*v.Low, 100*v.High)
	// Output: 99.39 to 99.65 %
}

func ExampleStudent() {
	v := stats.Student([]float64{97.1, 96.8, 97.4})
	fmt.Printf("%.2f (%.2f to %.2f)\n", v.Mean, v.Low, v.High)
	// Output: 97.10 (96.35 to 97.85)
}
