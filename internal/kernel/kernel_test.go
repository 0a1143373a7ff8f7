package kernel

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/coarsegrain/taylornet/poly"
	"github.com/coarsegrain/taylornet/tensor"
)

// properties compares kernels, by name, with their definition at random sizes.
func properties() map[string]func(*rapid.T) {
	list := map[string]func(*rapid.T){
		"Product": randomProduct, "ProductGrad": randomProductGrad,
		"Filter.Pack": randomProduct, "Filter.PackTransposed": randomProduct, "PackWinograd": randomConvolution,
		"CG": randomCG, "CGGrad": randomCGGrad, "CGSeries": randomCGSeries, "CGSeriesGrad": randomCGSeriesGrad,
		"AdamW": randomAdamW,
	}
	for _, form := range []string{"Input", "Output", "OutputGrad", "FilterGrad"} {
		list["Winograd"+form] = randomWinograd
	}
	for _, p := range channelPasses {
		list[p.name] = p.random
	}
	return list
}

// sizes are those of a kernel's arguments.
type sizes struct{ taps, c, sites int }

// small sizes are not those of whole vectors or tiles.
var small = sizes{taps: 4, c: 70, sites: 9}

// place says where the arguments of kernels lie.
type place[T tensor.Float] struct {
	buffer func(n int) []T
	index  func([]int32) []int32
}

// anywhere is where a program has its arguments.
func anywhere[T tensor.Float]() place[T] {
	return place[T]{tensor.Alloc[T], func(index []int32) []int32 { return index }}
}

// window returns a window whose index is in its place.
func (p place[T]) window(w Window) Window {
	w.Index = p.index(w.Index)
	return w
}

// filters puts the weights of filters in their place.
func (p place[T]) filters(list ...*Filter[T]) []*Filter[T] {
	size := len(list[0].data)
	stride := WinogradStride(size)
	all := p.buffer((len(list)-1)*stride + size)
	for i, f := range list {
		f.data = all[i*stride:][:size]
	}
	return list
}

// calls runs kernels, by name, on arguments of these sizes, with elements of type T.
func calls[T tensor.Float](s sizes, at place[T]) map[string]func() {
	taps, c, sites := s.taps, s.c, s.sites
	shape := line(sites, taps)
	win, buffer := at.window(shape.window(c)), at.buffer
	x, y := buffer(Head(c)+shape.pixels()*c), buffer(sites*c)
	dx, row, column := buffer(len(x)), buffer(c), buffer(sites)
	coefs, dcoefs := buffer(poly.NumMonomials(taps, 2)*c), buffer(poly.NumMonomials(taps, 2)*c)
	low := seriesCalls(at, win, Series{Images: 2, In: 1, Out: 2, Map: shape.pixels() * c}, c)
	high := seriesCalls(at, win, Series{Images: 2, In: 3, Out: 3, Map: shape.pixels() * c}, c)
	w, f := buffer(taps*c*c), at.filters(NewFilter[T](taps, c, c))[0]
	tile := winogradCase{n: 1, h: 5, w: 5, pad: 1, cin: c, cout: c}
	in, out := at.window(tile.tiles(WinogradIn, 5, 5, 1, c)), at.window(tile.tiles(WinogradOut, 5, 5, 0, c))
	maps, planes := buffer(Head(c)+25*c), buffer(WinogradPlanes*in.Sites()*c)
	w9, filters, u := buffer(9*c*c), at.filters(NewWinogradFilters[T](c, c)...), buffer(WinogradPlanes*c*c)
	return map[string]func(){
		"Product": func() {
			Product(y, row, x, win, f)
			Product(y, nil, x, win, f)
		},
		"ProductGrad":           func() { ProductGrad(w, x, win, y, c, c) },
		"Filter.Pack":           func() { f.Pack(w) },
		"Filter.PackTransposed": func() { f.PackTransposed(w) },
		"CG": func() {
			CG(y, x, nil, win, coefs, c, 2)
			CG(y, x, row, win, coefs, c, 2)
		},
		"CGGrad": func() {
			CGGrad(dx, dcoefs, x, nil, win, y, coefs, c, 2)
			CGGrad(nil, dcoefs, x, row, win, y, coefs, c, 2)
		},
		"CGSeries":      func() { low.forward(); high.forward() },
		"CGSeriesGrad":  func() { low.backward(); high.backward() },
		"SumRows":       func() { SumRows(row, y) },
		"SumSquares":    func() { SumSquares(row, y, row) },
		"SumProducts":   func() { SumProducts(row, row, y, y, row) },
		"Affine":        func() { Affine(y, y, row, row) },
		"Affine2":       func() { Affine2(y, y, y, row, row, row) },
		"Add":           func() { Add(x, dx) },
		"DotRows":       func() { DotRows(column, y, y) },
		"ScaleRows":     func() { ScaleRows(y, y, column) },
		"MixRows":       func() { MixRows(y, y, y, column, column) },
		"AdamW":         func() { AdamW(row, row, row, row, AdamWStep[T]{Epsilon: 1}) },
		"WinogradInput": func() { WinogradInput(planes, maps, in, c) },
		"WinogradOutput": func() {
			WinogradOutput(maps, row, planes, out, c)
			WinogradOutput(maps, nil, planes, out, c)
		},
		"WinogradOutputGrad": func() { WinogradOutputGrad(planes, maps, out, c) },
		"WinogradFilterGrad": func() { WinogradFilterGrad(w9, u, c, c) },
		"PackWinograd":       func() { PackWinograd(filters, w9) },
	}
}

// seriesPair is a forward and a backward pass of CGSeries.
type seriesPair struct{ forward, backward func() }

func seriesCalls[T tensor.Float](at place[T], win Window, s Series, c int) seriesPair {
	size, terms := Head(c)+s.maps(s.In)*s.Map, poly.NumMonomials(win.Taps, 2)*c
	x, dx, y := at.buffer(size), at.buffer(size), at.buffer(s.maps(s.Out)*win.Sites()*c)
	coefs, dcoefs := at.buffer(terms), at.buffer(terms)
	scratch := at.buffer(CGSeriesScratch(win.Taps, win.Sites(), c, s))
	return seriesPair{
		func() { CGSeries(y, x, win, s, coefs, scratch, c, 2) },
		func() {
			CGSeriesGrad(dx, dcoefs, x, win, s, y, coefs, scratch, c, 2)
			CGSeriesGrad(nil, dcoefs, x, win, s, y, coefs, scratch, c, 2)
		},
	}
}

// kernels lists the package's kernels: the exported functions and methods without
// a result.
func kernels(t *testing.T) (names []string) {
	t.Helper()
	files, err := filepath.Glob("*.go")
	if err != nil || len(files) == 0 {
		t.Skip("the package's sources are not here")
	}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, decl := range file.Decls {
			f, ok := decl.(*ast.FuncDecl)
			if !ok || !f.Name.IsExported() || f.Type.Results != nil {
				continue
			}
			full := f.Name.Name
			if f.Recv != nil { // all methods are of Filter
				full = "Filter." + full
			}
			names = append(names, full)
		}
	}
	return names
}

// A new kernel is not forgotten by the tests that go by a list.
func TestListsHaveEveryKernel(t *testing.T) {
	names := kernels(t)
	slices.Sort(names)
	panics := map[string]bool{}
	for _, p := range wrongCalls() {
		name, _, _ := strings.Cut(strings.TrimPrefix(p.want, "kernel."), ":")
		panics[name] = true
	}
	delete(panics, "NewFilter") // has a result
	for what, list := range map[string][]string{
		"properties": slices.Sorted(maps.Keys(properties())),
		"calls":      slices.Sorted(maps.Keys(calls(small, anywhere[float32]()))),
		"wrongCalls": slices.Sorted(maps.Keys(panics)),
	} {
		if !slices.Equal(list, names) {
			t.Errorf("%s has %q, the package has the kernels %q", what, list, names)
		}
	}
}

func TestKernels(t *testing.T) {
	testLevels(t, func(t *testing.T) {
		for name, property := range properties() {
			t.Run(name, rapid.MakeCheck(property))
		}
	})
}

func TestNoKernelAllocates(t *testing.T) {
	testLevels(t, func(t *testing.T) {
		for name, call := range calls(small, anywhere[float32]()) {
			if n := testing.AllocsPerRun(10, call); n != 0 {
				t.Errorf("%s of float32: %v allocations", name, n)
			}
		}
		for name, call := range calls(small, anywhere[float64]()) {
			if n := testing.AllocsPerRun(10, call); n != 0 {
				t.Errorf("%s of float64: %v allocations", name, n)
			}
		}
	})
}

func TestMaxIndex(t *testing.T) {
	testLevels(t, func(t *testing.T) {
		for n := 1; n < 200; n++ {
			index := make([]int32, n)
			for i := range index {
				index[i] = rand.Int32N(1000)
			}
			for _, high := range []int32{1000, 1 << 30, -1} {
				at := rand.IntN(n)
				index[at] = high
				if got := maxIndex(index); got != uint32(high) {
					t.Fatalf("maxIndex of %d with %d at %d is %d", n, high, at, got)
				}
			}
		}
	})
}

func TestInRow(t *testing.T) {
	for _, tt := range []struct {
		win  Window
		want bool
	}{
		{Window{Taps: 1, Index: []int32{8, 11, 14}}, true},
		{Window{Taps: 1, Index: []int32{5}}, true},
		{Window{Taps: 1}, false},
		{Window{Taps: 1, Index: []int32{8, 14, 20}}, false},
		{Window{Taps: 1, Index: []int32{8, 11, 10, 17}}, false},
		{Window{Taps: 2, Index: []int32{8, 11}}, false},
	} {
		if got := tt.win.inRow(3); got != tt.want {
			t.Errorf("%+v: in a row %v", tt.win, got)
		}
	}
}

// wrongCall is a call that panics, and the message.
type wrongCall struct {
	want string
	call func()
}

func wrongCalls() []wrongCall {
	const taps, c = 2, 3
	win := line(5, taps).window(c)
	f := NewFilter[float32](taps, c, 4)
	s := func(n int) []float32 { return make([]float32, n) }
	x := s(Head(c) + 6*c)
	series := Series{Images: 1, In: 1, Out: 2, Map: 6 * c}
	xs := s(Head(c) + 2*series.Map)
	outside := make([]int32, 36)
	outside[35] = int32(len(x))
	return []wrongCall{
		{"kernel.NewFilter: sizes must be positive", func() { NewFilter[float32](1, 0, 1) }},
		{"kernel.Filter.Pack: wrong number of weights", func() { f.Pack(s(23)) }},
		{"kernel.Filter.PackTransposed: wrong number of weights", func() { f.PackTransposed(s(25)) }},
		{"kernel.Product: sizes do not agree", func() { Product(s(19), nil, x, win, f) }},
		{"kernel.Product: sizes do not agree", func() { Product(s(20), s(3), x, win, f) }},
		{"kernel.Product: window outside of its buffer", func() { Product(s(20), nil, x[1:], win, f) }},
		{"kernel.Product: window outside of its buffer",
			func() { Product(s(4), nil, x, Window{Taps: 2, Index: []int32{0, -1}}, f) }},
		{"kernel.ProductGrad: sizes do not agree", func() { ProductGrad(s(23), x, win, s(20), c, 4) }},
		{"kernel.ProductGrad: window outside of its buffer", func() { ProductGrad(s(24), x[1:], win, s(20), c, 4) }},
		{"kernel.CG: order out of range", func() { CG(s(15), x, nil, win, s(18), c, 4) }},
		{"kernel.CG: sizes do not agree", func() { CG(s(15), x, nil, win, s(19), c, 2) }},
		{"kernel.CG: sizes do not agree", func() { CG(s(15), x, s(2), win, s(18), c, 2) }},
		{"kernel.CG: window outside of its buffer", func() { CG(s(15), x[1:], nil, win, s(18), c, 2) }},
		{"kernel.CGGrad: sizes do not agree", func() { CGGrad(x[1:], s(18), x, nil, win, s(15), s(18), c, 2) }},
		{"kernel.CGGrad: window outside of its buffer", func() { CGGrad(nil, s(18), x[1:], nil, win, s(15), s(18), c, 2) }},
		{"kernel.CGSeries: order out of range", func() { CGSeries(s(45), xs, win, series, s(18), s(1000), c, 0) }},
		{"kernel.CGSeries: series out of range", func() { CGSeries(s(45), xs, win, Series{1, 2, 1, 18}, s(18), s(1000), c, 2) }},
		{"kernel.CGSeries: series out of range", func() { CGSeries(s(45), xs, win, Series{0, 1, 1, 18}, s(18), s(1000), c, 2) }},
		{"kernel.CGSeries: sizes do not agree", func() { CGSeries(s(44), xs, win, series, s(18), s(1000), c, 2) }},
		{"kernel.CGSeries: sizes do not agree", func() { CGSeries(s(45), xs, win, series, s(18), s(9), c, 2) }},
		{"kernel.CGSeries: window outside of its buffer", func() { CGSeries(s(45), xs[1:], win, series, s(18), s(1000), c, 2) }},
		{"kernel.CGSeriesGrad: sizes do not agree", func() { CGSeriesGrad(xs[1:], s(18), xs, win, series, s(45), s(18), s(1000), c, 2) }},
		{"kernel.CGSeriesGrad: window outside of its buffer",
			func() { CGSeriesGrad(nil, s(18), xs[1:], win, series, s(45), s(18), s(1000), c, 2) }},
		{"kernel.SumRows: sizes do not agree", func() { SumRows(s(3), s(7)) }},
		{"kernel.SumSquares: sizes do not agree", func() { SumSquares(s(3), s(6), s(2)) }},
		{"kernel.SumProducts: sizes do not agree", func() { SumProducts(s(3), s(3), s(9), s(6), s(3)) }},
		{"kernel.Affine: sizes do not agree", func() { Affine(s(5), s(6), s(3), s(3)) }},
		{"kernel.Affine2: sizes do not agree", func() { Affine2(s(6), s(6), s(6), s(3), s(3), s(0)) }},
		{"kernel.Add: sizes do not agree", func() { Add(s(3), s(2)) }},
		{"kernel.DotRows: sizes do not agree", func() { DotRows(s(3), s(6), s(5)) }},
		{"kernel.ScaleRows: sizes do not agree", func() { ScaleRows(s(6), s(6), s(4)) }},
		{"kernel.MixRows: sizes do not agree", func() { MixRows(s(6), s(6), s(6), s(3), s(2)) }},
		{"kernel.AdamW: sizes do not agree", func() { AdamW(s(3), s(3), s(2), s(3), AdamWStep[float32]{}) }},
		{"kernel.WinogradInput: sizes do not agree", func() { WinogradInput(s(36*c), x, win, c) }},
		{"kernel.WinogradInput: window outside of its buffer", func() { WinogradInput(s(36*c), x, Window{Taps: 36, Index: outside}, c) }},
		{"kernel.WinogradOutput: sizes do not agree", func() { WinogradOutput(x, s(2), s(36*c), Window{Taps: 16, Index: outside[:16]}, c) }},
		{"kernel.WinogradOutput: window outside of its buffer", func() { WinogradOutput(x, nil, s(36*c), Window{Taps: 16, Index: outside[20:]}, c) }},
		{"kernel.WinogradOutputGrad: sizes do not agree", func() { WinogradOutputGrad(s(35*c), x, Window{Taps: 16, Index: outside[:16]}, c) }},
		{"kernel.WinogradFilterGrad: sizes do not agree", func() { WinogradFilterGrad(s(9*c), s(36*c), c, c) }},
		{"kernel.PackWinograd: sizes do not agree", func() { PackWinograd(NewWinogradFilters[float32](c, c), s(9*c)) }},
	}
}

func TestPanics(t *testing.T) {
	for _, tt := range wrongCalls() {
		testLevels(t, func(t *testing.T) {
			defer func() {
				if got := recover(); got != tt.want {
					t.Errorf("panic %v, want %q", got, tt.want)
				}
			}()
			tt.call()
		})
	}
}
