package layer

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/coarsegrain/taylornet/internal/approx"
	"github.com/coarsegrain/taylornet/poly"
	"github.com/coarsegrain/taylornet/tensor"
)

// If no order is cut off, the orders of the output add up to the polynomial of the
// input's sum, and so do their gradients.
func TestCGSeriesAddsUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := Window{L1: between(t, "l1", 1, 2), L2: 2, S1: between(t, "s1", 1, 2), S2: 2, D: between(t, "d", 1, 2)}
		c, order, in, n := between(t, "c", 1, 3), between(t, "order", 1, 3), between(t, "in", 1, 2), between(t, "n", 1, 3)
		shape := tensor.Shape{H: between(t, "h", 3, 5), W: 4, C: c}
		after := tensor.Shape{H: slide(shape.H, w.L1, w.S1, 0, w.D), W: slide(shape.W, w.L2, w.S2, 0, w.D), C: c}
		out := in * order
		f, src := NewFrame(n, c), source(t)
		l := NewCG[float64](f, w, order, shape, after, 0)
		params := normals(poly.NumMonomials(w.L1*w.L2, order)*c, src)
		l.Refresh(params)
		buffer := func(order int, s tensor.Shape) []float64 { return make([]float64, f.Head+(n+1+order*n)*s.Size()) }
		x, y, dx, dy := buffer(in, shape), buffer(out, after), buffer(in, shape), buffer(out, after)
		copy(x[f.Head+n*shape.Size():], normals(len(x), src))
		addUp(f.Head, n, in, x, shape)
		scratch := make([]float64, l.SeriesScratch(in, out))
		l.ForwardSeries(n, in, out, y, x, scratch)
		l.Forward(n, y, x, nil)
		want := data(f, y, n, after)
		got := append(make([]float64, f.Head), y[f.Head:]...)
		addUp(f.Head, n, out, got, after)
		near := func(i int) float64 { return 1e-9 * (1 + want[i]*want[i]) }
		if err := approx.Slices(got[f.Head:][:len(want)], want, near); err != nil {
			t.Fatalf("the sum of the orders of y: %v", err)
		}

		copy(data(f, dy, n, after), normals(n*after.Size(), src))
		each(f.Head, n, out, after, func(i, m, k int) {
			if m > 0 {
				dy[k] = dy[i]
			} else {
				dy[k] += dy[i] // the images share it
			}
		})
		grads, series := make([]float64, len(params)), make([]float64, len(params))
		l.Backward(n, dx, dy, y, x, grads, nil)
		l.BackwardSeries(n, in, out, dx, dy, x, series, scratch)
		want = grads
		if err := approx.Slices(series, grads, near); err != nil {
			t.Fatalf("the gradient of the parameters: %v", err)
		}
		shared := make([]float64, len(dx))
		each(f.Head, n, in, shape, func(i, m, k int) {
			if m == 0 {
				shared[k] += dx[i]
			} else {
				shared[k] = dx[i]
			}
		})
		want = shared[f.Head+n*shape.Size():]
		if err := approx.Slices(dx[f.Head+n*shape.Size():], want, near); err != nil {
			t.Fatalf("the gradient of the input: %v", err)
		}
	})
}

// each calls visit with the places of every element i of the full values and of its
// order m, k.
func each(head, n, order int, s tensor.Shape, visit func(i, m, k int)) {
	for i := range n * s.Size() {
		for m := range order + 1 {
			k := head + n*s.Size() + i%s.Size()
			if m > 0 {
				k = head + (1+m*n)*s.Size() + i
			}
			visit(head+i, m, k)
		}
	}
}

// addUp sets the full values to the sums of the orders.
func addUp(head, n, order int, b []float64, s tensor.Shape) {
	clear(b[head:][:n*s.Size()])
	each(head, n, order, s, func(i, _, k int) { b[i] += b[k] })
}
