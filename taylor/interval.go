package taylor

import (
	"encoding/json"
	"math"

	"github.com/coarsegrain/taylornet/internal/stats"
)

// Interval is a mean over polynomials with Student's 95 % interval. For one
// polynomial there is no interval, and its ends are NaN.
type Interval struct{ Mean, Low, High float64 }

func newInterval(values []float64) Interval { return Interval(stats.Student(values)) }

// MarshalJSON writes a list of the mean and both ends, which are null if there is no
// interval.
func (v Interval) MarshalJSON() ([]byte, error) {
	list := [3]*float64{&v.Mean}
	if !math.IsNaN(v.Low) {
		list[1], list[2] = &v.Low, &v.High
	}
	return json.Marshal(list)
}

// ends returns the ends, or the mean for both if there is no interval.
func (v Interval) ends() (low, high float64) {
	if math.IsNaN(v.Low) {
		return v.Mean, v.Mean
	}
	return v.Low, v.High
}
