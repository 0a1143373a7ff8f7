package layer

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/coarsegrain/taylornet/internal/approx"
	"github.com/coarsegrain/taylornet/tensor"
)

// lanesCase is a random value of a graded pass.
type lanesCase struct {
	frame Frame
	n     int
	shape tensor.Shape
	x     []float64
}

func drawLanes(t *rapid.T) lanesCase {
	s := tensor.Shape{H: between(t, "h", 1, 3), W: 2, C: between(t, "c", 1, 3)}
	f := NewFrame(between(t, "images", 1, 4), s.C)
	f.Lanes = Lanes{Orders: between(t, "orders", 0, 3), Full: rapid.Bool().Draw(t, "full")}
	if f.Lanes.Orders == 0 {
		f.Lanes = Lanes{}
	}
	c := lanesCase{frame: f, n: between(t, "n", 1, f.Images), shape: s, x: make([]float64, f.Len(s))}
	for i := range c.x[f.Head:] {
		c.x[f.Head+i] = rapid.Float64Range(-1, 1).Draw(t, "x")
	}
	return c
}

// order returns order k of image i in b.
func (c lanesCase) order(b []float64, k, i int) []float64 {
	return data(c.frame, lane(b, c.frame.Lanes.Place(c.n, k, i), c.shape), 1, c.shape)
}

// The places of all lanes are as many as there are images, one behind the other.
func TestLanesAreInARow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := drawLanes(t)
		l, at := c.frame.Lanes, 0
		if l.full() {
			at = c.n
		}
		if l.Orders > 0 {
			for k := range l.Orders + 1 {
				if got := l.At(c.n, k); got != at {
					t.Fatalf("%+v of %d images: order %d at %d, want %d", l, c.n, k, got, at)
				}
				at += l.width(c.n, k)
			}
		}
		if got := l.Images(c.n); got != at {
			t.Fatalf("%+v of %d images: %d images, want %d", l, c.n, got, at)
		}
	})
}

// Full values are the sum of the orders, unless they have a lane, and the gradient to a
// sum goes to each part: <sum(x), g> = <x, spread(g)>.
func TestFullValues(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := drawLanes(t)
		scratch := make([]float64, fullScratch(c.frame, c.shape))
		full, _, _ := fullParts(c.frame, c.shape, c.x, nil, scratch)
		sumOrders(c.frame, c.n, c.x, full, c.shape)
		if c.frame.Lanes.full() {
			if &full[0] != &c.x[0] {
				t.Fatal("full values that have a lane were copied")
			}
			return
		}
		for i := range c.n {
			want := make([]float64, c.shape.Size())
			for k := range c.frame.Lanes.Orders + 1 {
				for j, v := range c.order(c.x, k, i) {
					want[j] += v
				}
			}
			got := data(c.frame, lane(full, i, c.shape), 1, c.shape)
			if err := approx.Slices(got, want, func(int) float64 { return 1e-12 }); err != nil {
				t.Fatalf("full values of image %d: %v", i, err)
			}
		}
		g, dx := make([]float64, len(full)), make([]float64, len(c.x))
		copy(g, full)
		spread(c.frame, c.n, dx, g, c.shape)
		of := func(a, b []float64, images int) float64 {
			return dot(data(c.frame, a, images, c.shape), data(c.frame, b, images, c.shape))
		}
		if got, want := of(c.x, dx, c.frame.Lanes.Images(c.n)), of(full, g, c.n); !approx.Close(got, want, 1e-10) {
			t.Fatalf("<x, spread(g)> is %v, <sum(x), g> %v", got, want)
		}
	})
}
