package taylor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/coarsegrain/taylornet/dataset"
	"github.com/coarsegrain/taylornet/internal/memory/memorytest"
	"github.com/coarsegrain/taylornet/model"
	"github.com/coarsegrain/taylornet/spec"
	"github.com/coarsegrain/taylornet/tensor"
)

// fataler is a test, of testing or rapid.
type fataler interface {
	Helper()
	Fatal(args ...any)
}

// hostile returns a model with the parameters that value gives, but for variances of 1.
func hostile(t fataler, source string, value func() float32) *model.Model {
	t.Helper()
	net, err := spec.Parse(source)
	if err != nil {
		t.Fatal(err)
	}
	cfg := model.Config{Net: net}
	for _, p := range net.Params() {
		for range p.Size() {
			v := float32(1)
			if p.Role != spec.Var {
				v = value()
			}
			cfg.Params = append(cfg.Params, v)
		}
	}
	for range net.Input.C {
		cfg.Normalisation.Mean, cfg.Normalisation.Std = append(cfg.Normalisation.Mean, 0.5), append(cfg.Normalisation.Std, 0.5)
	}
	for k := range net.Out().Size() {
		cfg.Classes = append(cfg.Classes, fmt.Sprint("class ", k))
	}
	m, err := model.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// TestDegreesSaturate: of n coarse-grainings x + e x^2 in succession, of a degree 2^n that
// is too large for a number, the second order is n e.
func TestDegreesSaturate(t *testing.T) {
	const e = 1e-3
	for _, n := range []int{10, 52, 53, 54, 63, 100} {
		net, err := spec.Parse("Input(1,1,1) " + strings.Repeat("CG(1,1,1,1,1) ", n))
		if err != nil {
			t.Fatal(err)
		}
		var params []float64
		for range n {
			params = append(params, 0, 1, e)
		}
		compiled, err := New(net, params, Options{})
		if err != nil {
			t.Fatal(err)
		}
		q, err := compiled.Quadratic(t.Context(), []float64{0}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := q.Products[0][0], float64(n)*e; !(math.Abs(got-want) <= 1e-12) || q.Linear[0][0] != 1 {
			t.Errorf("%d coarse-grainings: the second order is %v, want %v", n, got, want)
		}
		x, err := compiled.Explain(t.Context(), []float64{0}, []float64{0.01})
		if err != nil {
			t.Fatalf("%d coarse-grainings: %v", n, err)
		}
		if got, want := x.ByOrder[2].Logits[0], float64(n)*e*1e-4; !(math.Abs(got-want) <= 1e-12) {
			t.Errorf("%d coarse-grainings: order 2 contributes %v, want %v", n, got, want)
		}
	}
}

// TestHugeDegrees: networks of degrees up to 10^30 are analysed, whatever is asked for.
func TestHugeDegrees(t *testing.T) {
	for name, source := range map[string]string{
		"53 CGs":    "Input(2,2,1) " + strings.Repeat("CG(1,1,1,1,1) ", 53) + "Linear(2)",
		"100 CGs":   "Input(2,2,1) " + strings.Repeat("CG(1,1,1,1,1) ", 100) + "Linear(2)",
		"63 cubic":  "Input(2,2,1) " + strings.Repeat("CG(1,1,1,1,1,order=3) Norm ", 63) + "Linear(2)",
		"16 blocks": "Input(2,2,1) " + strings.Repeat("Sum{ Conv(3,3,1,1,1,1) Gain(4) CG(1,1,1,1,1) | } ", 16) + "Linear(2)",
		"cat":       "Input(2,2,1) " + strings.Repeat("Cat{ Gain(2) | Gain(2) } Conv(1,1,1,1,1) ", 44) + "Taylor(2)",
	} {
		t.Run(name, func(t *testing.T) {
			i := 0
			m := hostile(t, source, func() float32 { i++; return float32(i%7-3) / 20 })
			training := &dataset.Set{H: 2, W: 2, C: 1, Pixels: []uint8{0, 90, 180, 255, 9, 3, 5, 7}, Labels: []uint16{0, 1}, Classes: m.Classes()}
			a, err := Analyse(t.Context(), m, Request{
				Pictures: []Picture{{"a.png", model.Prepared{Pixels: []uint8{1, 2, 100, 200}}}},
				Training: training, Sample: 2, SecondOrder: true,
			})
			if err != nil {
				t.Fatal(err)
			}
			if len(a.Images) != 1 || a.Degree != spec.MaxDegree {
				t.Errorf("degree %d, left out: %v", a.Degree, a.Unreadable)
			}
			if _, err := Analyse(t.Context(), m, Request{Monomials: 1000}); !errors.Is(err, ErrTooLong) {
				t.Errorf("monomials: %v", err)
			}
		})
	}
}

// TestBudget: what does not fit is refused before it is allocated, and a whole expansion
// that does not fit stops at order 2.
func TestBudget(t *testing.T) {
	small := func() float32 { return 0.01 }
	for _, source := range []string{
		"Input(8192,8192,1) CG(2,2,1,2,2) AvgPool Linear(2)",
		"Input(8,8,1) Conv(3,3,1,1,1,8000) AvgPool Linear(2)",
		"Input(8192,8192,1) AvgPool Linear(2)",
		"Input(4000,4000,1) " + strings.Repeat("Norm ", 20) + "AvgPool Linear(2)",
	} {
		m := hostile(t, source, small)
		var err error
		taken := memorytest.Allocated(func() { _, err = FromModel(m, Options{Memory: 128 << 20}) })
		if !errors.Is(err, tensor.ErrMemory) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", source, err)
		}
		if taken > 1<<20 {
			t.Errorf("%s: refused after %.0f bytes were taken", source, taken)
		}
	}
	m := hostile(t, "Input(16,16,1) "+strings.Repeat("CG(1,1,1,1,1) ", 10)+"AvgPool Linear(3)", small)
	for memory, want := range map[int64]int{1 << 30: 1024, 4 << 20: 2} {
		net, err := FromModel(m, Options{Memory: memory})
		if err != nil || net.Orders != want {
			t.Errorf("with %d bytes: orders up to %d, want %d: %v", memory, net.Orders, want, err)
		}
	}
	_, err := Analyse(t.Context(), hostile(t, "Input(60,60,1) Taylor(10,order=1)", small), Request{SecondOrder: true, Memory: 300 << 20})
	if !errors.Is(err, tensor.ErrMemory) {
		t.Errorf("the second order of 3,600 inputs: %v", err)
	}
}

// TestEstimates: a pass and an adjoint hold what was estimated.
func TestEstimates(t *testing.T) {
	for name, source := range nets {
		net := hostileNet(t, source)
		for _, most := range []int{0, 1, net.Orders} {
			length := func(s series) (total float64) {
				for _, v := range s.values {
					total += perValue * float64(cap(v))
				}
				return total
			}
			for what, pair := range map[string][2]float64{
				"pass":    {length(net.newPass(t.Context(), most).series), net.cost.pass(most)},
				"adjoint": {length(net.newAdjoint(t.Context(), most).series), net.cost.adjoint(most)},
			} {
				if held, estimate := pair[0], pair[1]; !(held <= estimate) {
					t.Errorf("%s: a %s to order %d holds %v bytes, estimated %v", name, what, most, held, estimate)
				}
			}
		}
	}
}

func hostileNet(t testing.TB, source string) *Net {
	t.Helper()
	net, err := FromModel(hostile(t, source, func() float32 { return 0.1 }), Options{Memory: 1 << 30})
	if err != nil {
		t.Fatal(err)
	}
	return net
}

// TestExpandBounds: products are not made whole before they are counted.
func TestExpandBounds(t *testing.T) {
	for _, source := range []string{
		"Input(2,2,8) Gain(4) Gain(4) Linear(2)",
		"Input(4,4,1) CG(4,4,1,1,1) CG(1,1,1,1,1) CG(1,1,1,1,1) Linear(2)",
		"Input(8,8,1) CG(2,2,1,2,2) CG(2,2,1,2,2) CG(2,2,1,2,2) Linear(2)",
		"Input(8,8,1) Taylor(2) Taylor(2,order=3) Linear(2)",
		"Input(1,1,1) " + strings.Repeat("CG(1,1,1,1,1) ", 9) + "Linear(1)", // long terms, but few
	} {
		i := 0
		m := hostile(t, source, func() float32 { i++; return float32(i%5) + 0.5 })
		var err error
		taken := memorytest.Allocated(func() { _, err = Analyse(t.Context(), m, Request{Monomials: 20_000, Memory: 100 << 20}) })
		if !errors.Is(err, ErrTooLong) {
			t.Errorf("%s: %v", source, err)
		}
		if taken > 100<<20 {
			t.Errorf("%s: %.0f bytes were taken", source, taken)
		}
	}
}

// TestEndsInside: an analysis ends soon after its context, wherever it is.
func TestEndsInside(t *testing.T) {
	series := "Input(40,40,1) Conv(3,3,4,1,1,1) " + strings.Repeat("CG(1,1,4,1,1) ", 10)
	x := func(n int) []float64 { return make([]float64, n) }
	for name, c := range map[string]struct {
		source string
		do     func(ctx context.Context, n *Net) error
	}{
		"series": {series + "AvgPool Linear(2)", func(ctx context.Context, n *Net) error {
			_, err := n.Explain(ctx, x(1600), x(1600))
			return err
		}},
		"convolution": {"Input(300,300,3) Conv(1,1,64,1,1) Conv(9,9,64,1,1) Conv(9,9,64,1,1) AvgPool Linear(2)", func(ctx context.Context, n *Net) error {
			_, err := n.Maps(ctx, x(270000))
			return err
		}},
		"window": {"Input(60,60,1) CG(25,25,1,1,1) AvgPool Linear(2)", func(ctx context.Context, n *Net) error {
			_, err := n.Explain(ctx, x(3600), x(3600))
			return err
		}},
		"quadratic": {"Input(40,40,1) Conv(3,3,16,1,1,1) CG(2,2,16,2,2) Linear(10)", func(ctx context.Context, n *Net) error {
			_, err := n.Quadratic(ctx, x(1600), nil)
			return err
		}},
	} {
		t.Run(name, func(t *testing.T) {
			m := hostile(t, c.source, func() float32 { return 0.01 })
			net, err := FromModel(m, Options{Memory: 4 << 30})
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
			defer cancel()
			start := time.Now()
			if err := c.do(ctx, net); !errors.Is(err, ErrInterrupted) || !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("error %v", err)
			}
			if took := time.Since(start); took > 10*time.Second {
				t.Errorf("it went on for %v", took)
			}
		})
	}
}

// TestFinite: whatever the parameters, an analysis is either refused in one line or can be
// written as JSON, which has no NaN and no infinities.
func TestFinite(t *testing.T) {
	sources := []string{
		"Input(4,4,1) CG(2,2,1,2,2) CG(2,2,1,2,2) Linear(2)",
		"Input(4,4,1) Norm CG(2,2,1,2,2) Gain(1) CG(2,2,1,2,2,order=3) Norm Linear(2)",
		"Input(4,4,1) Cat{ CG(1,1,1,1,1) | } CG(1,1,2,1,1) AvgPool Taylor(2,order=3)",
		"Input(4,4,1) " + strings.Repeat("CG(1,1,1,1,1) ", 12) + "AvgPool Linear(2)",
	}
	values := []float32{0, 1, -1, 0.5, 3e38, -1e38, 1e19, -1e19, 1e-38, 1e-45, -1e-42, 1e5}
	training := &dataset.Set{H: 4, W: 4, C: 1, Labels: []uint16{0, 1, 0}, Classes: []string{"a", "b"}}
	for i := range 3 * 16 {
		training.Pixels = append(training.Pixels, uint8(i*37))
	}
	refused, written := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		i := 0
		list := rapid.SliceOfN(rapid.SampledFrom(values), 1, 8).Draw(t, "values")
		source := rapid.SampledFrom(sources).Draw(t, "network")
		m := hostile(t, source, func() float32 { i++; return list[i%len(list)] })
		r := Request{Training: training, Sample: 3, SecondOrder: true}
		if rapid.Bool().Draw(t, "picture") {
			r.Pictures = []Picture{{"a.png", model.Prepared{Pixels: training.Image(1)}}}
		}
		if rapid.Bool().Draw(t, "monomials") {
			r.Monomials = 500
		}
		a, err := Analyse(t.Context(), m, r)
		if err != nil {
			refused++
			if !errors.Is(err, model.ErrNotFinite) && !errors.Is(err, ErrTooLong) || strings.Contains(err.Error(), "\n") {
				t.Fatalf("error %v", err)
			}
			return
		}
		written++
		if _, err := json.Marshal(a); err != nil {
			t.Fatal(err)
		}
	})
	if refused == 0 || written == 0 {
		t.Errorf("%d refused, %d written", refused, written)
	}
}
