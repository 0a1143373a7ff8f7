package layer

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/coarsegrain/taylornet/internal/memory/memorytest"
	"github.com/coarsegrain/taylornet/poly"
	"github.com/coarsegrain/taylornet/tensor"
)

// What a layer's first Refresh allocates is what Bytes says, and making it allocates
// nearly nothing.
func TestBytes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := Window{
			L1: between(t, "l1", 1, 4), L2: between(t, "l2", 1, 4), S1: between(t, "s1", 1, 3), S2: between(t, "s2", 1, 3), D: 1,
		}
		in := tensor.Shape{H: between(t, "h", 4, 60), W: between(t, "w", 4, 60), C: between(t, "cin", 1, 40)}
		padded := w
		padded.P = between(t, "p", 0, 40)
		if rapid.Bool().Draw(t, "planes") {
			padded = Window{L1: 3, L2: 3, S1: 1, S2: 1, P: between(t, "p", 0, 3), D: 1}
		}
		shape := func(w Window, c int) tensor.Shape {
			return tensor.Shape{H: slide(in.H, w.L1, w.S1, w.P, 1), W: slide(in.W, w.L2, w.S2, w.P, 1), C: c}
		}
		cout, inputGrad := between(t, "cout", 1, 40), rapid.Bool().Draw(t, "input gradient")
		f, same, few := NewFrame(between(t, "n", 1, 5), 40), shape(w, in.C), tensor.Shape{H: 2, W: 5, C: 2}
		graded := f
		graded.Out = Lanes{Orders: between(t, "orders", 1, 4), Full: rapid.Bool().Draw(t, "full values")}
		graded.Lanes = Lanes{Orders: between(t, "orders of the input", 1, graded.Out.Orders), Full: graded.Out.Full && rapid.Bool().Draw(t, "full input")}
		if rapid.Bool().Draw(t, "graded") {
			f = graded
		}
		for name, build := range map[string]func() (l Layer[float32], params int){
			"conv": func() (Layer[float32], int) {
				n := padded.taps() * in.C * cout
				return NewConv[float32](f, padded, in, shape(padded, cout), 0, n, inputGrad), n + cout
			},
			"linear": func() (Layer[float32], int) {
				n := in.Size() * cout
				return NewLinear[float32](f, in, tensor.Shape{H: 1, W: 1, C: cout}, 0, n, inputGrad), n + cout
			},
			"CG": func() (Layer[float32], int) {
				return NewCG[float32](f, w, 2, in, same, 0), poly.NumMonomials(w.taps(), 2) * in.C
			},
			"pool": func() (Layer[float32], int) { return NewPool[float32](f, w, true, in, same), 0 },
			"graded Taylor": func() (Layer[float32], int) {
				return NewGradedTaylor[float32](graded, 3, few, tensor.Shape{H: 1, W: 1, C: cout}, 0, inputGrad), poly.NumMonomials(few.Size(), 3) * cout
			},
			"Taylor": func() (Layer[float32], int) {
				return NewTaylor[float32](f, 3, few, tensor.Shape{H: 1, W: 1, C: cout}, 0, inputGrad), poly.NumMonomials(few.Size(), 3) * cout
			},
		} {
			var l Layer[float32]
			var n int
			made := memorytest.Allocated(func() { l, n = build() })
			params := tensor.Alloc[float32](n)
			took, want := memorytest.Allocated(func() { l.Refresh(params) }), l.Bytes()
			again := memorytest.Allocated(func() { l.Refresh(params) })
			const little = 50_000 // the ends of pages
			if made > little || again > little || took > 1.1*want+little || want > 1.5*took+little {
				t.Fatalf("%s: making it takes %.0f bytes, its first parameters %.0f, the next %.0f; Bytes is %.0f", name, made, took, again, want)
			}
		}
	})
}
