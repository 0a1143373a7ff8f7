package train

import (
	"slices"
	"testing"
)

func TestMiddle(t *testing.T) {
	for _, tt := range []struct {
		values []float32
		want   float32
	}{
		{[]float32{3}, 3},
		{[]float32{1, 4}, 2.5},
		{[]float32{1e30, 2, -1e30}, 2},
		{[]float32{5, 4, 1e20, 2, 1}, 4},
		{[]float32{9, 0, 1, 8, 3, 1e30, 2, 7, 5, 4}, 4.5},
	} {
		if got := middle(slices.Clone(tt.values)); got != tt.want {
			t.Errorf("middle(%v) = %v, want %v", tt.values, got, tt.want)
		}
	}
}
