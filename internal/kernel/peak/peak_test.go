//go:build amd64 && !purego

package peak

import (
	"testing"

	"github.com/coarsegrain/taylornet/internal/cpu"
)

func BenchmarkFMA(b *testing.B) {
	for _, l := range cpu.Supported()[1:] {
		b.Run(l.String(), func(b *testing.B) {
			flop := 0
			for b.Loop() {
				flop += FMA(l, 1_000_000)
			}
			b.ReportMetric(float64(flop)/1e9/b.Elapsed().Seconds(), "GFLOP/s")
		})
	}
}
