package layer_test

import (
	"fmt"

	"github.com/coarsegrain/taylornet/internal/layer"
)

func ExampleCrossEntropy() {
	gradient := make([]float64, 2)
	loss := layer.CrossEntropy(gradient, []float64{0, 0}, layer.Target{Label: 1})
	fmt.Printf("%.4f %.1f\n", loss, gradient)
	// Output: 0.6931 [0.5 -0.5]
}
