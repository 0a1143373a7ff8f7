package memorytest

import "runtime"

// Allocated returns how many bytes are allocated while f runs, by it or by others, whether
// they are still held or not.
func Allocated(f func()) float64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return float64(after.TotalAlloc - before.TotalAlloc)
}
