package kernel

import (
	"math"

	"github.com/coarsegrain/taylornet/tensor"
)

// AdamWStep is the factors of one update.
type AdamWStep[T tensor.Float] struct {
	Keep1, New1  T // the first moment: m = Keep1 m + New1 g
	Keep2, New2  T // the second: v = Keep2 v + New2 g^2
	Size, Unbias T // p -= Size m / (Unbias sqrt(v) + Epsilon)
	Epsilon      T
}

// AdamW updates parameters and their moments by the gradients. All have the same
// length.
func AdamW[T tensor.Float](params, m, v, grads []T, s AdamWStep[T]) {
	if n := len(params); len(m) != n || len(v) != n || len(grads) != n {
		panic("kernel.AdamW: sizes do not agree")
	}
	if p32 := float32s(params); p32 != nil {
		adamWFloat32(p32, float32s(m), float32s(v), float32s(grads), AdamWStep[float32]{
			float32(s.Keep1), float32(s.New1), float32(s.Keep2), float32(s.New2),
			float32(s.Size), float32(s.Unbias), float32(s.Epsilon),
		})
	} else {
		adamWPortable(params, m, v, grads, s)
	}
}

func adamWPortable[T tensor.Float](params, m, v, grads []T, s AdamWStep[T]) {
	for i, g := range grads {
		m[i] = s.Keep1*m[i] + s.New1*g
		v[i] = s.Keep2*v[i] + s.New2*g*g
		root := T(math.Sqrt(float64(v[i])))
		params[i] -= s.Size * m[i] / (root*s.Unbias + s.Epsilon)
	}
}
