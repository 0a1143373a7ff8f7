package optim

import (
	"fmt"
	"testing"
)

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

// The largest convolution of a network with 192 feature maps: all in use, and an eighth
// of them out of use for long.
func BenchmarkMuonMatrix(b *testing.B) {
	const rows, cols = 9 * 192, 192
	for _, unused := range []int{0, cols / 8} {
		b.Run(fmt.Sprintf("unused=%d", unused), func(b *testing.B) {
			p, g := make([]float32, rows*cols), make([]float32, rows*cols)
			opt := Muon{Momentum: 0.95, Workers: 1}.New(len(p), nil, []Matrix{{0, rows, cols}})
			momentum := opt.State().Slots[0].Data
			for i := range g {
				if i%cols < unused {
					momentum[i] = 1e-40
				} else {
					g[i] = float32(i*i%17) - 8
				}
			}
			for b.Loop() {
				opt.Step(p, g, 1e-3)
			}
		})
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
