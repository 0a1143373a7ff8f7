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
		graded   bool
		want     bool
	}{
		{"more accurate", plain(0.9, 2), plain(0.8, 1), false, true},
		{"less accurate", plain(0.8, 1), plain(0.9, 2), false, false},
		{"a lower loss", plain(0.9, 1), plain(0.9, 2), false, true},
		{"the same", plain(0.9, 1), plain(0.9, 1), false, false},
		{"partial sums that gain more than the whole loses", plain(0.8, 1, 0.7, 0.8), plain(0.9, 1, 0.6, 0.7), true, true},
		{"the same in a plain run", plain(0.8, 1, 0.7, 0.8), plain(0.9, 1, 0.6, 0.7), false, false},
		{"partial sums that gain less", plain(0.8, 1, 0.6, 0.75), plain(0.9, 1, 0.6, 0.7), true, false},
	} {
		if got := tt.new.better(&tt.old, tt.graded); got != tt.want {
			t.Errorf("%s: %v", tt.name, got)
		}
	}
}
