package optim

import "testing"

// The size of the mnist preset.
const benchParams = 118_346

func BenchmarkStep(b *testing.B) {
	for name, newOptimiser := range optimisers() {
		b.Run(name, func(b *testing.B) {
			p, g := make([]float32, benchParams), make([]float32, benchParams)
			for i := range g {
				g[i] = float32(i%17) - 8
			}
			opt := newOptimiser(benchParams, []Range{{0, benchParams}})
			b.SetBytes(4 * benchParams)
			for b.Loop() {
				opt.Step(p, g, 1e-3)
			}
		})
	}
}

// The largest convolution of a network with 192 feature maps.
func BenchmarkMuonMatrix(b *testing.B) {
	const rows, cols = 9 * 192, 192
	p, g := make([]float32, rows*cols), make([]float32, rows*cols)
	for i := range g {
		g[i] = float32(i*i%17) - 8
	}
	opt := DefaultMuon().New(len(p), nil, []Matrix{{0, rows, cols}}, 1)
	for b.Loop() {
		opt.Step(p, g, 1e-3)
	}
}

func BenchmarkClipNorm(b *testing.B) {
	g := make([]float32, benchParams)
	b.SetBytes(4 * benchParams)
	for b.Loop() {
		ClipNorm(g, 1)
	}
}

func BenchmarkEMA(b *testing.B) {
	avg, p := make([]float32, benchParams), make([]float32, benchParams)
	b.SetBytes(4 * benchParams)
	for b.Loop() {
		EMA{0.999}.Update(avg, p, 1000)
	}
}
