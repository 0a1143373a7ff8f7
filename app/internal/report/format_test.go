package report

import (
	"math"
	"testing"

	"github.com/coarsegrain/taylornet/spec"
)

func TestFormats(t *testing.T) {
	for _, tt := range []struct{ got, want string }{
		{Count(0), "0"}, {Count(999), "999"}, {Count(1000), "1,000"}, {Count(118346), "118,346"}, {Count(1234567), "1,234,567"},
		{Count(-999), "-999"}, {Count(-1000), "-1,000"},
		{percent(0.9954), "99.54\u00a0%"}, {percent(1), "100.00\u00a0%"},
		{significant(0.046729), "0.0467"}, {significant(12345.6), "12,346"}, {significant(0), "0"},
		{significant(1e300), "1e+300"}, {significant(math.Inf(1)), "+Inf"}, {significant(math.NaN()), "NaN"}, {Whole(1e14), "100,000,000,000,000"},
		{duration(1e300), "1e+300\u00a0s"}, {duration(math.NaN()), "NaN\u00a0s"},
		{degree(0), "none"}, {degree(16), "16"}, {degree(spec.MaxDegree), "≥ " + Count(spec.MaxDegree)},
		{duration(1.26), "1.3\u00a0s"}, {duration(59.96), "1\u00a0min 0\u00a0s"}, {duration(83.4), "1\u00a0min 23\u00a0s"},
		{duration(3599.7), "1\u00a0h 0\u00a0min"}, {duration(7384), "2\u00a0h 3\u00a0min"},
	} {
		if tt.got != tt.want {
			t.Errorf("got %q, want %q", tt.got, tt.want)
		}
	}
}

func TestShownSize(t *testing.T) {
	for _, tt := range [][4]int{{8, 8, 96, 96}, {28, 28, 84, 84}, {32, 32, 96, 96}, {96, 1, 96, 1}, {200, 100, 96, 48}, {1000, 1, 96, 1}} {
		if w, h := shownSize(tt[0], tt[1], shownSide); w != tt[2] || h != tt[3] {
			t.Errorf("%d x %d is shown as %d x %d, want %d x %d", tt[0], tt[1], w, h, tt[2], tt[3])
		}
	}
}
