package engine

import (
	"math"

	"github.com/coarsegrain/taylornet/internal/rng"
	"github.com/coarsegrain/taylornet/spec"
	"github.com/coarsegrain/taylornet/tensor"
)

// VectorLen returns the length of the flat parameter vector that params describe:
// trained parameters, then statistics.
func VectorLen(params []spec.Param) int {
	if len(params) == 0 {
		return 0
	}
	last := params[len(params)-1]
	return last.Offset + last.Size()
}

// Init returns the initial parameter vector of a network. Weights are normal with
// variance 1/fan-in. A coarse-graining starts as the average of its window plus small
// random products, and a norm as the identity. A Taylor expansion starts at zero,
// since its loss has a single minimum. Each tensor draws from a random stream of its
// own name, so the result depends on the seed and the network alone.
func Init(net *spec.Net, seed uint64) []float32 {
	list := net.Params()
	values := tensor.Alloc[float32](VectorLen(list))
	for _, p := range list {
		v := values[p.Offset:][:p.Size()]
		r := rng.New(seed, "init/"+p.Name)
		switch p.Role {
		case spec.Weight:
			scale := 1 / math.Sqrt(float64(p.FanIn))
			for i := range v {
				v[i] = float32(scale * r.NormFloat64())
			}
		case spec.Coefs:
			initCG(v, p, r.NormFloat64)
		case spec.Scale, spec.Var:
			for i := range v {
				v[i] = 1
			}
		case spec.Bias, spec.Shift, spec.Mean, spec.Expansion: // zero
		}
	}
	return values
}

// cgNoise is the standard deviation of a coarse-graining's initial products,
// summed over the window's pairs.
const cgNoise = 0.5

func initCG(v []float32, p spec.Param, normal func() float64) {
	terms, channels, n := p.Shape[0], p.Shape[1], p.FanIn
	for t := 1; t < terms; t++ {
		row := v[t*channels:][:channels]
		for c := range row {
			if t <= n {
				row[c] = 1 / float32(n)
			} else {
				row[c] = float32(cgNoise / math.Sqrt(float64(terms-1-n)) * normal())
			}
		}
	}
}
