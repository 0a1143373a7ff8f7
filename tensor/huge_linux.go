package tensor

import (
	"syscall"
	"unsafe"
)

// hugePage is the usual size of huge pages.
const hugePage = 2 << 20

// preferHugePages asks for huge pages for mem, which must not have been touched yet.
// Kernels walk through many planes at once, and would wait for the addresses of small
// pages.
func preferHugePages(mem unsafe.Pointer, bytes uintptr) {
	skip := -uintptr(mem) % hugePage
	if bytes < skip+hugePage {
		return
	}
	whole := unsafe.Slice((*byte)(unsafe.Add(mem, skip)), (bytes-skip)/hugePage*hugePage)
	_ = syscall.Madvise(whole, syscall.MADV_HUGEPAGE) // if refused, only speed is lost
}
