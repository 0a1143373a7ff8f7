//go:build amd64 && !purego

package kernel

import "github.com/coarsegrain/taylornet/internal/cpu"

func adamWFloat32(params, m, v, grads []float32, s AdamWStep[float32]) {
	n := len(params) / 16 * 16 // what the assembly works on
	switch {
	case n == 0 || level() == cpu.Portable:
		n = 0
	case level() == cpu.AVX512:
		adamWAVX512(&params[0], &m[0], &v[0], &grads[0], &s.Keep1, n)
	case level() == cpu.AVX2:
		adamWAVX2(&params[0], &m[0], &v[0], &grads[0], &s.Keep1, n)
	}
	adamWPortable(params[n:], m[n:], v[n:], grads[n:], s)
}
