//go:build !purego

package peak

import "github.com/coarsegrain/taylornet/internal/cpu"

// fma does n rounds of multiply-adds and returns the number of lanes.
func fma(level cpu.Level, n int) int {
	switch level {
	case cpu.AVX512:
		fmaAVX512(n)
		return 16
	case cpu.AVX2:
		fmaAVX2(n)
		return 8
	default:
		var sum float32
		fmaPortable(&sum, n, 0.5)
		return 1
	}
}
