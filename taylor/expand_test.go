package taylor

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/coarsegrain/taylornet/poly"
)

func checkExpansion(rt *rapid.T, t *testing.T, e example) {
	list, err := e.net.Expand(t.Context(), e.about, 1e6)
	if err != nil {
		rt.Fatal(err)
	}
	l, err := e.net.Line(t.Context(), e.about, e.x)
	if err != nil {
		rt.Fatal(err)
	}
	d := make([]float64, len(e.x))
	for i := range d {
		d[i] = e.x[i] - e.about[i]
	}
	orders, want := l.ByOrder(), e.logits(t, e.x)
	for k, p := range list {
		read, err := poly.Parse(p.String())
		if err != nil {
			rt.Fatal(err)
		}
		scale := 1.0
		for order := range orders {
			scale = max(scale, math.Abs(orders[order][k]))
		}
		if got := read.Eval(d); !(math.Abs(got-want[k]) <= 1e-10*scale) {
			rt.Fatalf("logit %d of %v is %v, of its monomials %v", k, e.spec, want[k], got)
		}
		for order := range orders {
			if got := read.Order(order).Eval(d); !(math.Abs(got-orders[order][k]) <= 1e-10*scale) {
				rt.Fatalf("order %d of logit %d of %v is %v, of its monomials %v", order, k, e.spec, orders[order][k], got)
			}
		}
	}
}
