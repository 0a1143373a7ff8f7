package taylor

import (
	"errors"
	"math"
	"testing"

	"github.com/coarsegrain/taylornet/model"
)

// TestPartialOverflow: sums of orders that overflow have an answer, so that check can say so.
func TestPartialOverflow(t *testing.T) {
	const large = 0.9 * math.MaxFloat64
	orders := []Order{{Logits: []float64{large}}, {Order: 1, Logits: []float64{large}}, {Order: 2, AndHigher: true, Logits: []float64{math.Inf(-1)}}}
	e := Explanation{ByOrder: orders, Partial: partials(orders)}
	if err := e.check(); !errors.Is(err, model.ErrNotFinite) {
		t.Errorf("error %v", err)
	}
}
