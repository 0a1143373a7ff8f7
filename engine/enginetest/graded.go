package enginetest

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/coarsegrain/taylornet/engine"
)

// gradedOrders returns what graded passes are tested with.
func gradedOrders() []int {
	if testing.Short() { // the reference takes long
		return []int{2}
	}
	return []int{1, 2, 3, 5}
}

// variantOrders are those of graded passes with fixed statistics or limited gains.
const variantOrders = 3

// highest returns the most orders that gradients are tested with.
func (c *testCase[T]) highest() int {
	switch {
	case !c.net.Polynomial():
		return 0
	case !c.fixedStats && (!c.limitGains || !c.gains()):
		return slices.Max(gradedOrders())
	case testing.Short():
		return 0
	}
	return variantOrders
}

// graded tests graded passes: all of what is tested of plain training, for few and for
// more orders than the network has.
func (c *testCase[T]) graded(t *testing.T, e engine.Engine[T], tol float64) {
	if !c.net.Polynomial() {
		if _, err := e.CompileTraining(c.net, engine.TrainingOptions{Orders: 1}); !errors.Is(err, engine.ErrNotPolynomial) {
			t.Errorf("error %v, want %v", err, engine.ErrNotPolynomial)
		}
		return
	}
	g := *c
	for _, g.orders = range gradedOrders() {
		t.Run(fmt.Sprint("orders ", g.orders), func(t *testing.T) { g.gradient(t, e, tol) })
	}
	g.orders = variantOrders
	t.Run("workers", func(t *testing.T) { g.workers(t, e) })
	if testing.Short() {
		return
	}
	fixed, limited := g, g
	fixed.fixedStats, limited.limitGains = true, true
	t.Run("fixed statistics", func(t *testing.T) { fixed.gradient(t, e, tol) })
	if c.gains() {
		t.Run("limited gains", func(t *testing.T) { limited.gradient(t, e, tol) })
	}
}
