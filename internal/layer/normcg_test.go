package layer

import (
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"

	"github.com/coarsegrain/taylornet/internal/approx"
	"github.com/coarsegrain/taylornet/internal/kernel"
	"github.com/coarsegrain/taylornet/poly"
	"github.com/coarsegrain/taylornet/tensor"
)

// A normCGCase is a norm and the coarse-graining after it, whose parameters are
// the coefficients and then the norm's, the statistics last.
type normCGCase struct {
	norm    *Norm[float64]
	cg      *CG[float64]
	frame   Frame
	in, out tensor.Shape
	trained int
}

func drawNormCG(t *rapid.T) normCGCase {
	w := Window{
		L1: between(t, "l1", 1, 3), L2: between(t, "l2", 1, 2), S1: between(t, "s1", 1, 3), S2: between(t, "s2", 1, 2),
		D: between(t, "d", 1, 2),
	}
	const order = 2
	c := between(t, "c", 1, 3)
	in := tensor.Shape{H: between(t, "h", 5, 6), W: between(t, "w", 3, 5), C: c}
	out := tensor.Shape{H: slide(in.H, w.L1, w.S1, 0, w.D), W: slide(in.W, w.L2, w.S2, 0, w.D), C: c}
	f := NewFrame(between(t, "n", 1, 2), c)
	at := poly.NumMonomials(w.L1*w.L2, order) * c
	norm := NewNorm[float64](f, in, NormParams{Scale: at, Shift: at + c, Mean: at + 2*c, Var: at + 3*c}, false)
	return normCGCase{norm, NewCG[float64](f, w, order, in, out, 0), f, in, out, at + 2*c}
}

func (c normCGCase) bench(src *rand.Rand) *bench {
	return newBench(NewNormCG(c.norm, c.cg), c.frame, c.in, c.out, c.trained+2*c.in.C, src)
}

func TestNormCGGradient(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c, src := drawNormCG(t), source(t)
		b := c.bench(src).spread(src)
		if rapid.Bool().Draw(t, "scale 0") {
			clear(b.params[c.trained-2*c.in.C : c.trained-c.in.C])
		}
		for i := range b.dx { // stale gradients must not leak in
			b.dx[i] = 7
		}
		b.check(t, c.trained)
	})
}

// TestNormCGIsBoth compares the layer's outputs with those of the two that it
// is made of.
func TestNormCGIsBoth(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := drawNormCG(t)
		b := c.bench(source(t))
		b.loss()
		z, y, scratch := make([]float64, len(b.x)), make([]float64, len(b.y)), make([]float64, c.norm.Scratch())
		c.norm.Forward(b.n, z, b.x, scratch)
		c.cg.Forward(b.n, y, z, nil)
		for i, want := range y {
			if !approx.Close(b.y[i], want, 1e-9*(1+math.Abs(want))) {
				t.Fatalf("output %d: got %v, want %v", i, b.y[i], want)
			}
		}
		got, want := make([]float64, len(b.params)), make([]float64, len(b.params))
		NewNormCG(c.norm, c.cg).Measured(b.n, got, b.scratch)
		c.norm.Measured(b.n, want, scratch)
		for i := range got {
			if got[i] != want[i] {
				t.Fatalf("statistic %d: got %v, want %v", i, got[i], want[i])
			}
		}
	})
}

// TestNormOfBlocks holds statistics that are combined from several blocks
// against those of all the data.
func TestNormOfBlocks(t *testing.T) {
	shape := tensor.Shape{H: 1, W: 2*measureBlock/3 + 1, C: 3}
	f := NewFrame(2, shape.C)
	l := NewNorm[float64](f, shape, NormParams{}, false)
	b := newBench(l, f, shape, shape, 4, rand.New(rand.NewPCG(1, 2)))
	in := data(f, b.x, b.n, shape)
	for i := range in {
		in[i] += float64(i) / 1e4 // blocks have means of their own
	}
	mean, variance := l.measure(in, b.scratch)
	sites := float64(len(in) / shape.C)
	want, squares := make([]float64, shape.C), make([]float64, shape.C)
	kernel.SumRows(want, in)
	for c := range want {
		want[c] /= sites
	}
	kernel.SumSquares(squares, in, want)
	for c := range want {
		if v := squares[c] / sites; !approx.Close(mean[c], want[c], 1e-12*want[c]) || !approx.Close(variance[c], v, 1e-12*v) {
			t.Errorf("channel %d: mean %v, variance %v, want %v, %v", c, mean[c], variance[c], want[c], v)
		}
	}
}
