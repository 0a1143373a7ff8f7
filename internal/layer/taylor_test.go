package layer_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/coarsegrain/taylornet/internal/layer"
	"github.com/coarsegrain/taylornet/poly"
	"github.com/coarsegrain/taylornet/tensor"
)

// A direct expansion of so many monomials that they are added up in several chains agrees
// with the sum over all, for new parameters too.
func TestTaylorChains(t *testing.T) {
	in, out := tensor.Shape{H: 2, W: 130, C: 1}, tensor.Shape{H: 1, W: 1, C: 3}
	const images = 3
	products := poly.Products(in.Size(), 2)
	f := layer.NewFrame(images, 3)
	l := layer.NewTaylor[float64](f, 2, in, out, 0, false)
	x, y, scratch := make([]float64, f.Len(in)), make([]float64, f.Len(out)), make([]float64, l.Scratch())
	r := rand.New(rand.NewPCG(1, 2))
	for i := f.Head; i < len(x); i++ {
		x[i] = r.NormFloat64()
	}
	for round := range 2 {
		params := make([]float64, (1+in.Size()+len(products))*out.C)
		for i := range params {
			params[i] = r.NormFloat64()
		}
		l.Refresh(params)
		for _, n := range []int{images, 1} {
			l.Forward(n, y, x, scratch)
			for i := range n {
				image := x[f.Head+i*in.Size():][:in.Size()]
				for c := range out.C {
					want, coefs := params[c], params[c:]
					for j, v := range image {
						want += coefs[(1+j)*out.C] * v
					}
					for j, p := range products {
						want += coefs[(1+in.Size()+j)*out.C] * image[p.Lower] * image[p.Factor]
					}
					if got := y[f.Head+i*out.C+c]; !(math.Abs(got-want) <= 1e-9) {
						t.Errorf("round %d, image %d of %d, output %d: %v, want %v", round, i, n, c, got, want)
					}
				}
			}
		}
	}
}
