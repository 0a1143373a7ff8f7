//go:build amd64 && !purego

package kernel

import "github.com/coarsegrain/taylornet/internal/cpu"

// haveAssembly reports whether kernels have other forms than the portable one.
const haveAssembly = true

func level() cpu.Level { return cpu.Active() }

func maxIndex(index []int32) uint32 {
	n := len(index) / 32 * 32 // what the assembly works on
	if n == 0 || level() == cpu.Portable {
		return maxIndexPortable(index)
	}
	return max(maxIndexAVX2(&index[0], n), maxIndexPortable(index[n:]))
}
