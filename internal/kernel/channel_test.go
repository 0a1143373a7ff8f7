package kernel

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"
)

type channelCase struct{ rows, channels int }

// A channelPass is a per-channel pass for the tests: its arguments are first
// the results and then what is read; perRow says which have a row for each
// row of x.
type channelPass struct {
	name    string
	perRow  []bool
	results int
	terms   func(rows int) int
	float32 func(a [][]float32)
	float64 func(a [][]float64)
}

func perRow(rows int) int { return rows + 3 }
func constant(int) int    { return 4 }

var channelPasses = []channelPass{
	{"SumRows", []bool{false, true}, 1, perRow,
		func(a [][]float32) { SumRows(a[0], a[1]) },
		func(a [][]float64) { sumRowsPortable(a[0], a[1]) }},
	{"SumSquares", []bool{false, true, false}, 1, perRow,
		func(a [][]float32) { SumSquares(a[0], a[1], a[2]) },
		func(a [][]float64) { sumSquaresPortable(a[0], a[1], a[2]) }},
	{"SumProducts", []bool{false, false, true, true, false}, 2, perRow,
		func(a [][]float32) { SumProducts(a[0], a[1], a[2], a[3], a[4]) },
		func(a [][]float64) { sumProductsPortable(a[0], a[1], a[2], a[3], a[4]) }},
	{"Affine", []bool{true, true, false, false}, 1, constant,
		func(a [][]float32) { Affine(a[0], a[1], a[2], a[3]) },
		func(a [][]float64) { affinePortable(a[0], a[1], a[2], a[3]) }},
	{"Affine2", []bool{true, true, true, false, false, false}, 1, constant,
		func(a [][]float32) { Affine2(a[0], a[1], a[2], a[3], a[4], a[5]) },
		func(a [][]float64) { affine2Portable(a[0], a[1], a[2], a[3], a[4], a[5]) }},
	{"Add", []bool{true, true}, 1, constant,
		func(a [][]float32) { Add(a[0], a[1]) },
		func(a [][]float64) { addPortable(a[0], a[1]) }},
}

// negated is -|x| for the means, so that deviations become sums of absolute
// values.
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
	for _, rows := range p.perRow {
		n := c.channels
		if rows {
			n *= c.rows
		}
		a := newArg(r.values(n))
		args, narrow, want = append(args, a), append(narrow, a.data), append(want, wide(a.data))
	}
	scale := p.scaleArgs(args)
	p.float32(narrow)
	p.float64(want)
	p.float64(scale)
	for i, a := range args {
		name := fmt.Sprintf("%s: argument %d for %+v", p.name, i, c)
		if i < p.results {
			near(t, name, a.data, want[i], scale[i], p.terms(c.rows))
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
				rapid.Check(t, p.random)
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

// TestAffineInPlace checks that results may replace arguments.
func TestAffineInPlace(t *testing.T) {
	const rows, c = 5, 70
	testLevels(t, func(t *testing.T) {
		r := newSource(3, nil)
		x, y, a, b, k := r.values(rows*c), r.values(rows*c), r.values(c), r.values(c), r.values(c)
		want := make([]float32, rows*c)
		Affine(want, x, a, k)
		got := append([]float32(nil), x...)
		Affine(got, got, a, k)
		near(t, "Affine in place", got, wide(want), wide(make([]float32, len(want))), 0)
		Affine2(want, x, y, a, b, k)
		for i, z := range [][]float32{append([]float32(nil), x...), append([]float32(nil), y...)} {
			if i == 0 {
				Affine2(z, z, y, a, b, k)
			} else {
				Affine2(z, x, z, a, b, k)
			}
			near(t, "Affine2 in place", z, wide(want), wide(make([]float32, len(want))), 0)
		}
	})
}
