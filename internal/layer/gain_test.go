package layer

import (
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"

	"github.com/coarsegrain/taylornet/internal/approx"
	"github.com/coarsegrain/taylornet/tensor"
)

func newGain(f Frame, energies []int, shape tensor.Shape, limited bool) *Gain[float64] {
	return NewGain[float64](f, energies, -5./3, 1, shape, limited)
}

func TestGainGradient(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		shape := tensor.Shape{H: between(t, "h", 1, 3), W: between(t, "w", 1, 3), C: between(t, "c", 1, 4)}
		f := NewFrame(between(t, "n", 1, 3), shape.C)
		energies := []int{between(t, "e", 4, 8), between(t, "second", 1, 2)}[:between(t, "gains", 1, 2)]
		src := source(t)
		b := newBench(newGain(f, energies, shape, false), f, shape, shape, 0, src)
		for i := range b.x {
			b.x[i] /= 2 // beyond its bounds a gain's values are so large that differences lose their digits
		}
		b.check(t, 0)
		newBench(newGain(f, energies, shape, true), f, shape, shape, 0, src).spread(src).check(t, 0)
	})
}

// TestGain holds the layer to its definition on more sites than a block has, with
// its gradient in the place of the output's.
func TestGain(t *testing.T) {
	shape := tensor.Shape{H: 90, W: 80, C: 3}
	f := NewFrame(2, shape.C)
	for _, limited := range []bool{false, true} {
		l := newGain(f, []int{2}, shape, limited)
		b := newBench(l, f, shape, shape, 0, rand.New(rand.NewPCG(1, 2)))
		if b.n*shape.H*shape.W < 2*l.block() {
			t.Fatal("no more sites than in a block")
		}
		b.loss()
		dx := append([]float64(nil), b.r...)
		dx = append(make([]float64, f.Head), dx...)
		l.Backward(b.n, dx, dx, b.y, b.x, nil, b.scratch)
		for s := f.Head; s < len(b.x); s += shape.C {
			x, dy := b.x[s:][:shape.C], b.r[s-f.Head:]
			var u, dot float64
			for k, v := range x {
				u += v * v / 6
				dot += v * dy[k]
			}
			p, d := 1-5*u/3+u*u, 2*u-5./3
			if limited && u > 1 {
				p, d = 1./3, 0
			}
			for k, v := range x {
				near(t, b.y[s+k], p*v)
				near(t, dx[s+k], p*dy[k]+d*dot/3*v)
			}
		}
	}
}

func near(t *testing.T, got, want float64) {
	t.Helper()
	if !approx.Close(got, want, 1e-12*(1+math.Abs(want))) {
		t.Fatalf("got %v, want %v", got, want)
	}
}

func TestGainPenalty(t *testing.T) {
	for _, tt := range []struct{ u, p, d float64 }{
		{0.5, 0, 0}, {0.75, 0, 0}, {1.75, 10, 20}, {3, 50.625, 45}, {5, 140.625, 45},
	} {
		p, d := GainPenalty(tt.u)
		near(t, p, tt.p)
		near(t, d, tt.d)
	}
	shape := tensor.Shape{H: 2, W: 2, C: 3}
	f := NewFrame(2, shape.C)
	l := newGain(f, []int{1}, shape, true)
	b := newBench(l, f, shape, shape, 0, rand.New(rand.NewPCG(1, 2)))
	penalty := func() (sum float64) {
		b.loss()
		for s := f.Head; s < len(b.x); s += shape.C {
			var u float64
			for _, v := range b.x[s:][:shape.C] {
				u += v * v / 3
			}
			p, _ := GainPenalty(u)
			sum += p / 4
		}
		return sum
	}
	penalty()
	l.Penalise(b.n, b.dx, b.x, b.scratch, 0.5)
	for i := f.Head; i < len(b.x); i++ {
		const h = 1e-6
		x := b.x[i]
		b.x[i] = x + h
		up := penalty()
		b.x[i] = x - h
		want := 0.5 * (up - penalty()) / (2 * h)
		b.x[i] = x
		if !approx.Close(b.dx[i], want, 1e-6*(1+math.Abs(want))) {
			t.Fatalf("penalty's gradient %v, central difference %v", b.dx[i], want)
		}
	}
}
