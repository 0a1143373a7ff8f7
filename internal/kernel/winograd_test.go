package kernel

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/coarsegrain/taylornet/internal/approx"
)

// A winogradCase is a 3x3 convolution of stride 1.
type winogradCase struct {
	n, h, w, pad, cin, cout int
	noBias                  bool
}

func drawWinogradCase(t *rapid.T) winogradCase {
	draw := func(name string, low, high int) int { return rapid.IntRange(low, high).Draw(t, name) }
	c := winogradCase{n: draw("n", 1, 3), pad: draw("pad", 0, 2), cin: draw("cin", 1, 40), cout: draw("cout", 1, 70), noBias: rapid.Bool().Draw(t, "nobias")}
	c.h, c.w = draw("h", max(1, 3-2*c.pad), 11), draw("w", max(1, 3-2*c.pad), 11)
	return c
}

func (c winogradCase) outH() int { return c.h + 2*c.pad - 2 }
func (c winogradCase) outW() int { return c.w + 2*c.pad - 2 }

// tiles lists sites [size,size] of each tile on a lattice h x w, the first at
// its tile's origin less pad.
func (c winogradCase) tiles(size, h, w, pad, channels int) Window {
	win := Window{Taps: size * size}
	for n := range c.n {
		for r := 0; r < c.outH(); r += WinogradOut {
			for s := 0; s < c.outW(); s += WinogradOut {
				for k := range win.Taps {
					y, x := r-pad+k/size, s-pad+k%size
					at := 0
					if y >= 0 && x >= 0 && y < h && x < w {
						at = Head(channels) + ((n*h+y)*w+x)*channels
					}
					win.Index = append(win.Index, int32(at))
				}
			}
		}
	}
	return win
}

// checkWinograd compares the transforms with their portable form in float64.
func checkWinograd(t rapid.TB, c winogradCase, r source) {
	t.Helper()
	in := c.tiles(WinogradIn, c.h, c.w, c.pad, c.cin)
	x := r.buffer(Head(c.cin), c.n*c.h*c.w*c.cin)
	tiles := in.Sites()
	checkTransform(t, "WinogradInput", winogradB, x, make([]float32, WinogradPlanes*tiles*c.cin), func(y, x []float32) {
		WinogradInput(y, x, in, c.cin)
	}, winogradTiles[float64]{index: in.Index, n: tiles, channels: c.cin, dstPlane: tiles * c.cin, dstTile: c.cin})

	out := c.tiles(WinogradOut, c.outH(), c.outW(), 0, c.cout)
	maps := c.n * c.outH() * c.outW() * c.cout
	toOut := winogradTiles[float64]{index: out.Index, n: tiles, channels: c.cout, srcPlane: tiles * c.cout, srcTile: c.cout}
	var bias []float32
	if !c.noBias {
		bias, toOut.bias = r.values(c.cout), nil
		toOut.bias = wide(bias)
	}
	checkTransform(t, "WinogradOutput", winogradA, r.values(WinogradPlanes*tiles*c.cout), make([]float32, Head(c.cout)+maps), func(y, x []float32) {
		WinogradOutput(y, bias, x, out, c.cout)
	}, toOut)
	checkTransform(t, "WinogradOutputGrad", winogradD, r.buffer(Head(c.cout), maps), make([]float32, WinogradPlanes*tiles*c.cout), func(y, x []float32) {
		WinogradOutputGrad(y, x, out, c.cout)
	}, winogradTiles[float64]{index: out.Index, n: tiles, channels: c.cout, dstPlane: tiles * c.cout, dstTile: c.cout})

	weights := c.cin * c.cout
	checkTransform(t, "WinogradFilterGrad", winogradW, r.values(WinogradPlanes*weights), r.values(9*weights), func(y, x []float32) {
		WinogradFilterGrad(y, x, c.cin, c.cout)
	}, winogradTiles[float64]{n: c.cin, channels: c.cout, dstPlane: weights, dstTile: c.cout, srcPlane: weights, srcTile: c.cout})
}

// checkTransform compares what run writes to y for x with the portable form.
func checkTransform(t rapid.TB, name string, form winogradForm, x, y []float32, run func(y, x []float32), a winogradTiles[float64]) {
	t.Helper()
	got, from := newArg(y), newArg(x)
	a.dst, a.src = wide(y), wide(x)
	scale := winogradScale(a)
	run(got.data, from.data)
	winogradPortable(form, a)
	near(t, name, got.data, a.dst, scale, 3)
	got.check(t, "the result", false)
	from.check(t, "the argument", true)
}

// winogradScale bounds what is summed up on the way to each result: no row of
// absolute values in any form's two dimensions adds up to more than 225.
func winogradScale(a winogradTiles[float64]) []float64 {
	most := func(s []float64) (m float64) {
		for _, v := range s {
			m = max(m, v, -v)
		}
		return m
	}
	return slices.Repeat([]float64{225*most(a.src) + most(a.bias) + most(a.dst)}, len(a.dst))
}

func randomWinograd(t *rapid.T) {
	checkWinograd(t, drawWinogradCase(t), newSource(rapid.Uint64().Draw(t, "seed"), nil))
}

func TestWinogradTransforms(t *testing.T) {
	testLevels(t, func(t *testing.T) {
		for _, channels := range []int{1, 7, 8, 9, 15, 16, 17, 64, 65} {
			checkWinograd(t, winogradCase{n: 2, h: 14, w: 14, pad: 1, cin: channels, cout: channels}, newSource(uint64(channels), nil))
		}
	})
}

func FuzzWinograd(f *testing.F) { fuzzLevels(f, randomWinograd) }

// randomConvolution composes the transforms in float64, forward and to the weights,
// and in float32 with packed filters.
func randomConvolution(t *rapid.T) {
	c := drawWinogradCase(t)
	checkConvolution[float64](t, c, 0x1p-53)
	checkConvolution[float32](t, c, 0x1p-24)
}

// checkConvolution allows one rounding of values in [-1,1] for each channel or tile
// summed up, carried through the transforms. By the rows of absolute values of the
// three matrices, that is at most 48 times larger per dimension for the outputs and
// 54 times for the weights.
func checkConvolution[T float32 | float64](t *rapid.T, c winogradCase, rounding float64) {
	r := newSource(rapid.Uint64().Draw(t, "seed"), nil)
	cast := func(s []float32) []T {
		to := make([]T, len(s))
		for i, v := range s {
			to[i] = T(v)
		}
		return to
	}
	x, w, bias := cast(r.buffer(Head(c.cin), c.n*c.h*c.w*c.cin)), cast(r.values(9*c.cin*c.cout)), cast(r.values(c.cout))
	g := geometry{n: c.n, h: c.h, w: c.w, kh: 3, kw: 3, stride: 1, pad: c.pad, dilation: 1}
	win := g.window(c.cin)
	head := Head(c.cout)
	want := make([]T, head+win.Sites()*c.cout)
	f := NewFilter[T](9, c.cin, c.cout)
	f.Pack(w)
	Product(want[head:], bias, x, win, f)

	in, out := c.tiles(WinogradIn, c.h, c.w, c.pad, c.cin), c.tiles(WinogradOut, c.outH(), c.outW(), 0, c.cout)
	tiles := in.Sites()
	v, m, got := make([]T, WinogradPlanes*tiles*c.cin), make([]T, WinogradPlanes*tiles*c.cout), make([]T, len(want))
	planes := NewWinogradFilters[T](c.cin, c.cout)
	PackWinograd(planes, w)
	WinogradInput(v, x, in, c.cin)
	rows := line(tiles, 1).window(c.cin)
	for i := range rows.Index {
		rows.Index[i] = int32(i * c.cin)
	}
	for p, f := range planes {
		Product(m[p*tiles*c.cout:][:tiles*c.cout], nil, v[p*tiles*c.cin:][:tiles*c.cin], rows, f)
	}
	WinogradOutput(got, bias, m, out, c.cout)
	same(t, fmt.Sprintf("y of %+v", c), got, want, 48*48*rounding*float64(c.cin))

	dy := cast(r.buffer(head, win.Sites()*c.cout))
	dw, du, direct := make([]T, len(w)), make([]T, WinogradPlanes*c.cin*c.cout), make([]T, len(w))
	ProductGrad(direct, x, win, dy[head:], c.cin, c.cout)
	WinogradOutputGrad(m, dy, out, c.cout)
	for p := range planes {
		ProductGrad(du[p*c.cin*c.cout:][:c.cin*c.cout], v[p*tiles*c.cin:][:tiles*c.cin], rows, m[p*tiles*c.cout:][:tiles*c.cout], c.cin, c.cout)
	}
	WinogradFilterGrad(dw, du, c.cin, c.cout)
	same(t, fmt.Sprintf("dw of %+v", c), dw, direct, 54*54*rounding*float64(tiles))
}

func same[T float32 | float64](t *rapid.T, name string, got, want []T, tolerance float64) {
	exact := make([]float64, len(want))
	for i, v := range want {
		exact[i] = float64(v)
	}
	err := approx.Slices(got, exact, func(int) float64 { return tolerance })
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}
