package report

import (
	"fmt"
	"math"
	"strconv"

	"github.com/coarsegrain/taylornet/internal/stats"
	"github.com/coarsegrain/taylornet/spec"
)

// interval writes Wilson's interval for a headline.
func interval(correct, total int) string {
	v := stats.Wilson(correct, total)
	return fmt.Sprintf("95\u00a0%% interval %.2f to %s", 100*v.Low, percent(v.High))
}

// bounds writes the ends of an interval of fractions in per cent, or "" if there is no
// interval.
func bounds(v stats.Interval) string {
	if math.IsNaN(v.Low) {
		return ""
	}
	return fmt.Sprintf("%.2f to %.2f", 100*v.Low, 100*v.High)
}

// Count writes a whole number with commas between thousands: 12,345.
func Count(n int) string {
	s := strconv.Itoa(n)
	first := 0
	if n < 0 {
		first = 1
	}
	for i := len(s) - 3; i > first; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// Whole writes a number, rounded, as Count does, or with an exponent if it is very large.
func Whole(v float64) string {
	if !(math.Abs(v) < 1e15) {
		return strconv.FormatFloat(v, 'g', 3, 64)
	}
	return Count(int(math.Round(v)))
}

// percent writes a fraction, 0 to 1, in per cent.
func percent(fraction float64) string {
	return strconv.FormatFloat(100*fraction, 'f', 2, 64) + "\u00a0%"
}

// significant writes a number with three significant figures, or with all digits before
// the point if there are more.
func significant(v float64) string {
	if v >= 1000 {
		return Whole(v)
	}
	return strconv.FormatFloat(v, 'g', 3, 64)
}

// degree writes the degree of a polynomial as spec.Net.Degree gives it.
func degree(d int) string {
	switch d {
	case 0:
		return "none"
	case spec.MaxDegree:
		return "≥ " + Count(d)
	}
	return Count(d)
}

// duration writes a time in its two largest units.
func duration(seconds float64) string {
	if !(seconds < 1e15) {
		return Whole(seconds) + "\u00a0s"
	}
	if seconds < 59.95 {
		return strconv.FormatFloat(seconds, 'f', 1, 64) + "\u00a0s"
	}
	s := int(math.Round(seconds))
	if s < 3600 {
		return fmt.Sprintf("%d\u00a0min %d\u00a0s", s/60, s%60)
	}
	return fmt.Sprintf("%d\u00a0h %d\u00a0min", s/3600, s%3600/60)
}
