package kernel

import (
	"testing"

	"pgregory.net/rapid"
)

func FuzzAdamW(f *testing.F) { fuzzLevels(f, randomAdamW) }

func randomAdamW(t *rapid.T) {
	n := rapid.IntRange(0, 100).Draw(t, "n")
	r := newSource(rapid.Uint64().Draw(t, "seed"), nil)
	step := AdamWStep[float32]{0.875, 0.125, 0.75, 0.25, 0.01, 1.5, 1e-3}
	p, m, g := newArg(r.values(n)), newArg(r.values(n)), newArg(r.values(n))
	second := r.values(n)
	for i, v := range second {
		second[i] = v * v
	}
	v := newArg(second)
	wantP, wantM, wantV := wide(p.data), wide(m.data), wide(v.data)
	adamWPortable(wantP, wantM, wantV, wide(g.data), AdamWStep[float64]{
		float64(step.Keep1), float64(step.New1), float64(step.Keep2), float64(step.New2),
		float64(step.Size), float64(step.Unbias), float64(step.Epsilon),
	})
	AdamW(p.data, m.data, v.data, g.data, step)
	one := make([]float64, n)
	for i := range one {
		one[i] = 1 + 10*max(wantP[i], -wantP[i])
	}
	near(t, "first moments", m.data, wantM, one, 2)
	near(t, "second moments", v.data, wantV, one, 2)
	near(t, "parameters", p.data, wantP, one, 4)
	for name, a := range map[string]*arg{"params": p, "m": m, "v": v} {
		a.check(t, name, false)
	}
	g.check(t, "grads", true)
}
