package kernel

import "github.com/coarsegrain/taylornet/tensor"

// The functions below work on x [rows][c], with one result or coefficient per
// channel. c is the length of the per-channel argument.

// SumRows adds each channel's sum to sum: sum[c] += sum_r x[r,c].
func SumRows[T tensor.Float](sum, x []T) {
	rows(len(x), len(sum), "kernel.SumRows")
	if sum32 := float32s(sum); sum32 != nil {
		sumRowsFloat32(sum32, float32s(x))
	} else {
		sumRowsPortable(sum, x)
	}
}

func sumRowsPortable[T tensor.Float](sum, x []T) {
	for ; len(x) > 0; x = x[len(sum):] {
		for c, v := range x[:len(sum)] {
			sum[c] += v
		}
	}
}

// SumSquares adds each channel's sum of squared deviations:
// sum[c] += sum_r (x[r,c]-mean[c])^2.
func SumSquares[T tensor.Float](sum, x, mean []T) {
	rows(len(x), len(sum), "kernel.SumSquares", len(mean))
	if sum32 := float32s(sum); sum32 != nil {
		sumSquaresFloat32(sum32, float32s(x), float32s(mean))
	} else {
		sumSquaresPortable(sum, x, mean)
	}
}

func sumSquaresPortable[T tensor.Float](sum, x, mean []T) {
	for ; len(x) > 0; x = x[len(sum):] {
		for c, v := range x[:len(sum)] {
			d := v - mean[c]
			sum[c] += d * d
		}
	}
}

// SumProducts adds, for each channel, the sum of dy and its product with x's
// deviation: sum[c] += sum_r dy[r,c], dot[c] += sum_r dy[r,c]*(x[r,c]-mean[c]).
func SumProducts[T tensor.Float](sum, dot, dy, x, mean []T) {
	rows(len(x), len(sum), "kernel.SumProducts", len(mean), len(dot))
	if len(dy) != len(x) {
		panic("kernel.SumProducts: sizes do not agree")
	}
	if sum32 := float32s(sum); sum32 != nil {
		sumProductsFloat32(sum32, float32s(dot), float32s(dy), float32s(x), float32s(mean))
	} else {
		sumProductsPortable(sum, dot, dy, x, mean)
	}
}

func sumProductsPortable[T tensor.Float](sum, dot, dy, x, mean []T) {
	n := len(sum)
	for ; len(x) > 0; x, dy = x[n:], dy[n:] {
		for c, v := range x[:n] {
			sum[c] += dy[c]
			dot[c] += dy[c] * (v - mean[c])
		}
	}
}

// Affine computes y[r,c] = scale[c]*x[r,c] + shift[c]. y may be x.
func Affine[T tensor.Float](y, x, scale, shift []T) {
	rows(len(x), len(scale), "kernel.Affine", len(shift))
	if len(y) != len(x) {
		panic("kernel.Affine: sizes do not agree")
	}
	if y32 := float32s(y); y32 != nil {
		affineFloat32(y32, float32s(x), float32s(scale), float32s(shift))
	} else {
		affinePortable(y, x, scale, shift)
	}
}

func affinePortable[T tensor.Float](y, x, scale, shift []T) {
	n := len(scale)
	for ; len(x) > 0; x, y = x[n:], y[n:] {
		for c, v := range x[:n] {
			y[c] = scale[c]*v + shift[c]
		}
	}
}

// Affine2 computes z[r,c] = a[c]*x[r,c] + b[c]*y[r,c] + k[c]. z may be x or y.
func Affine2[T tensor.Float](z, x, y, a, b, k []T) {
	rows(len(x), len(a), "kernel.Affine2", len(b), len(k))
	if len(y) != len(x) || len(z) != len(x) {
		panic("kernel.Affine2: sizes do not agree")
	}
	if z32 := float32s(z); z32 != nil {
		affine2Float32(z32, float32s(x), float32s(y), float32s(a), float32s(b), float32s(k))
	} else {
		affine2Portable(z, x, y, a, b, k)
	}
}

func affine2Portable[T tensor.Float](z, x, y, a, b, k []T) {
	n := len(a)
	for ; len(x) > 0; x, y, z = x[n:], y[n:], z[n:] {
		for c, v := range x[:n] {
			z[c] = a[c]*v + b[c]*y[c] + k[c]
		}
	}
}

// Add computes dst += src.
func Add[T tensor.Float](dst, src []T) {
	if len(dst) != len(src) {
		panic("kernel.Add: sizes do not agree")
	}
	if dst32 := float32s(dst); dst32 != nil {
		addFloat32(dst32, float32s(src))
	} else {
		addPortable(dst, src)
	}
}

func addPortable[T tensor.Float](dst, src []T) {
	for i, v := range src {
		dst[i] += v
	}
}

// rows panics unless n is a multiple of c and each of the others equals c.
func rows(n, c int, name string, others ...int) {
	ok := c > 0 && n%c == 0
	for _, o := range others {
		ok = ok && o == c
	}
	if !ok {
		panic(name + ": sizes do not agree")
	}
}
