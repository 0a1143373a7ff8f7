package tensor

import (
	"bufio"
	"fmt"
	"os"
	"strings"
	"testing"
	"unsafe"
)

// TestHugePages looks up what the kernel notes of a large allocation's middle.
func TestHugePages(t *testing.T) {
	if _, err := os.Stat("/sys/kernel/mm/transparent_hugepage"); err != nil {
		t.Skip("no huge pages here:", err)
	}
	mem := Alloc[float32](4 << 20)
	middle := uintptr(unsafe.Pointer(&mem[len(mem)/2]))
	file, err := os.Open("/proc/self/smaps")
	if err != nil {
		t.Skip("no list of mappings here:", err)
	}
	defer file.Close()
	inside := false
	for lines := bufio.NewScanner(file); lines.Scan(); {
		var from, to uintptr
		if n, _ := fmt.Sscanf(lines.Text(), "%x-%x ", &from, &to); n == 2 {
			inside = from <= middle && middle < to
		}
		if flags, ok := strings.CutPrefix(lines.Text(), "VmFlags:"); ok && inside {
			if !strings.Contains(flags+" ", " hg ") {
				t.Errorf("the mapping has the flags%s, want hg", flags)
			}
			return
		}
	}
	t.Error("the allocation is in no mapping")
}
