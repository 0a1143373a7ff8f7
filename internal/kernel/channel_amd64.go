//go:build amd64 && !purego

package kernel

import "github.com/coarsegrain/taylornet/internal/cpu"

func sumRowsFloat32(sum, x []float32) {
	switch c := len(sum); {
	case len(x) == 0:
	case level() == cpu.AVX512:
		sumRowsAVX512(&sum[0], &x[0], len(x)/c, c)
	case level() == cpu.AVX2:
		sumRowsAVX2(&sum[0], &x[0], len(x)/c, c)
	default:
		sumRowsPortable(sum, x)
	}
}

func sumSquaresFloat32(sum, x, mean []float32) {
	switch c := len(sum); {
	case len(x) == 0:
	case level() == cpu.AVX512:
		sumSquaresAVX512(&sum[0], &x[0], &mean[0], len(x)/c, c)
	case level() == cpu.AVX2:
		sumSquaresAVX2(&sum[0], &x[0], &mean[0], len(x)/c, c)
	default:
		sumSquaresPortable(sum, x, mean)
	}
}

func sumProductsFloat32(sum, dot, dy, x, mean []float32) {
	switch c := len(sum); {
	case len(x) == 0:
	case level() == cpu.AVX512:
		sumProductsAVX512(&sum[0], &dot[0], &dy[0], &x[0], &mean[0], len(x)/c, c)
	case level() == cpu.AVX2:
		sumProductsAVX2(&sum[0], &dot[0], &dy[0], &x[0], &mean[0], len(x)/c, c)
	default:
		sumProductsPortable(sum, dot, dy, x, mean)
	}
}

func affineFloat32(y, x, scale, shift []float32) {
	switch c := len(scale); {
	case len(x) == 0:
	case level() == cpu.AVX512:
		affineAVX512(&y[0], &x[0], &scale[0], &shift[0], len(x)/c, c)
	case level() == cpu.AVX2:
		affineAVX2(&y[0], &x[0], &scale[0], &shift[0], len(x)/c, c)
	default:
		affinePortable(y, x, scale, shift)
	}
}

func affine2Float32(z, x, y, a, b, k []float32) {
	switch c := len(a); {
	case len(x) == 0:
	case level() == cpu.AVX512:
		affine2AVX512(&z[0], &x[0], &y[0], &a[0], &b[0], &k[0], len(x)/c, c)
	case level() == cpu.AVX2:
		affine2AVX2(&z[0], &x[0], &y[0], &a[0], &b[0], &k[0], len(x)/c, c)
	default:
		affine2Portable(z, x, y, a, b, k)
	}
}

func addFloat32(dst, src []float32) {
	n := len(src) / 64 * 64 // what the assembly works on
	switch {
	case n == 0 || level() == cpu.Portable:
		n = 0
	case level() == cpu.AVX512:
		addAVX512(&dst[0], &src[0], n)
	case level() == cpu.AVX2:
		addAVX2(&dst[0], &src[0], n)
	}
	addPortable(dst[n:], src[n:])
}
