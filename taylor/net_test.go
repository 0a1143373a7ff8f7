package taylor

import (
	"errors"
	"math"
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"testing"

	"pgregory.net/rapid"

	"github.com/coarsegrain/taylornet/engine"
	"github.com/coarsegrain/taylornet/engine/cpu"
	"github.com/coarsegrain/taylornet/internal/approx"
	"github.com/coarsegrain/taylornet/spec"
)

// nets have, between them, every operation that is a polynomial.
var nets = map[string]string{
	"identity": "Input(1,1,3) Sum{ | }",
	"linear":   "Input(2,3,2) Linear(4)",
	"digits":   "Input(8,8,1) Conv(3,3,16,1,1,1) Norm CG(2,2,16,2,2) Conv(3,3,16,1,1,1) Norm CG(2,2,16,2,2) Linear(5)",
	"dilated":  "Input(9,9,1) Conv(3,3,3,1,1,1) Norm CG(2,2,3,1,1,5) Conv(3,3,4,1,1,1) CG(2,2,4,1,1,2) Norm CG(2,2,4,1,1) Linear(3)",
	"orders":   "Input(6,6,2) CG(2,3,2,2,3,order=3) Conv(1,1,3,1,1) CG(1,2,3,1,1,order=1) Linear(3)",
	"strides":  "Input(9,7,3) Norm Conv(3,2,4,2,3,1) Norm Conv(2,2,5,1,1) Flatten Linear(6) Norm CG(1,1,6,1,1) Linear(2)",
	"residual": "Input(6,6,2) Sum{ Conv(3,3,2,1,1,1) Norm | } CG(2,2,2,2,2) Sum{ CG(1,1,2,1,1) | Conv(1,1,2,1,1) | } Linear(3)",
	"narrow":   "Input(3,4,2) Conv(2,2,3,1,1) CG(1,2,3,1,1) Conv(1,1,1,1,1) AvgPool Linear(4)",
	"parallel": "Input(6,6,2) Cat{ CG(2,2,2,2,2) | AvgPool(2,2,2,2) | Conv(2,2,3,2,2) Norm } Cat{ | Sum{ | Norm } } CG(1,1,14,1,1) AvgPool Linear(4)",
	"tied":     "Input(8,8,1) Conv(3,3,2,1,1,1) Norm CG(2,2,2,2,2,tie=1) Norm Conv(3,3,2,1,1,1) CG(2,2,2,2,2,tie=1) Norm Linear(3)",
	"gain":     "Input(3,3,2) Conv(3,3,3,1,1,1) Gain(2) CG(1,1,3,1,1) Norm Gain(9) AvgPool Linear(3)",
	"direct":   "Input(3,2,2) Taylor(5) Norm Conv(1,1,4,1,1) Taylor(3,order=3)",
}

// small nets have expansions that can be written out.
var small = map[string]string{
	"clusters": "Input(1,4,1) CG(1,2,1,1,2) CG(1,2,1,1,1)",
	"mixed":    "Input(2,2,2) Conv(2,2,3,1,1,1) Norm CG(2,2,3,1,1) Cat{ | AvgPool(1,1,1,1) } Sum{ | } CG(1,1,6,1,1) Linear(2)",
	"taylor":   "Input(2,2,1) Conv(1,1,2,1,1) Taylor(2,order=3)",
	"gain":     "Input(1,2,2) Gain(3) CG(1,2,2,1,1)",
	"cubic":    "Input(2,2,2) Flatten Linear(2) CG(1,1,2,1,1,order=3)",
}

type example struct {
	spec     *spec.Net
	net      *Net
	params   []float64
	about, x []float64
}

func newExample(t testing.TB, source string, r *rand.Rand) example {
	t.Helper()
	net, err := spec.Parse(source)
	if err != nil {
		t.Fatal(err)
	}
	e := example{spec: net}
	for _, p := range net.Params() {
		for range p.Size() {
			v := r.NormFloat64()
			switch p.Role {
			case spec.Weight:
				v /= math.Sqrt(float64(p.FanIn))
			case spec.Coefs, spec.Expansion:
				v /= math.Sqrt(float64(p.Shape[0]))
			case spec.Var, spec.Scale:
				v = 0.5 + math.Abs(v)
			case spec.Bias, spec.Shift, spec.Mean: // as drawn
			}
			e.params = append(e.params, v)
		}
	}
	for range net.Input.Size() {
		e.about, e.x = append(e.about, r.NormFloat64()/2), append(e.x, r.NormFloat64()/2)
	}
	if e.net, err = New(net, e.params, Options{Workers: 2}); err != nil {
		t.Fatal(err)
	}
	return e
}

// logits evaluates the net by the engine, in float64.
func (e *example) logits(t testing.TB, x []float64) []float64 {
	t.Helper()
	program, err := cpu.Engine[float64]{}.Compile(e.spec, e.params, engine.Options{Workers: 1})
	if err != nil {
		t.Fatal(err)
	}
	var out []float64
	program.Run(1, func(_ int, to []float64) { copy(to, x) }, func(_ int, y []float64) { out = append(out, y...) })
	return out
}

// close holds values against each other to 1e-10 of the largest.
func closeTo(t testing.TB, what string, got, want []float64, scale float64) {
	t.Helper()
	for _, v := range want {
		scale = max(scale, math.Abs(v))
	}
	if err := approx.Slices(got, want, func(int) float64 { return 1e-10 * scale }); err != nil {
		t.Fatalf("%s: %v", what, err)
	}
}

func sumOf(lists [][]float64) []float64 {
	sum := make([]float64, len(lists[0]))
	for _, list := range lists {
		for i, v := range list {
			sum[i] += v
		}
	}
	return sum
}

func total(list []float64) (sum float64) {
	for _, v := range list {
		sum += v
	}
	return sum
}

// TestOrdersAddUp: the sum over the orders is the net's output, order k goes
// with t^k along the line, and pixels' shares add up to each order's.
func TestOrdersAddUp(t *testing.T) {
	for name, source := range nets {
		t.Run(name, func(t *testing.T) {
			e := newExample(t, source, rand.New(rand.NewPCG(1, 2)))
			l, err := e.net.Line(t.Context(), e.about, e.x)
			if err != nil {
				t.Fatal(err)
			}
			orders := l.ByOrder()
			largest := 0.0
			for _, list := range orders {
				for _, v := range list {
					largest = max(largest, math.Abs(v))
				}
			}
			if len(orders) != e.spec.Degree()+1 {
				t.Fatalf("%d orders, the degree is %d", len(orders), e.spec.Degree())
			}
			closeTo(t, "the orders' sum", l.Logits(), e.logits(t, e.x), largest)
			closeTo(t, "order 0", orders[0], e.logits(t, e.about), largest)
			for _, s := range []float64{-1, 0.5} {
				x, want := make([]float64, len(e.x)), make([]float64, e.net.K)
				for i := range x {
					x[i] = e.about[i] + s*(e.x[i]-e.about[i])
				}
				for k, list := range orders {
					for j, v := range list {
						want[j] += math.Pow(s, float64(k)) * v
					}
				}
				closeTo(t, "along the line", e.logits(t, x), want, largest)
			}
			all, err := l.Attributions(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for k, attribution := range all {
				for order := 1; order < len(orders); order++ {
					closeTo(t, "a sum over pixels", []float64{total(attribution[order])}, []float64{orders[order][k]}, largest)
				}
				if total(attribution[0]) != 0 {
					t.Fatal("order 0 has shares")
				}
			}
		})
	}
}

// TestQuadratic: the coefficients agree with finite differences, and give the
// first three orders of any image.
func TestQuadratic(t *testing.T) {
	for name, source := range nets {
		t.Run(name, func(t *testing.T) {
			e := newExample(t, source, rand.New(rand.NewPCG(3, 4)))
			var calls atomic.Int64
			q, err := e.net.Quadratic(t.Context(), e.about, func(int, int) { calls.Add(1) })
			rows := len(e.x)
			if e.net.Degree < 2 { // there are no products
				rows = 1
			}
			if err != nil || calls.Load() != int64(rows) {
				t.Fatal(err, calls.Load())
			}
			l, err := e.net.Line(t.Context(), e.about, e.x)
			if err != nil {
				t.Fatal(err)
			}
			n := len(e.x)
			want := l.ByOrder()
			for k := range e.net.K {
				var first, second float64
				for i := range n {
					di := e.x[i] - e.about[i]
					first += q.Linear[k][i] * di
					for j := i; j < n; j++ {
						second += q.Pair(k, i, j) * di * (e.x[j] - e.about[j])
					}
				}
				got, exact := []float64{q.Constant[k], first}, []float64{want[0][k], want[1][k]}
				if e.net.Degree > 1 {
					got, exact = append(got, second), append(exact, want[2][k])
				}
				closeTo(t, "the first orders", got, exact, 1)
			}
			r := rand.New(rand.NewPCG(5, 6))
			for range 5 {
				i, j := r.IntN(n), r.IntN(n)
				const h = 1e-3
				at := func(a, b float64) []float64 {
					x := append([]float64(nil), e.about...)
					x[i] += a
					x[j] += b
					return e.logits(t, x)
				}
				pp, pm, mp, mm := at(h, h), at(h, -h), at(-h, h), at(-h, -h)
				for k := range e.net.K {
					difference := (pp[k] - pm[k] - mp[k] + mm[k]) / (4 * h * h)
					exact := q.Products[k][i*n+j] + q.Products[k][j*n+i]
					if !approx.Close(exact, difference, 1e-3*(1+math.Abs(difference))) {
						t.Fatalf("logit %d, inputs %d and %d: %v, by differences %v", k, i, j, exact, difference)
					}
				}
			}
		})
	}
}

// TestExpand: the monomials, printed and read again, are the net.
func TestExpand(t *testing.T) {
	for name, source := range small {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(rt *rapid.T) {
				e := newExample(t, source, rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), 1)))
				checkExpansion(rt, t, e)
			})
		})
	}
}

func TestFaults(t *testing.T) {
	for source, want := range map[string]struct {
		err  error
		text string
	}{
		"Input(4,4,1) Conv(3,3,2,1,1,1) Sum{ | ReLU } Linear(2)": {ErrNotPolynomial, "ReLU"},
		"Input(4,4,1) MaxPool(2,2,2,2) Linear(2)":                {ErrNotPolynomial, "MaxPool"},
	} {
		net, err := spec.Parse(source)
		if err != nil {
			t.Fatal(err)
		}
		_, err = New(net, make([]float64, engine.VectorLen(net.Params())), Options{})
		if !errors.Is(err, want.err) || !strings.Contains(err.Error(), want.text) {
			t.Errorf("%s: got the error %v, want %v with %q", source, err, want.err, want.text)
		}
	}
	e := newExample(t, nets["digits"], rand.New(rand.NewPCG(1, 2)))
	if _, err := e.net.Line(t.Context(), e.about[1:], e.x); err == nil {
		t.Error("a line from a point of another shape")
	}
	if _, err := e.net.Expand(t.Context(), e.about, 1000); !errors.Is(err, ErrTooLong) {
		t.Errorf("an expansion of 1000 monomials of digits: %v", err)
	}
	e.x[0] = math.Inf(1)
	if _, err := e.net.Line(t.Context(), e.about, e.x); err == nil {
		t.Error("a line to infinity")
	}
}

// TestPartial: the answer of all orders is that of the logits.
func TestPartial(t *testing.T) {
	e := newExample(t, nets["digits"], rand.New(rand.NewPCG(1, 2)))
	got, err := e.net.Explain(t.Context(), e.about, e.x)
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Partial) != len(got.ByOrder) {
		t.Fatalf("%d partial sums of %d orders", len(got.Partial), len(got.ByOrder))
	}
	last := got.Partial[len(got.Partial)-1]
	if last.Label != got.Label || !approx.Close(last.Probability, got.Probability, 1e-9) {
		t.Errorf("all orders answer %d (%v), the network %d (%v)", last.Label, last.Probability, got.Label, got.Probability)
	}
	first := make([]float64, e.net.K)
	engine.Softmax(first, sumOf([][]float64{got.ByOrder[0].Logits, got.ByOrder[1].Logits}))
	closeTo(t, "orders 0 and 1", got.Partial[1].Probabilities, first, 1)
}

// TestRunsAllocateLittle: a step with many monomials takes the memory of the run before.
func TestRunsAllocateLittle(t *testing.T) {
	e := newExample(t, "Input(9,9,1) Taylor(2,order=2)", rand.New(rand.NewPCG(7, 8)))
	p, a := e.net.newPass(t.Context(), 1), e.net.newAdjoint(t.Context(), 1)
	allocations := testing.AllocsPerRun(3, func() {
		p.run(e.about, e.x)
		a.run(p, 1)
	})
	if allocations > 20 {
		t.Errorf("a run allocates %v times", allocations)
	}
}

// TestHead: second derivatives are taken of the one feature before many logits, and not of
// each logit.
func TestHead(t *testing.T) {
	for source, want := range map[string]int{
		nets["narrow"]: 1, nets["digits"]: 5, nets["direct"]: 3,
		"Input(4,4,1) CG(2,2,1,2,2) Linear(3) Linear(9)": 3,
		"Input(4,4,1) Linear(2) CG(1,1,2,1,1)":           2,
	} {
		e := newExample(t, source, rand.New(rand.NewPCG(9, 10)))
		if h := e.net.head(); h.size != want {
			t.Errorf("%s: the head begins with %d values, want %d", source, h.size, want)
		}
	}
}
