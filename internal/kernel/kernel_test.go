package kernel

import (
	"math/rand/v2"
	"testing"

	"github.com/coarsegrain/taylornet/tensor"
)

// calls runs every kernel of the package at small sizes, by name, with
// elements of type T.
func calls[T tensor.Float]() map[string]func() {
	const taps, c, sites = 4, 70, 9
	shape := line(sites, taps)
	win := shape.window(c)
	buffer := func(n int) []T { return tensor.Alloc[T](n) }
	x, y := buffer(Head(c)+shape.pixels()*c), buffer(sites*c)
	dx, coefs, row := buffer(len(x)), buffer(Terms(taps, 2)*c), buffer(c)
	w, f := buffer(taps*c*c), NewFilter[T](taps, c, c)
	return map[string]func(){
		"Product":     func() { Product(y, row, x, win, f) },
		"ProductGrad": func() { ProductGrad(w, x, win, y, c, c) },
		"Pack":        func() { f.Pack(w); f.PackTransposed(w) },
		"CG":          func() { CG(y, x, nil, win, coefs, c, 2) },
		"CGGrad":      func() { CGGrad(dx, coefs, x, nil, win, y, coefs, c, 2) },
		"SumRows":     func() { SumRows(row, y) },
		"SumSquares":  func() { SumSquares(row, y, row) },
		"SumProducts": func() { SumProducts(row, row, y, y, row) },
		"Affine":      func() { Affine(y, y, row, row) },
		"Affine2":     func() { Affine2(y, y, y, row, row, row) },
		"Add":         func() { Add(x, dx) },
	}
}

func TestNoKernelAllocates(t *testing.T) {
	testLevels(t, func(t *testing.T) {
		for name, call := range calls[float32]() {
			if n := testing.AllocsPerRun(10, call); n != 0 {
				t.Errorf("%s of float32: %v allocations", name, n)
			}
		}
		for name, call := range calls[float64]() {
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

func TestPanics(t *testing.T) {
	const taps, c = 2, 3
	win := line(5, taps).window(c)
	f := NewFilter[float32](taps, c, 4)
	s := func(n int) []float32 { return make([]float32, n) }
	x := s(Head(c) + 6*c)
	for _, tt := range []struct {
		want string
		call func()
	}{
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
		{"kernel.SumRows: sizes do not agree", func() { SumRows(s(3), s(7)) }},
		{"kernel.SumSquares: sizes do not agree", func() { SumSquares(s(3), s(6), s(2)) }},
		{"kernel.SumProducts: sizes do not agree", func() { SumProducts(s(3), s(3), s(9), s(6), s(3)) }},
		{"kernel.Affine: sizes do not agree", func() { Affine(s(5), s(6), s(3), s(3)) }},
		{"kernel.Affine2: sizes do not agree", func() { Affine2(s(6), s(6), s(6), s(3), s(3), s(0)) }},
		{"kernel.Add: sizes do not agree", func() { Add(s(3), s(2)) }},
	} {
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
