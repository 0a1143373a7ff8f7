package taylor

import (
	"errors"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/coarsegrain/taylornet/spec"
)

// TestLowOrders: without the higher orders a line has the same low ones, and the
// same attributions over all orders.
func TestLowOrders(t *testing.T) {
	for name, source := range nets {
		t.Run(name, func(t *testing.T) {
			e := newExample(t, source, rand.New(rand.NewPCG(7, 8)))
			whole, err := e.net.Explain(t.Context(), e.about, e.x)
			if err != nil {
				t.Fatal(err)
			}
			if !whole.Whole() {
				t.Fatal("a whole line has higher orders")
			}
			if e.net.Degree <= lowOrders {
				return
			}
			e.net.Orders = lowOrders
			low, err := e.net.Explain(t.Context(), e.about, e.x)
			if err != nil {
				t.Fatal(err)
			}
			if len(low.ByOrder) != lowOrders+2 || low.Whole() {
				t.Fatalf("%d orders", len(low.ByOrder))
			}
			largest := 0.0
			for k := range e.net.K {
				largest = max(largest, math.Abs(whole.Logits[k]-whole.ByOrder[0].Logits[k]))
			}
			closeTo(t, "the logits", low.Logits, whole.Logits, 1)
			var higher [][]float64
			for _, o := range whole.ByOrder[lowOrders+1:] {
				higher = append(higher, o.Logits)
			}
			closeTo(t, "the higher orders", low.ByOrder[lowOrders+1].Logits, sumOf(higher), 1)
			for order, o := range low.ByOrder[:lowOrders+1] {
				closeTo(t, "an order", o.Logits, whole.ByOrder[order].Logits, 1)
				for k := range e.net.K {
					closeTo(t, "an attribution", low.Attributions[k][order], whole.Attributions[k][order], 1)
				}
			}
			for k := range e.net.K {
				closeTo(t, "the totals", low.Totals[k], whole.Totals[k], 1e4*largest)
			}
			if len(low.Pairs) != len(whole.Pairs) {
				t.Fatalf("%d pairs, not %d", len(low.Pairs), len(whole.Pairs))
			}
		})
	}
}

// iterated is the polynomial that takes x to a x^2 + b x + c so many times.
func iterated(t *testing.T, times int, c, b, a float64) *Net {
	t.Helper()
	source := "Input(1,1,1)" + strings.Repeat(" CG(1,1,1,1,1)", times)
	var params []float64
	for range times {
		params = append(params, c, b, a)
	}
	parsed, err := spec.Parse(source)
	if err != nil {
		t.Fatal(err)
	}
	n, err := New(parsed, params, Options{Workers: 1})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestHighDegree(t *testing.T) {
	n := iterated(t, 12, 0, 0.5, 0.5)
	e, err := n.Explain(t.Context(), []float64{0.2}, []float64{0.9})
	if err != nil {
		t.Fatal(err)
	}
	if n.Degree != 4096 || n.Orders != lowOrders || len(e.ByOrder) != lowOrders+2 || e.Whole() {
		t.Fatalf("degree %d, orders %d, %d of them", n.Degree, n.Orders, len(e.ByOrder))
	}
	if want := e.Logits[0] - e.ByOrder[0].Logits[0]; math.Abs(e.Totals[0][0]-want) > sumError*want {
		t.Errorf("the only pixel has %v of %v", e.Totals[0][0], want)
	}
	if _, err := n.Expand(t.Context(), []float64{0}, 1e6); !errors.Is(err, ErrTooLong) {
		t.Errorf("an expansion of degree 4096: %v", err)
	}
	// The Chebyshev polynomial T_4096 has 4,096 zeros between -1 and 1.
	if _, err := iterated(t, 12, -1, 0, 2).Explain(t.Context(), []float64{-0.9}, []float64{0.95}); !errors.Is(err, ErrQuadrature) {
		t.Errorf("an integral over hundreds of turns: %v", err)
	}
}

// About 0 the orders of the Chebyshev polynomial T_128, T_128(cos u) = cos 128 u, have
// 10^48 and cancel.
func TestOrdersThatCancel(t *testing.T) {
	const x = 0.9
	n := iterated(t, 7, -1, 0, 2)
	e, err := n.Explain(t.Context(), []float64{0}, []float64{x})
	if err != nil {
		t.Fatal(err)
	}
	if n.Orders != 128 || len(e.ByOrder) != lowOrders+2 || e.Whole() {
		t.Fatalf("orders up to %d, %d of them, of higher ones %v", n.Orders, len(e.ByOrder), e.ByOrder[len(e.ByOrder)-1])
	}
	want := math.Cos(128 * math.Acos(x))
	if got := e.Logits[0]; !(math.Abs(got-want) <= 1e-9) {
		t.Errorf("T_128(%v) is %v, want %v", x, got, want)
	}
	if got, change := e.Totals[0][0], want-e.ByOrder[0].Logits[0]; !(math.Abs(got-change) <= sumError*math.Abs(change)) {
		t.Errorf("the only pixel has %v of %v", got, change)
	}
	near, err := n.Explain(t.Context(), []float64{0.899}, []float64{x})
	if err != nil {
		t.Fatal(err)
	}
	if len(near.ByOrder) != 129 || !near.Whole() {
		t.Errorf("from a near point it has %d orders, not all", len(near.ByOrder))
	}
}

func TestGaussLegendre(t *testing.T) {
	for _, nodes := range []int{1, 2, 5, 32, mostNodes} {
		at, weights := gaussLegendre(nodes)
		for power := range 2 * nodes {
			var sum float64
			for j, x := range at {
				sum += weights[j] * math.Pow(x, float64(power))
			}
			if want := 1 / float64(power+1); !(math.Abs(sum-want) <= 1e-12) {
				t.Fatalf("%d nodes: the integral of x^%d is %v, want %v", nodes, power, sum, want)
			}
		}
	}
}
