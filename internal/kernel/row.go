package kernel

import "github.com/coarsegrain/taylornet/tensor"

// The functions below work on x [rows][c], with one result or coefficient per row.
// rows is the length of the per-row argument.

// DotRows computes each row's scalar product: dot[r] = sum_c x[r,c]*y[r,c].
func DotRows[T tensor.Float](dot, x, y []T) {
	if !rectangular(len(x), len(dot)) || len(y) != len(x) {
		panic("kernel.DotRows: sizes do not agree")
	}
	if dot32 := float32s(dot); dot32 != nil {
		dotRowsFloat32(dot32, float32s(x), float32s(y))
	} else {
		dotRowsPortable(dot, x, y)
	}
}

func dotRowsPortable[T tensor.Float](dot, x, y []T) {
	c := len(x) / max(1, len(dot))
	for r := range dot {
		var sum T
		for k, v := range x[r*c:][:c] {
			sum += v * y[r*c+k]
		}
		dot[r] = sum
	}
}

// ScaleRows computes y[r,c] = a[r]*x[r,c]. y may be x.
func ScaleRows[T tensor.Float](y, x, a []T) {
	if !rectangular(len(x), len(a)) || len(y) != len(x) {
		panic("kernel.ScaleRows: sizes do not agree")
	}
	if y32 := float32s(y); y32 != nil {
		scaleRowsFloat32(y32, float32s(x), float32s(a))
	} else {
		scaleRowsPortable(y, x, a)
	}
}

func scaleRowsPortable[T tensor.Float](y, x, a []T) {
	c := len(x) / max(1, len(a))
	for i, v := range x {
		y[i] = a[i/c] * v
	}
}

// MixRows computes z[r,c] = a[r]*x[r,c] + b[r]*y[r,c]. z may be x or y.
func MixRows[T tensor.Float](z, x, y, a, b []T) {
	if !rectangular(len(x), len(a)) || len(b) != len(a) || len(y) != len(x) || len(z) != len(x) {
		panic("kernel.MixRows: sizes do not agree")
	}
	if z32 := float32s(z); z32 != nil {
		mixRowsFloat32(z32, float32s(x), float32s(y), float32s(a), float32s(b))
	} else {
		mixRowsPortable(z, x, y, a, b)
	}
}

func mixRowsPortable[T tensor.Float](z, x, y, a, b []T) {
	c := len(x) / max(1, len(a))
	for i, v := range x {
		z[i] = a[i/c]*v + b[i/c]*y[i]
	}
}

// rectangular reports whether n values fill the rows equally.
func rectangular(n, rows int) bool { return n == 0 || rows > 0 && n%rows == 0 }
