package approx

import (
	"fmt"
	"math"
	"strings"
	"testing"
)

var nan, inf = math.NaN(), math.Inf(1)

func TestClose(t *testing.T) {
	for _, tt := range []struct {
		got, want, tol float64
		close          bool
	}{
		{1, 1, 0, true},
		{0, math.Copysign(0, -1), 0, true},
		{1.5, 1, 0.5, true},
		{1.6, 1, 0.5, false},
		{1, 1.6, 0.5, false},
		{nan, 1, 1, false},
		{1, nan, 1, false},
		{nan, nan, 0, true},
		{inf, inf, 0, true},
		{inf, -inf, inf, false},
		{inf, 1, 1e300, false},
		{1, inf, inf, false},
		{nan, inf, inf, false},
		{1, 1, nan, false},
	} {
		if got := Close(tt.got, tt.want, tt.tol); got != tt.close {
			t.Errorf("Close(%v, %v, %v) = %v", tt.got, tt.want, tt.tol, got)
		}
	}
}

func TestSlices(t *testing.T) {
	tol := func(i int) float64 { return 0.1 * float64(i+1) }
	if err := Slices([]float32{1, 2, 3}, []float64{1, 2.15, 3.25}, tol); err != nil {
		t.Error(err)
	}
	if err := Slices([]float32{1}, []float64{1, 2}, tol); err == nil {
		t.Error("no error for slices of different lengths")
	}
	err := Slices([]float64{1, nan, 9}, []float64{1, 2, 3}, tol)
	if err == nil || !strings.Contains(err.Error(), "2 of 3 elements differ, first [1] = NaN, want 2") {
		t.Errorf("wrong error: %v", err)
	}
}

func ExampleSlices() {
	exact := func(int) float64 { return 0 }
	fmt.Println(Slices([]float32{1, 2}, []float64{1, 3}, exact))
	// Output: 1 of 2 elements differ, first [1] = 2, want 3: off by 1, tolerance 0
}
