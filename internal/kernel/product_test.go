package kernel

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/coarsegrain/taylornet/internal/cpu"
)

// A productCase is the arguments of Product and ProductGrad.
type productCase struct {
	geometry
	sites, cin, cout   int // the first sites of the geometry's, at most
	noBias, transposed bool
}

func drawProductCase(t *rapid.T) productCase {
	return productCase{
		geometry: drawGeometry(t),
		sites:    rapid.IntRange(0, 300).Draw(t, "sites"),
		cin:      rapid.IntRange(1, 70).Draw(t, "cin"),
		cout:     rapid.IntRange(1, 70).Draw(t, "cout"),
		noBias:   rapid.Bool().Draw(t, "nobias"), transposed: rapid.Bool().Draw(t, "transposed"),
	}
}

func (c productCase) firstSites() Window {
	win := c.window(c.cin)
	return win.First(min(c.sites, win.Sites()))
}

// transpose swaps the last two dimensions of w [taps][a][b].
func transpose(w []float32, a, b int) []float32 {
	to := make([]float32, 0, len(w))
	for ; len(w) > 0; w = w[a*b:] {
		for j := range b {
			for i := range a {
				to = append(to, w[i*b+j])
			}
		}
	}
	return to
}

func checkProduct(t rapid.TB, c productCase, r source) {
	t.Helper()
	win := c.firstSites()
	x, w := newArg(r.buffer(Head(c.cin), c.pixels()*c.cin)), newArg(r.values(win.Taps*c.cin*c.cout))
	y, bias := newArg(r.values(win.Sites()*c.cout)), newArg(r.values(c.cout))
	index := slices.Clone(win.Index)
	if c.noBias {
		bias = newArg(nil)
		bias.data = nil
	}

	f := NewFilter[float32](win.Taps, c.cin, c.cout)
	if c.transposed {
		f.PackTransposed(transpose(w.data, c.cin, c.cout))
	} else {
		f.Pack(w.data)
	}
	Product(y.data, bias.data, x.data, win, f)

	want, scale := make([]float64, len(y.data)), make([]float64, len(y.data))
	f64 := NewFilter[float64](win.Taps, c.cin, c.cout)
	f64.Pack(wide(w.data))
	productPortable(want, wide(bias.data), wide(x.data), win, f64)
	f64.Pack(wideAbs(w.data))
	productPortable(scale, wideAbs(bias.data), wideAbs(x.data), win, f64)
	near(t, fmt.Sprintf("y for %+v", c), y.data, want, scale, win.Taps*c.cin+1)
	y.check(t, "y", false)
	x.check(t, "x", true)
	w.check(t, "w", true)
	bias.check(t, "bias", true)
	if !slices.Equal(index, win.Index) {
		t.Fatal("the window was overwritten")
	}
}

func checkProductGrad(t rapid.TB, c productCase, r source) {
	t.Helper()
	win := c.firstSites()
	x, dw := newArg(r.buffer(Head(c.cin), c.pixels()*c.cin)), newArg(r.values(win.Taps*c.cin*c.cout))
	dy := newArg(r.values(win.Sites() * c.cout))
	want, scale := wide(dw.data), wideAbs(dw.data)

	ProductGrad(dw.data, x.data, win, dy.data, c.cin, c.cout)

	productGradPortable(want, wide(x.data), win, wide(dy.data), c.cin, c.cout)
	productGradPortable(scale, wideAbs(x.data), win, wideAbs(dy.data), c.cin, c.cout)
	near(t, fmt.Sprintf("dw for %+v", c), dw.data, want, scale, win.Sites()+1)
	dw.check(t, "dw", false)
	x.check(t, "x", true)
	dy.check(t, "dy", true)
}

func randomProduct(t *rapid.T)     { checkProduct(t, drawProductCase(t), drawSource(t)) }
func randomProductGrad(t *rapid.T) { checkProductGrad(t, drawProductCase(t), drawSource(t)) }

// sweepProduct visits sizes on both sides of every cut-off of the kernels.
func sweepProduct(t *testing.T, check func(t rapid.TB, c productCase, r source)) {
	for _, cout := range []int{1, 7, 8, 9, 16, 17, 24, 33, 48, 49, 64, 65, 129} {
		for _, cin := range []int{1, 3, 4, 5, 6, 7, 11} {
			for _, sites := range []int{0, 1, 2, 5, 6, 7, 11, 12, 13} {
				taps := 1 + (sites+cin+cout)%9
				c := productCase{geometry: line(sites, taps), sites: sites, cin: cin, cout: cout, noBias: sites%2 == 0}
				check(t, c, newSource(uint64(cout*cin+sites), nil))
			}
		}
	}
	for _, sites := range []int{95, 96, 97, 193, 239, 240, 241, 481} {
		for _, cout := range []int{10, 80} {
			c := productCase{geometry: line(sites, 3), sites: sites, cin: 7, cout: cout}
			check(t, c, newSource(uint64(sites), notFinite))
		}
	}
}

func TestProduct(t *testing.T) {
	testLevels(t, func(t *testing.T) { sweepProduct(t, checkProduct) })
}

func TestProductGrad(t *testing.T) {
	testLevels(t, func(t *testing.T) { sweepProduct(t, checkProductGrad) })
}

func FuzzProduct(f *testing.F)     { fuzzLevels(f, randomProduct) }
func FuzzProductGrad(f *testing.F) { fuzzLevels(f, randomProductGrad) }

// TestFilterKeepsItsLevel makes filters at one level and uses them at others.
func TestFilterKeepsItsLevel(t *testing.T) {
	const taps, cin, cout = 2, 3, 70
	r := newSource(1, nil)
	shape := line(20, taps)
	win := shape.window(cin)
	x, w := r.buffer(Head(cin), shape.pixels()*cin), r.values(taps*cin*cout)
	testLevels(t, func(t *testing.T) {
		f := NewFilter[float32](taps, cin, cout)
		f.Pack(w)
		want := make([]float32, win.Sites()*cout)
		Product(want, nil, x, win, f)
		for _, l := range cpu.Supported() {
			undo := cpu.Set(l)
			got := make([]float32, len(want))
			f.Pack(w)
			Product(got, nil, x, win, f)
			undo()
			if !slices.Equal(got, want) {
				t.Errorf("another result while %v is active", l)
			}
		}
	})
}

// TestProductIsIndependentOfTiling computes sites one by one and all at once.
func TestProductIsIndependentOfTiling(t *testing.T) {
	const taps, cin, cout, sites = 3, 5, 70, 20
	r := newSource(2, nil)
	shape := line(sites, taps)
	win := shape.window(cin)
	x, w := r.buffer(Head(cin), shape.pixels()*cin), r.values(taps*cin*cout)
	testLevels(t, func(t *testing.T) {
		f := NewFilter[float32](taps, cin, cout)
		f.Pack(w)
		all, each := make([]float32, sites*cout), make([]float32, sites*cout)
		Product(all, nil, x, win, f)
		for s := range sites {
			one := win
			one.Index = win.Index[s*taps:][:taps]
			Product(each[s*cout:][:cout], nil, x, one, f)
		}
		if !slices.Equal(all, each) {
			t.Error("a site's result depends on its neighbours")
		}
	})
}
