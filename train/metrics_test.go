package train

import "testing"

// TestBetter compares epochs of plain and of graded runs.
func TestBetter(t *testing.T) {
	plain := func(accuracy, loss float64, partial ...float64) Metrics {
		return Metrics{ValidationAccuracy: accuracy, ValidationLoss: loss, Partial: partial}
	}
	for _, tt := range []struct {
		name     string
		new, old Metrics
		want     bool
	}{
		{"more accurate", plain(0.9, 2), plain(0.8, 1), true},
		{"less accurate", plain(0.8, 1), plain(0.9, 2), false},
		{"a lower loss", plain(0.9, 1), plain(0.9, 2), true},
		{"the same", plain(0.9, 1), plain(0.9, 1), false},
		{"partial sums that gain more than the whole loses", plain(0.8, 1, 0.7, 0.8), plain(0.9, 1, 0.6, 0.7), true},
		{"partial sums that gain less", plain(0.8, 1, 0.6, 0.75), plain(0.9, 1, 0.6, 0.7), false},
	} {
		if got := tt.new.better(&tt.old); got != tt.want {
			t.Errorf("%s: %v", tt.name, got)
		}
	}
}
