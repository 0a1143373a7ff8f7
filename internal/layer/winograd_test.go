package layer

import (
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"

	"github.com/coarsegrain/taylornet/internal/approx"
	"github.com/coarsegrain/taylornet/internal/cpu"
	"github.com/coarsegrain/taylornet/tensor"
)

// pass takes a convolution forward and backward.
type pass[T tensor.Float] struct{ y, dx, grads []T }

func convPass[T tensor.Float](f Frame, w Window, in, out tensor.Shape, params, x, dy []float64) pass[T] {
	cast := func(v []float64) []T {
		to := tensor.Alloc[T](len(v))
		for i := range v {
			to[i] = T(v[i])
		}
		return to
	}
	weights := w.L1 * w.L2 * in.C * out.C
	l := NewConv[T](f, w, in, out, 0, weights, true)
	l.Refresh(cast(params))
	p := pass[T]{tensor.Alloc[T](f.Len(out)), tensor.Alloc[T](f.Len(in)), tensor.Alloc[T](len(params))}
	scratch := tensor.Alloc[T](l.Scratch())
	input := cast(x)
	for n := 1; n <= f.Images; n++ { // what a smaller micro-batch leaves is overwritten
		clear(p.grads)
		l.Forward(n, p.y, input, scratch)
		l.Backward(n, p.dx, cast(dy), p.y, input, p.grads, scratch)
	}
	return p
}

// TestConvFloat32 compares float32, at every level and by whichever algorithm
// it takes, with the direct convolution in float64.
func TestConvFloat32(t *testing.T) {
	for _, level := range cpu.Supported() {
		t.Run(level.String(), func(t *testing.T) {
			defer cpu.Set(level)()
			rapid.Check(t, func(t *rapid.T) {
				c, w := between(t, "cout", 14, 40), Window{L1: 3, L2: 3, S1: 1, S2: 1, P: between(t, "pad", 0, 3), D: 1}
				in := tensor.Shape{H: between(t, "h", 3, 18), W: between(t, "w", 3, 18), C: between(t, "cin", 14, 40)}
				out := tensor.Shape{H: slide(in.H, 3, 1, w.P, 1), W: slide(in.W, 3, 1, w.P, 1), C: c}
				f := NewFrame(between(t, "images", 1, 5), max(in.C, out.C))
				src := source(t)
				// No element is large, so the errors of few terms are small.
				uniform := func(n int) []float64 {
					v := make([]float64, n)
					for i := range v {
						v[i] = 2*src.Float64() - 1
					}
					return v
				}
				params := uniform(9*in.C*out.C + out.C)
				buffer := func(s tensor.Shape) []float64 { return append(make([]float64, f.Head), uniform(f.Len(s)-f.Head)...) }
				x, dy := buffer(in), buffer(out)
				want := convPass[float64](f, w, in, out, params, x, dy)
				got := convPass[float32](f, w, in, out, params, x, dy)
				check := func(name string, got []float32, want []float64, terms int) {
					if err := approx.Slices(got, want, func(int) float64 { return 2e-5 * float64(terms) }); err != nil {
						t.Fatalf("%s: %v", name, err)
					}
				}
				check("y", got.y, want.y, in.C)
				check("dx", got.dx, want.dx, out.C)
				check("gradients", got.grads, want.grads, f.Images*out.H*out.W)
			})
		})
	}
}

// TestWinogradAccuracy measures the error of the planes in float32, against the
// spread of the exact values; with more tiles than are taken through them at once.
func TestWinogradAccuracy(t *testing.T) {
	for _, tt := range []struct{ images, side, channels int }{{4, 14, 64}, {1, 32, 112}} {
		src := rand.New(rand.NewPCG(1, 2))
		w := Window{L1: 3, L2: 3, S1: 1, S2: 1, P: 1, D: 1}
		in := tensor.Shape{H: tt.side, W: tt.side, C: tt.channels}
		f := NewFrame(tt.images, in.C)
		buffer := func() []float64 { return append(make([]float64, f.Head), normals(f.Len(in)-f.Head, src)...) }
		params, x, dy := normals(9*in.C*in.C+in.C, src), buffer(), buffer()
		want := convPass[float64](f, w, in, in, params, x, dy)
		got := convPass[float32](f, w, in, in, params, x, dy)
		check := func(name string, got []float32, want []float64) {
			var err, spread float64
			for i, v := range want {
				d := float64(got[i]) - v
				err, spread = err+d*d, spread+v*v
			}
			rms := math.Sqrt(err / spread)
			t.Logf("%d channels, %s: relative error %.2g (root mean square)", in.C, name, rms)
			if rms > 5e-6 {
				t.Errorf("%d channels, %s are off by %.2g", in.C, name, rms)
			}
		}
		check("outputs", got.y, want.y)
		check("gradients of inputs", got.dx, want.dx)
		check("gradients of weights", got.grads, want.grads)
	}
}
