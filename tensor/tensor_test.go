package tensor_test

import (
	"fmt"
	"testing"
	"unsafe"

	"github.com/coarsegrain/taylornet/tensor"
)

func TestAllocIsAlignedAndZero(t *testing.T) {
	for n := range 70 {
		checkAlloc[float32](t, n)
		checkAlloc[float64](t, n)
	}
}

func checkAlloc[T tensor.Float](t *testing.T, n int) {
	t.Helper()
	v := tensor.Alloc[T](n)
	if len(v) != n || cap(v) != n {
		t.Fatalf("Alloc(%d): length %d, capacity %d", n, len(v), cap(v))
	}
	if at := uintptr(unsafe.Pointer(unsafe.SliceData(v))); at%tensor.Align != 0 {
		t.Errorf("Alloc(%d) of %T is at %#x", n, v, at)
	}
	for i := range v {
		if v[i] != 0 {
			t.Errorf("Alloc(%d): element %d is %v", n, i, v[i])
		}
	}
}

func Example() {
	images := tensor.New(2, 28, 28, 1) // two grey images
	fmt.Println(images.Shape, len(images.Data))
	// Output: [2 28 28 1] 1568
}
