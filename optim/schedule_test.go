package optim

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

func TestSchedules(t *testing.T) {
	for _, tt := range []struct {
		schedule    Schedule
		step, total int
		want        float64
	}{
		{Constant{0.3}, 0, 1, 0.3},
		{Constant{0.3}, 9, 10, 0.3},
		{Linear{Peak: 2}, 0, 4, 2},
		{Linear{Peak: 2}, 3, 4, 0.5},
		{Linear{Peak: 2, WarmUp: 0.4}, 0, 10, 0.5},
		{Linear{Peak: 2, WarmUp: 0.4}, 3, 10, 2},
		{Linear{Peak: 2, WarmUp: 0.4}, 4, 10, 2},
		{Linear{Peak: 2, WarmUp: 0.4}, 7, 10, 1},
		{Cosine{Peak: 2}, 0, 4, 2},
		{Cosine{Peak: 2}, 2, 4, 1},
		{Cosine{Peak: 2}, 3, 4, 1 - math.Sqrt2/2},
		{Cosine{Peak: 2, WarmUp: 0.4}, 0, 10, 0.5},
		{Cosine{Peak: 2, WarmUp: 0.4}, 3, 10, 2},
		{Cosine{Peak: 2, WarmUp: 0.4}, 4, 10, 2},
		{Cosine{Peak: 2, WarmUp: 0.4}, 7, 10, 1},
		{Cosine{Peak: 2, WarmUp: 0.5}, 0, 1, 2},
		{OneCycle{8, 0.5, 4, 100}, 0, 10, 2},
		{OneCycle{8, 0.5, 4, 100}, 2, 10, 5},
		{OneCycle{8, 0.5, 4, 100}, 4, 10, 8},
		{OneCycle{8, 0.5, 4, 100}, 9, 10, 0.02},
		{OneCycle{8, 0, 4, 100}, 0, 3, 8},
		{OneCycle{8, 0.3, 4, 100}, 0, 1, 8},
		{OneCycle{Peak: 8, WarmUp: 0.5}, 0, 10, 8. / 25},
		{OneCycle{Peak: 8, WarmUp: 0.5}, 9, 10, 8. / 25 / 1e4},
	} {
		if got := tt.schedule.At(tt.step, tt.total); !(math.Abs(got-tt.want) <= 1e-12) {
			t.Errorf("%#v.At(%d, %d) = %v, want %v", tt.schedule, tt.step, tt.total, got, tt.want)
		}
	}
}

// Every valid schedule stays positive and at or below its peak.
func TestScheduleBounds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		peak := rapid.Float64Range(1e-6, 10).Draw(t, "peak")
		warm := rapid.Float64Range(0, 0.999).Draw(t, "warm")
		total := rapid.IntRange(1, 10_000).Draw(t, "total")
		step := rapid.IntRange(0, total-1).Draw(t, "step")
		for _, s := range []Schedule{Constant{peak}, Linear{peak, warm}, Cosine{peak, warm}, OneCycle{Peak: peak, WarmUp: warm}} {
			if rate := s.At(step, total); s.Validate() != nil || !(rate > 0 && rate <= peak*(1+1e-12)) {
				t.Fatalf("%#v.At(%d, %d) = %v, %v", s, step, total, rate, s.Validate())
			}
		}
	})
}
