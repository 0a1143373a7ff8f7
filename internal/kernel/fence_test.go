//go:build linux || darwin

package kernel

import (
	"fmt"
	"os"
	"runtime/debug"
	"syscall"
	"testing"
	"unsafe"

	"github.com/coarsegrain/taylornet/tensor"
)

// fence hands out memory beside pages that cannot be accessed.
type fence struct {
	t     testing.TB
	atEnd bool // the memory ends where such a page begins, rather than begins where one ends
	pages [][]byte
}

// bytes returns n zero bytes between two such pages.
func (f *fence) bytes(n int) unsafe.Pointer {
	page := os.Getpagesize()
	size := (n + page - 1) / page * page
	all, err := syscall.Mmap(-1, 0, size+2*page, syscall.PROT_NONE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		f.t.Skip("no memory beside unreadable pages: ", err)
	}
	f.pages = append(f.pages, all)
	if err := syscall.Mprotect(all[page:page+size], syscall.PROT_READ|syscall.PROT_WRITE); err != nil {
		f.t.Skip("no memory beside unreadable pages: ", err)
	}
	if f.atEnd {
		return unsafe.Pointer(&all[page+size-n])
	}
	return unsafe.Pointer(&all[page])
}

func (f *fence) free() {
	for _, p := range f.pages {
		if err := syscall.Munmap(p); err != nil {
			f.t.Error(err)
		}
	}
	f.pages = nil
}

// besideFence returns memory for arguments.
func besideFence[T tensor.Float](f *fence) place[T] {
	var zero T
	return place[T]{
		buffer: func(n int) []T { return unsafe.Slice((*T)(f.bytes(n*int(unsafe.Sizeof(zero)))), n) },
		index: func(index []int32) []int32 {
			moved := unsafe.Slice((*int32)(f.bytes(4*len(index))), len(index))
			copy(moved, index)
			return moved
		},
	}
}

// fault calls f and returns the fault that it ends with, if any.
func fault(f func()) (err any) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() { err = recover() }()
	f()
	return nil
}

// fencedSizes leave a rest of every vector and tile, or none, and make the kernels take
// several chunks of sites.
func fencedSizes() []sizes {
	var list []sizes
	for _, taps := range []int{1, 2, 4, 5, 9} {
		for _, c := range []int{1, 3, 8, 15, 16, 17, 33, 64, 70} {
			for _, sites := range []int{1, 5, 9} {
				list = append(list, sizes{taps, c, sites})
			}
		}
	}
	return append(list, sizes{4, 16, 131}, sizes{1, 19, 250}, sizes{9, 8, 257}, sizes{4, 5, 192})
}

// No kernel reads or writes outside of its arguments, however far.
func TestKernelsStayWithinTheirArguments(t *testing.T) {
	testLevels(t, func(t *testing.T) {
		for _, size := range fencedSizes() {
			for _, atEnd := range []bool{false, true} {
				f := &fence{t: t, atEnd: atEnd}
				single, double := calls(size, besideFence[float32](f)), calls(size, besideFence[float64](f))
				for name := range single {
					for kind, call := range map[string]func(){"float32": single[name], "float64": double[name]} {
						if err := fault(call); err != nil {
							t.Errorf("%s of %s with %+v beside a page at its end: %v: %v", name, kind, size, atEnd, err)
						}
					}
				}
				f.free()
			}
		}
	})
}

// The test above would see a kernel that reads or writes one element too many.
func TestFence(t *testing.T) {
	for _, atEnd := range []bool{false, true} {
		f := &fence{t: t, atEnd: atEnd}
		p := besideFence[float32](f)
		x, y := p.buffer(64), p.buffer(64)
		beyond := func(v []float32) []float32 {
			if atEnd {
				return unsafe.Slice(&v[0], 65)[1:]
			}
			return unsafe.Slice((*float32)(unsafe.Add(unsafe.Pointer(&v[0]), -4)), 64)
		}
		testLevels(t, func(t *testing.T) {
			for what, call := range map[string]func(){
				"reads":  func() { Add(y, beyond(x)) },
				"writes": func() { Add(beyond(y), x) },
				"none":   func() { Add(y, x) },
			} {
				if err := fault(call); (err == nil) != (what == "none") {
					t.Error(fmt.Sprint(what, ": fault ", err))
				}
			}
		})
		f.free()
	}
}
