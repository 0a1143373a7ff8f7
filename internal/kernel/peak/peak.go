//go:build amd64 && !purego

package peak

import "github.com/coarsegrain/taylornet/internal/cpu"

// FMA does n rounds of independent multiply-adds with the given level's
// vectors and returns the number of floating-point operations.
func FMA(level cpu.Level, n int) int {
	const perRound = 12 * 2
	if level == cpu.AVX512 {
		fmaAVX512(n)
		return n * perRound * 16
	}
	fmaAVX2(n)
	return n * perRound * 8
}
