//go:build !purego

package peak

import (
	"testing"

	"github.com/coarsegrain/taylornet/internal/cpu"
)

func TestFMACounts(t *testing.T) {
	lanes := map[cpu.Level]int{cpu.Portable: 1, cpu.AVX2: 8, cpu.AVX512: 16}
	for _, l := range cpu.Supported() {
		if got, want := FMA(l, 10), 10*2*12*lanes[l]; got != want {
			t.Errorf("%v: %d operations, want %d", l, got, want)
		}
	}
}
