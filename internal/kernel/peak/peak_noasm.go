//go:build !amd64 || purego

package peak

import "github.com/coarsegrain/taylornet/internal/cpu"

// fma does n rounds of multiply-adds and returns the number of lanes.
func fma(_ cpu.Level, n int) int {
	var sum float32
	fmaPortable(&sum, n, 0.5)
	return 1
}
