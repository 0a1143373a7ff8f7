package cpu

import (
	"math"
	"testing"

	"github.com/coarsegrain/taylornet/engine"
	"github.com/coarsegrain/taylornet/engine/enginetest"
	simd "github.com/coarsegrain/taylornet/internal/cpu"
	"github.com/coarsegrain/taylornet/spec"
)

func TestConformance(t *testing.T) {
	suite := enginetest.New(t)
	for _, level := range simd.Supported() {
		t.Run(level.String(), func(t *testing.T) {
			defer simd.Set(level)()
			enginetest.Run(t, suite, New(), 2e-5)
		})
	}
	t.Run("float64", func(t *testing.T) { enginetest.Run(t, suite, Engine[float64]{}, 1e-11) })
}

func TestTooLargeToIndex(t *testing.T) {
	for source, evaluates := range map[string]bool{
		"Input(16384,16384,1) AvgPool(4000,4000,1,1) AvgPool": false,
		"Input(16384,16384,1) Conv(1,1,1,1,1) AvgPool":        true, // one image at a time
	} {
		net, err := spec.Parse(source)
		if err != nil {
			t.Fatal(err)
		}
		params := make([]float32, net.NumParams())
		if _, err := planProgram(net, params, engine.Options{Memory: math.MaxInt64}); (err == nil) != evaluates {
			t.Errorf("evaluating %s: error %v", source, err)
		}
		if _, err := New().CompileTraining(net, engine.TrainingOptions{}); err == nil {
			t.Errorf("CompileTraining(%s): no error", source)
		}
	}
}
