package layer

import (
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"

	"github.com/coarsegrain/taylornet/internal/approx"
	"github.com/coarsegrain/taylornet/poly"
	"github.com/coarsegrain/taylornet/tensor"
)

// bench is a layer in float64 with random parameters, input and a random
// linear functional of its output as the loss.
type bench struct {
	layer           Layer[float64]
	frame           Frame
	in, out         tensor.Shape
	n               int
	params, grads   []float64
	x, y, dx, dy, r []float64
	scratch         []float64
}

func newBench(l Layer[float64], f Frame, in, out tensor.Shape, params int, src *rand.Rand) *bench {
	b := &bench{layer: l, frame: f, in: in, out: out, n: f.Images}
	b.params, b.grads = normals(params, src), make([]float64, params)
	b.x, b.dx = make([]float64, f.Len(in)), make([]float64, f.Len(in))
	b.y, b.dy = make([]float64, f.Len(out)), make([]float64, f.Len(out))
	copy(b.x[f.Head:], normals(len(b.x)-f.Head, src))
	b.r = normals(len(b.y)-f.Head, src)
	b.scratch = make([]float64, l.Scratch())
	return b
}

func normals(n int, src *rand.Rand) []float64 {
	v := make([]float64, n)
	for i := range v {
		v[i] = src.NormFloat64()
	}
	return v
}

func (b *bench) loss() float64 {
	b.layer.Refresh(b.params)
	b.layer.Forward(b.n, b.y, b.x, b.scratch)
	var sum float64
	for i, v := range data(b.frame, b.y, b.n, b.out) {
		sum += b.r[i] * v
	}
	return sum
}

// check compares the gradients to the first trained parameters and to the
// inputs with central differences.
func (b *bench) check(t interface {
	Helper()
	Fatalf(string, ...any)
}, trained int) {
	t.Helper()
	b.loss()
	copy(b.dy[b.frame.Head:], b.r[:b.n*b.out.Size()])
	b.layer.Backward(b.n, b.dx, b.dy, b.y, b.x, b.grads, b.scratch)
	compare := func(what string, v *float64, got float64) {
		const h = 1e-5
		old := *v
		*v = old + h
		up := b.loss()
		*v = old - h
		down := b.loss()
		*v = old
		want := (up - down) / (2 * h)
		if !approx.Close(got, want, 1e-6*(1+math.Abs(want))) {
			t.Fatalf("gradient of %s: got %v, central difference %v", what, got, want)
		}
	}
	for i := range trained {
		compare("a parameter", &b.params[i], b.grads[i])
	}
	for i := b.frame.Head; i < len(b.x); i++ {
		compare("an input", &b.x[i], b.dx[i])
	}
}

func between(t *rapid.T, name string, lo, hi int) int {
	return rapid.IntRange(lo, hi).Draw(t, name)
}

func source(t *rapid.T) *rand.Rand {
	return rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
}

// slide is the number of sites of a window along one side.
func slide(in, l, s, p, d int) int { return (in+2*p-d*(l-1)-1)/s + 1 }

func TestConvGradient(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := between(t, "c", 1, 3)
		w := Window{
			L1: between(t, "l1", 1, 3), L2: between(t, "l2", 1, 3),
			S1: between(t, "s1", 1, 3), S2: between(t, "s2", 1, 2), P: between(t, "p", 0, 2), D: 1,
		}
		in := tensor.Shape{H: between(t, "h", 3, 5), W: between(t, "w", 3, 5), C: between(t, "cin", 1, 3)}
		out := tensor.Shape{H: slide(in.H, w.L1, w.S1, w.P, 1), W: slide(in.W, w.L2, w.S2, w.P, 1), C: c}
		f := NewFrame(between(t, "n", 1, 2), max(in.C, out.C))
		weights := w.L1 * w.L2 * in.C * c
		l := NewConv[float64](f, w, in, out, 0, weights, true)
		newBench(l, f, in, out, weights+c, source(t)).check(t, weights+c)
	})
}

func TestLinearGradient(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := tensor.Shape{H: between(t, "h", 1, 3), W: between(t, "w", 1, 3), C: between(t, "cin", 1, 3)}
		out := tensor.Shape{H: 1, W: 1, C: between(t, "n", 1, 5)}
		f := NewFrame(between(t, "images", 1, 3), max(in.C, out.C))
		weights := in.Size() * out.C
		l := NewLinear[float64](f, in, out, out.C, 0, true)
		newBench(l, f, in, out, weights+out.C, source(t)).check(t, weights+out.C)
	})
}

func TestCGGradient(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := Window{
			L1: between(t, "l1", 1, 3), L2: between(t, "l2", 1, 2), S1: between(t, "s1", 1, 3), S2: between(t, "s2", 1, 2),
			D: between(t, "d", 1, 2),
		}
		order, c := between(t, "order", 1, 3), between(t, "c", 1, 3)
		in := tensor.Shape{H: between(t, "h", 5, 6), W: between(t, "w", 3, 5), C: c}
		out := tensor.Shape{H: slide(in.H, w.L1, w.S1, 0, w.D), W: slide(in.W, w.L2, w.S2, 0, w.D), C: c}
		f := NewFrame(between(t, "n", 1, 2), c)
		l := NewCG[float64](f, w, order, in, out, 0)
		params := poly.NumMonomials(w.L1*w.L2, order) * c
		b := newBench(l, f, in, out, params, source(t))
		for i := range b.dx { // stale gradients must not leak in
			b.dx[i] = 7
		}
		b.check(t, params)
	})
}

func TestTaylorGradient(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := tensor.Shape{H: between(t, "h", 1, 2), W: between(t, "w", 1, 3), C: between(t, "cin", 1, 2)}
		out, order := tensor.Shape{H: 1, W: 1, C: between(t, "n", 1, 3)}, between(t, "order", 1, 3)
		f := NewFrame(between(t, "images", 1, 3), max(in.C, out.C))
		l := NewTaylor[float64](f, order, in, out, 0, true)
		params := len(poly.Monomials(in.Size(), order)) * out.C
		newBench(l, f, in, out, params, source(t)).check(t, params)
	})
}

func TestNormGradient(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		shape := tensor.Shape{H: between(t, "h", 1, 3), W: between(t, "w", 1, 3), C: between(t, "c", 1, 3)}
		f := NewFrame(between(t, "n", 2, 4), shape.C)
		c := shape.C
		l := NewNorm[float64](f, shape, NormParams{Scale: 0, Shift: c, Mean: 2 * c, Var: 3 * c}, false)
		src := source(t)
		b := newBench(l, f, shape, shape, 4*c, src).spread(src)
		b.check(t, 2*c)
		b.loss()
		l.Measured(b.n, b.grads, b.scratch)
		sites := float64(b.n * shape.H * shape.W)
		for k := range c {
			var mean, squares float64
			for s := k; s < b.n*shape.Size(); s += c {
				mean += b.x[f.Head+s] / sites
			}
			for s := k; s < b.n*shape.Size(); s += c {
				squares += (b.x[f.Head+s] - mean) * (b.x[f.Head+s] - mean)
			}
			if got := b.grads[2*c+k]; !(math.Abs(got-mean) <= 1e-9) {
				t.Fatalf("mean of channel %d: got %v, want %v", k, got, mean)
			}
			if got, want := b.grads[3*c+k], squares/(sites-1); !(math.Abs(got-want) <= 1e-9*(1+want)) {
				t.Fatalf("variance of channel %d: got %v, want %v", k, got, want)
			}
		}
	})
}

func TestNormInPlace(t *testing.T) {
	shape := tensor.Shape{H: 2, W: 3, C: 2}
	f := NewFrame(3, shape.C)
	l := NewNorm[float64](f, shape, NormParams{0, 2, 4, 6}, false)
	b := newBench(l, f, shape, shape, 8, rand.New(rand.NewPCG(1, 2)))
	b.loss()
	copy(b.dy[f.Head:], b.r)
	l.Backward(b.n, b.dx, b.dy, b.y, b.x, make([]float64, 8), b.scratch)
	b.loss()
	l.Backward(b.n, b.dy, b.dy, b.y, b.x, make([]float64, 8), b.scratch)
	for i := range b.dx {
		if b.dx[i] != b.dy[i] {
			t.Fatalf("element %d: %v apart, %v in place", i, b.dx[i], b.dy[i])
		}
	}
}

// spread makes the inputs a random order of evenly spaced values, far from each
// other and from zero against the differences' step: maxima have kinks where
// inputs are equal, rectifiers at zero, and norms are steep where all inputs
// are nearly equal.
func (b *bench) spread(src *rand.Rand) *bench {
	x := b.x[b.frame.Head:]
	for i, k := range src.Perm(len(x)) {
		x[i] = (float64(k) + 0.5 - float64(len(x)/2)) / 10
	}
	return b
}

func TestPoolAndReLUGradient(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		largest, global := rapid.Bool().Draw(t, "max"), rapid.Bool().Draw(t, "global")
		w := Window{
			L1: between(t, "l1", 1, 3), L2: between(t, "l2", 1, 2), S1: between(t, "s1", 1, 2), S2: between(t, "s2", 1, 2), D: between(t, "d", 1, 2),
		}
		in := tensor.Shape{H: between(t, "h", 5, 6), W: between(t, "w", 3, 5), C: between(t, "c", 1, 3)}
		if global {
			w = Window{L1: in.H, L2: in.W, S1: 1, S2: 1, D: 1}
		}
		out := tensor.Shape{H: slide(in.H, w.L1, w.S1, 0, w.D), W: slide(in.W, w.L2, w.S2, 0, w.D), C: in.C}
		f := NewFrame(between(t, "n", 1, 2), in.C)
		src := source(t)
		newBench(NewPool[float64](f, w, largest, in, out), f, in, out, 0, src).spread(src).check(t, 0)
		newBench(NewReLU[float64](f, in), f, in, in, 0, src).spread(src).check(t, 0)
	})
}
