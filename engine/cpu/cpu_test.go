package cpu

import (
	"testing"

	"github.com/coarsegrain/taylornet/engine/enginetest"
	simd "github.com/coarsegrain/taylornet/internal/cpu"
)

func TestConformance(t *testing.T) {
	for _, level := range simd.Supported() {
		t.Run(level.String(), func(t *testing.T) {
			defer simd.Set(level)()
			enginetest.Run(t, New(), 2e-5)
		})
	}
}

func TestConformanceFloat64(t *testing.T) {
	enginetest.Run(t, Engine[float64]{}, 1e-11)
}
