package poly_test

import (
	"encoding/json"
	"fmt"
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/coarsegrain/taylornet/poly"
)

func draw(t *rapid.T, name string) poly.Poly {
	term := rapid.Custom(func(t *rapid.T) poly.Term {
		return poly.Term{
			Variables:   rapid.SliceOfN(rapid.IntRange(0, 3), 0, 4).Draw(t, "variables"),
			Coefficient: rapid.Float64Range(-9, 9).Draw(t, "coefficient"),
		}
	})
	p, err := poly.New(rapid.SliceOfN(term, 0, 6).Draw(t, name)...)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func drawPoint(t *rapid.T) []float64 {
	return rapid.SliceOfN(rapid.Float64Range(-2, 2), 4, 4).Draw(t, "x")
}

// TestArithmetic: sums and products of polynomials are those of their values.
func TestArithmetic(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, q, x := draw(t, "p"), draw(t, "q"), drawPoint(t)
		scale := rapid.Float64Range(-3, 3).Draw(t, "scale")
		for name, pair := range map[string][2]float64{
			"sum":     {p.AddScaled(scale, q).Eval(x), p.Eval(x) + scale*q.Eval(x)},
			"product": {p.Mul(q).Eval(x), p.Eval(x) * q.Eval(x)},
		} {
			if !(math.Abs(pair[0]-pair[1]) <= 1e-9*(1e4+math.Abs(pair[1]))) {
				t.Fatalf("%s of %v and %v at %v: got %v, want %v", name, p, q, x, pair[0], pair[1])
			}
		}
		var orders poly.Poly
		for k := range p.Degree() + 1 {
			orders = orders.AddScaled(1, p.Order(k))
		}
		if orders.String() != p.String() {
			t.Fatalf("the orders of %v add up to %v", p, orders)
		}
	})
}

// TestForms: both written forms read as the same polynomial.
func TestForms(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := draw(t, "p")
		parsed, err := poly.Parse(p.String())
		if err != nil || parsed.String() != p.String() {
			t.Fatalf("%v parsed as %v, %v", p, parsed, err)
		}
		text, err := json.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		var decoded poly.Poly
		if err := json.Unmarshal(text, &decoded); err != nil || decoded.String() != p.String() {
			t.Fatalf("%s decoded as %v, %v", text, decoded, err)
		}
	})
}

func TestString(t *testing.T) {
	for _, tt := range []struct {
		terms []poly.Term
		want  string
	}{
		{nil, "0"},
		{[]poly.Term{{[]int{1}, 2}, {[]int{1}, -2}}, "0"},
		{[]poly.Term{{nil, 1}, {[]int{0}, -1}}, "1 - x0"},
		{[]poly.Term{{[]int{3, 0, 0}, -0.5}, {nil, -2}, {[]int{2}, 1}}, "-2 + x2 - 0.5*x0^2*x3"},
		{[]poly.Term{{[]int{300, 2}, 1e-20}}, "1e-20*x2*x300"},
	} {
		p, err := poly.New(tt.terms...)
		if err != nil || p.String() != tt.want {
			t.Errorf("%v: got %q, %v, want %q", tt.terms, p, err, tt.want)
		}
	}
	if got := poly.Constant(1.0 / 3).Text(3); got != "0.333" {
		t.Errorf("three digits of a third: %q", got)
	}
}

func TestFaults(t *testing.T) {
	for _, text := range []string{"", "+", "1 +", "x0 x1", "1 * 2", "x", "x-1", "x65536", "x0^", "x0^-1", "x0^4097", "x0^4000*x1^97", "NaN", "Inf*x0", "2*3", "x0*2", "1 + -x0", "y0"} {
		if p, err := poly.Parse(text); err == nil {
			t.Errorf("%q parsed as %v", text, p)
		}
	}
	var p poly.Poly
	for _, text := range []string{"{}", `[{"variables":[-1],"coefficient":1}]`, `[{"variables":[65536],"coefficient":1}]`} {
		if err := json.Unmarshal([]byte(text), &p); err == nil {
			t.Errorf("%s decoded as %v", text, p)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"0", "-2 + x2 - 0.5*x0^2*x3", "1e-20*x2*x300", "NaN*x1", "Inf", "x1^9"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, err := poly.Parse(text)
		if err != nil {
			return
		}
		again, err := poly.Parse(p.String())
		if err != nil || again.String() != p.String() {
			t.Fatalf("%q reads as %v, that as %v, %v", text, p, again, err)
		}
	})
}

func ExamplePoly() {
	x0, x1 := poly.Variable(0), poly.Variable(1)
	p := poly.Constant(1).AddScaled(2, x0).AddScaled(-1, x1)
	square := p.Mul(p)
	fmt.Println(square)
	fmt.Println(square.Eval([]float64{1, 5}))
	// Output:
	// 1 + 4*x0 - 2*x1 + 4*x0^2 - 4*x0*x1 + x1^2
	// 4
}
