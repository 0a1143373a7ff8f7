//go:build amd64 && !purego

package kernel

import "github.com/coarsegrain/taylornet/internal/cpu"

func dotRowsFloat32(dot, x, y []float32) {
	switch rows := len(dot); {
	case len(x) == 0:
		clear(dot)
	case level() == cpu.AVX512:
		dotRowsAVX512(&x[0], &y[0], &dot[0], rows, len(x)/rows)
	case level() == cpu.AVX2:
		dotRowsAVX2(&x[0], &y[0], &dot[0], rows, len(x)/rows)
	default:
		dotRowsPortable(dot, x, y)
	}
}

func scaleRowsFloat32(y, x, a []float32) {
	switch rows := len(a); {
	case len(x) == 0:
	case level() == cpu.AVX512:
		scaleRowsAVX512(&y[0], &x[0], &a[0], rows, len(x)/rows)
	case level() == cpu.AVX2:
		scaleRowsAVX2(&y[0], &x[0], &a[0], rows, len(x)/rows)
	default:
		scaleRowsPortable(y, x, a)
	}
}

func mixRowsFloat32(z, x, y, a, b []float32) {
	switch rows := len(a); {
	case len(x) == 0:
	case level() == cpu.AVX512:
		mixRowsAVX512(&z[0], &x[0], &y[0], &a[0], &b[0], rows, len(x)/rows)
	case level() == cpu.AVX2:
		mixRowsAVX2(&z[0], &x[0], &y[0], &a[0], &b[0], rows, len(x)/rows)
	default:
		mixRowsPortable(z, x, y, a, b)
	}
}
