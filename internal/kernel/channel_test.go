package kernel

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

type channelCase struct{ rows, channels int }

// A channelPass is a pass over rows of channels. Its arguments are first the results
// and then what is read, each with its extent.
type channelPass struct {
	name    string
	args    []extent
	results int
	terms   func(c channelCase) int
	float32 func(a [][]float32)
	float64 func(a [][]float64)
}

// An extent says what an argument has a value for.
type extent int

const (
	channel extent = iota
	row
	both
)

func (e extent) size(c channelCase) int { return []int{c.channels, c.rows, c.rows * c.channels}[e] }

func perRow(c channelCase) int     { return c.rows + 3 }
func perChannel(c channelCase) int { return c.channels + 3 }
func constant(channelCase) int     { return 4 }

var channelPasses = []channelPass{
	{"SumRows", []extent{channel, both}, 1, perRow,
		func(a [][]float32) { SumRows(a[0], a[1]) },
		func(a [][]float64) { sumRowsPortable(a[0], a[1]) }},
	{"SumSquares", []extent{channel, both, channel}, 1, perRow,
		func(a [][]float32) { SumSquares(a[0], a[1], a[2]) },
		func(a [][]float64) { sumSquaresPortable(a[0], a[1], a[2]) }},
	{"SumProducts", []extent{channel, channel, both, both, channel}, 2, perRow,
		func(a [][]float32) { SumProducts(a[0], a[1], a[2], a[3], a[4]) },
		func(a [][]float64) { sumProductsPortable(a[0], a[1], a[2], a[3], a[4]) }},
	{"Affine", []extent{both, both, channel, channel}, 1, constant,
		func(a [][]float32) { Affine(a[0], a[1], a[2], a[3]) },
		func(a [][]float64) { affinePortable(a[0], a[1], a[2], a[3]) }},
	{"Affine2", []extent{both, both, both, channel, channel, channel}, 1, constant,
		func(a [][]float32) { Affine2(a[0], a[1], a[2], a[3], a[4], a[5]) },
		func(a [][]float64) { affine2Portable(a[0], a[1], a[2], a[3], a[4], a[5]) }},
	{"Add", []extent{both, both}, 1, constant,
		func(a [][]float32) { Add(a[0], a[1]) },
		func(a [][]float64) { addPortable(a[0], a[1]) }},
	{"DotRows", []extent{row, both, both}, 1, perChannel,
		func(a [][]float32) { DotRows(a[0], a[1], a[2]) },
		func(a [][]float64) { dotRowsPortable(a[0], a[1], a[2]) }},
	{"ScaleRows", []extent{both, both, row}, 1, constant,
		func(a [][]float32) { ScaleRows(a[0], a[1], a[2]) },
		func(a [][]float64) { scaleRowsPortable(a[0], a[1], a[2]) }},
	{"MixRows", []extent{both, both, both, row, row}, 1, constant,
		func(a [][]float32) { MixRows(a[0], a[1], a[2], a[3], a[4]) },
		func(a [][]float64) { mixRowsPortable(a[0], a[1], a[2], a[3], a[4]) }},
}

// scaleArgs returns the absolute values of the arguments, but -|x| for means, so that
// differences from the mean become sums of absolute values.
func (p channelPass) scaleArgs(args []*arg) [][]float64 {
	scale := make([][]float64, len(args))
	for i, a := range args {
		scale[i] = wideAbs(a.data)
		if i == len(args)-1 && (p.name == "SumSquares" || p.name == "SumProducts") {
			for j := range scale[i] {
				scale[i][j] = -scale[i][j]
			}
		}
	}
	return scale
}

func (p channelPass) check(t rapid.TB, c channelCase, r source) {
	t.Helper()
	args, narrow, want := []*arg{}, [][]float32{}, [][]float64{}
	for _, e := range p.args {
		a := newArg(r.values(e.size(c)))
		args, narrow, want = append(args, a), append(narrow, a.data), append(want, wide(a.data))
	}
	scale := p.scaleArgs(args)
	p.float32(narrow)
	p.float64(want)
	p.float64(scale)
	for i, a := range args {
		name := fmt.Sprintf("%s: argument %d for %+v", p.name, i, c)
		if i < p.results {
			near(t, name, a.data, want[i], scale[i], p.terms(c))
		}
		a.check(t, name, i >= p.results)
	}
}

func (p channelPass) random(t *rapid.T) {
	c := channelCase{rapid.IntRange(0, 60).Draw(t, "rows"), rapid.IntRange(1, 200).Draw(t, "channels")}
	p.check(t, c, drawSource(t))
}

func TestChannelPasses(t *testing.T) {
	testLevels(t, func(t *testing.T) {
		for _, p := range channelPasses {
			t.Run(p.name, func(t *testing.T) {
				for channels := 1; channels <= 140; channels++ {
					for _, rows := range []int{0, 1, 2, 3, 4, 7, 8, 9, 15, 17} {
						p.check(t, channelCase{rows, channels}, newSource(uint64(rows), nil))
					}
				}
			})
		}
	})
}

func FuzzChannelPasses(f *testing.F) {
	fuzzLevels(f, func(t *rapid.T) {
		rapid.SampledFrom(channelPasses).Draw(t, "pass").random(t)
	})
}

// TestInPlace checks that results may replace arguments.
func TestInPlace(t *testing.T) {
	const rows, c = 5, 70
	testLevels(t, func(t *testing.T) {
		r := newSource(3, nil)
		x, y, a, b, k := r.values(rows*c), r.values(rows*c), r.values(c), r.values(c), r.values(c)
		for _, p := range []struct {
			name string
			two  bool // of x and y
			f    func(z, x, y []float32)
		}{
			{"Affine", false, func(z, x, _ []float32) { Affine(z, x, a, k) }},
			{"ScaleRows", false, func(z, x, _ []float32) { ScaleRows(z, x, a[:rows]) }},
			{"Affine2", true, func(z, x, y []float32) { Affine2(z, x, y, a, b, k) }},
			{"MixRows", true, func(z, x, y []float32) { MixRows(z, x, y, a[:rows], b[:rows]) }},
		} {
			want, first, second := make([]float32, rows*c), slices.Clone(x), slices.Clone(y)
			p.f(want, x, y)
			p.f(first, first, y)
			near(t, p.name+" in the first argument's place", first, wide(want), make([]float64, rows*c), 0)
			if p.two {
				p.f(second, x, second)
				near(t, p.name+" in the second's", second, wide(want), make([]float64, rows*c), 0)
			}
		}
	})
}
