package taylor

import (
	"math/rand/v2"
	"testing"

	"github.com/coarsegrain/taylornet/engine"
	"github.com/coarsegrain/taylornet/engine/cpu"
	"github.com/coarsegrain/taylornet/internal/approx"
)

// TestGradedPass compares the orders that a graded pass of the engine carries, about zero
// and with fixed statistics, with the exact ones.
func TestGradedPass(t *testing.T) {
	for name, source := range nets {
		t.Run(name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(5, 6))
			e := newExample(t, source, r)
			const images, orders = 3, 4
			list := make([][]float64, images)
			for i := range list {
				for range e.x {
					list[i] = append(list[i], r.NormFloat64())
				}
			}
			trainer, err := cpu.Engine[float64]{}.CompileTraining(e.spec, engine.TrainingOptions{FixedParams: true, FixedStats: true, Orders: orders})
			if err != nil {
				t.Fatal(err)
			}
			got := make([][]float64, images)
			trainer.Gradient(nil, e.params, &engine.Batch[float64]{
				N:     images,
				Input: func(i int, x []float64) { copy(x, list[i]) },
				Loss:  func(i int, _, y []float64) float64 { got[i] = append(got[i], y...); return 0 },
			})
			for i, x := range list {
				want := exactOrders(t, e.net, x, orders)
				size := 1.0
				for _, v := range want {
					size = max(size, v, -v)
				}
				if err := approx.Slices(got[i], want, func(int) float64 { return 1e-9 * size }); err != nil {
					t.Errorf("image %d: %v", i, err)
				}
			}
		})
	}
}

// exactOrders returns the logits of image x and their orders about zero, as a graded pass
// has them.
func exactOrders(t *testing.T, net *Net, x []float64, orders int) []float64 {
	t.Helper()
	line, err := net.Line(t.Context(), make([]float64, len(x)), x)
	if err != nil {
		t.Fatal(err)
	}
	all := line.Logits()
	for k := range orders + 1 {
		order := make([]float64, net.K)
		if by := line.ByOrder(); k < len(by) {
			copy(order, by[k])
		}
		all = append(all, order...)
	}
	return all
}
