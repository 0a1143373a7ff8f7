package peak

import (
	"slices"
	"testing"

	"github.com/coarsegrain/taylornet/internal/cpu"
)

func TestFMAPortable(t *testing.T) {
	// x*a+a goes to a/(1-a), here to 1/3 in each of the twelve chains.
	var got float32
	if fmaPortable(&got, 100, 0.25); !(got-4 <= 1e-5 && 4-got <= 1e-5) {
		t.Errorf("sum %v, want 4", got)
	}
}

func TestCopy(t *testing.T) {
	c := NewCopy(1000)
	if got := c.Run(); got != 1000 {
		t.Errorf("%d bytes, want 1000", got)
	}
	if !slices.Equal(c.to, c.from) || c.to[124] != 124 {
		t.Error("the copy differs")
	}
}

func BenchmarkFMA(b *testing.B) {
	for _, l := range cpu.Supported() {
		b.Run(l.String(), func(b *testing.B) {
			flop := 0
			for b.Loop() {
				flop += FMA(l, 1_000_000)
			}
			b.ReportMetric(float64(flop)/1e9/b.Elapsed().Seconds(), "GFLOP/s")
		})
	}
}

// BenchmarkCopy copies within the second-level cache and in memory.
func BenchmarkCopy(b *testing.B) {
	for name, bytes := range map[string]int{"256KiB": 256 << 10, "256MiB": 256 << 20} {
		b.Run(name, func(b *testing.B) {
			c := NewCopy(bytes)
			b.SetBytes(int64(bytes))
			for b.Loop() {
				c.Run()
			}
		})
	}
}
