package kernel

import "fmt"

// A window of two members that meet once, in one channel: with x = (3, 5),
//
//	y = 1 + 2*3 + 0*5 + 1*3*3 + 10*3*5 + 0*5*5
func ExampleCG() {
	x := make([]float64, Head(1)+2)
	copy(x[Head(1):], []float64{3, 5})
	win := Window{Taps: 2, Index: []int32{int32(Head(1)), int32(Head(1)) + 1}}
	coefs := []float64{1, 2, 0, 1, 10, 0}
	y := make([]float64, 1)
	CG(y, x, nil, win, coefs, 1, 2)
	fmt.Println(y[0])
	// Output: 166
}

// A filter of one tap from two channels to one, at two sites of which the
// second is padding.
func ExampleProduct() {
	x := make([]float32, Head(2)+2)
	copy(x[Head(2):], []float32{3, 5})
	win := Window{Taps: 1, Index: []int32{int32(Head(2)), 0}}
	f := NewFilter[float32](1, 2, 1)
	f.Pack([]float32{10, 1})
	y := make([]float32, 2)
	Product(y, []float32{100}, x, win, f)
	fmt.Println(y)
	// Output: [135 100]
}
