package kernel

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/coarsegrain/taylornet/internal/approx"
	"github.com/coarsegrain/taylornet/internal/cpu"
	"github.com/coarsegrain/taylornet/tensor"
)

// testLevels runs the same test for each of the processor's levels.
func testLevels(t *testing.T, test func(t *testing.T)) {
	for _, l := range cpu.Supported() {
		t.Run(l.String(), func(t *testing.T) {
			defer cpu.Set(l)()
			test(t)
		})
	}
}

// fuzzLevels makes property a fuzz target that covers every level.
func fuzzLevels(f *testing.F, property func(t *rapid.T)) {
	seed := make([]byte, 2048) // enough for every draw of a property
	_, _ = rand.NewChaCha8([32]byte{}).Read(seed)
	f.Add(seed)
	f.Fuzz(rapid.MakeFuzz(func(t *rapid.T) {
		for _, l := range cpu.Supported() {
			func() {
				defer cpu.Set(l)()
				property(t)
			}()
		}
	}))
}

// A source fills the arguments of one case with values in [-1,1), of which
// one in fifty comes from special.
type source struct {
	*rand.Rand
	special []float32
}

var (
	// Never both in one case: if a product of the two underflows in float32 but not
	// in float64, one result is NaN and the other infinite.
	notFinite = []float32{float32(math.NaN()), float32(math.Inf(1)), float32(math.Inf(-1)), 0}
	tiny      = []float32{math.SmallestNonzeroFloat32, 1e-39, float32(math.Copysign(0, -1)), 0}
)

func newSource(seed uint64, special []float32) source {
	return source{rand.New(rand.NewPCG(seed, 0)), special}
}

func drawSource(t *rapid.T) source {
	kinds := [][]float32{nil, nil, nil, nil, notFinite, tiny}
	return newSource(rapid.Uint64().Draw(t, "seed"), kinds[rapid.IntRange(0, len(kinds)-1).Draw(t, "kind")])
}

func (r source) value() float32 {
	if r.special != nil && r.IntN(50) == 0 {
		return r.special[r.IntN(len(r.special))]
	}
	return 2*r.Float32() - 1
}

func (r source) values(n int) []float32 {
	s := make([]float32, n)
	for i := range s {
		s[i] = r.value()
	}
	return s
}

// buffer returns a zero pixel and n values.
func (r source) buffer(head, n int) []float32 {
	return append(make([]float32, head), r.values(n)...)
}

// An arg is an argument of a kernel between guard words, at an odd alignment.
type arg struct {
	data, all, before []float32
}

const guard = 37

func newArg(data []float32) *arg {
	all := make([]float32, len(data)+2*guard)
	for i := range all {
		all[i] = 1e30
	}
	copy(all[guard:], data)
	return &arg{all[guard : guard+len(data) : guard+len(data)], all, slices.Clone(all)}
}

// check fails if the guard words have changed or, if it is read-only, the argument.
func (a *arg) check(t rapid.TB, name string, readOnly bool) {
	t.Helper()
	for i := range a.all {
		inside := i >= guard && i < guard+len(a.data)
		if (readOnly || !inside) && math.Float32bits(a.all[i]) != math.Float32bits(a.before[i]) {
			t.Fatalf("%s[%d] of %d was overwritten", name, i-guard, len(a.data))
		}
	}
}

func wide(s []float32) []float64 {
	if s == nil {
		return nil
	}
	w := make([]float64, len(s))
	for i, v := range s {
		w[i] = float64(v)
	}
	return w
}

func wideAbs(s []float32) []float64 {
	w := wide(s)
	for i, v := range w {
		w[i] = math.Abs(v)
	}
	return w
}

// near fails unless got is want within the rounding errors of sums of the given
// number of terms, whose absolute values add up to scale.
func near(t rapid.TB, name string, got []float32, want, scale []float64, terms int) {
	t.Helper()
	const eps, least = 0x1p-23, 0x1p-140
	err := approx.Slices(got, want, func(i int) float64 { return float64(terms) * (eps*scale[i] + least) })
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

// A geometry is that of the windows of a convolution over images [n,h,w,c].
type geometry struct {
	n, h, w, kh, kw, stride, pad, dilation int
}

func drawGeometry(t *rapid.T) geometry {
	draw := func(name string, low, high int) int { return rapid.IntRange(low, high).Draw(t, name) }
	g := geometry{n: draw("n", 1, 3), kh: draw("kh", 1, 3), kw: draw("kw", 1, 3),
		stride: draw("stride", 1, 3), pad: draw("pad", 0, 2), dilation: draw("dilation", 1, 3)}
	g.h = draw("h", max(1, (g.kh-1)*g.dilation+1-2*g.pad), 12)
	g.w = draw("w", max(1, (g.kw-1)*g.dilation+1-2*g.pad), 12)
	return g
}

// line is a geometry with the given number of sites in a row.
func line(sites, taps int) geometry {
	return geometry{n: 1, h: 1, w: sites + taps - 1, kh: 1, kw: taps, stride: 1, dilation: 1}
}

func (g geometry) pixels() int { return g.n * g.h * g.w }

func (g geometry) window(c int) Window {
	outputs := func(size, kernel int) int {
		return (size+2*g.pad-(kernel-1)*g.dilation-1)/g.stride + 1
	}
	win := Window{Taps: g.kh * g.kw}
	for n := range g.n {
		for oy := range outputs(g.h, g.kh) {
			for ox := range outputs(g.w, g.kw) {
				for k := range win.Taps {
					y := oy*g.stride - g.pad + k/g.kw*g.dilation
					x := ox*g.stride - g.pad + k%g.kw*g.dilation
					at := 0
					if y >= 0 && y < g.h && x >= 0 && x < g.w {
						at = Head(c) + ((n*g.h+y)*g.w+x)*c
					}
					win.Index = append(win.Index, int32(at))
				}
			}
		}
	}
	return win
}

func TestEveryLevelIsTested(t *testing.T) {
	testLevels(t, func(t *testing.T) {
		want := cpu.Active()
		if !haveAssembly {
			want = cpu.Portable
		}
		if got := NewFilter[float32](1, 1, 1).level; got != want {
			t.Errorf("a filter is made for %v while %v is active", got, want)
		}
		if got := NewFilter[float64](1, 1, 1).level; got != cpu.Portable {
			t.Errorf("a float64 filter is made for %v", got)
		}
	})
	if tensor.Align != 64 {
		t.Error("storage is not aligned to an AVX-512 register")
	}
}
