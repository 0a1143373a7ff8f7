package kernel

import "testing"

// BenchmarkWinograd is the transforms of 48 tiles of a 14x14 lattice of 64
// channels, and of a filter; GB/s of what is read and written.
func BenchmarkWinograd(b *testing.B) {
	const channels, tiles = 64, 48
	c := winogradCase{n: 3, h: 14, w: 14, pad: 1}
	in, out := c.tiles(WinogradIn, 14, 14, 1, channels), c.tiles(WinogradOut, 14, 14, 0, channels)
	maps := filled(Head(channels) + 3*14*14*channels)
	planes := filled(WinogradPlanes * WinogradStride(tiles*channels))
	weights, gradient := filled(winogradFilter*channels*channels), filled(WinogradPlanes*WinogradStride(channels*channels))
	filters := NewWinogradFilters[float32](channels, channels)
	lattice, plane := 4*3*14*14*channels, 4*WinogradPlanes*tiles*channels
	filter, grad := 4*winogradFilter*channels*channels, 4*WinogradPlanes*channels*channels
	for _, bench := range []struct {
		name  string
		bytes int
		run   func()
	}{
		{"input", lattice + plane, func() { WinogradInput(planes, maps, in, channels) }},
		{"output", lattice + plane, func() { WinogradOutput(maps, nil, planes, out, channels) }},
		{"outputgrad", lattice + plane, func() { WinogradOutputGrad(planes, maps, out, channels) }},
		{"filter", filter + grad, func() { PackWinograd(filters, weights) }},
		{"filtergrad", filter + grad, func() { WinogradFilterGrad(weights, gradient, channels, channels) }},
	} {
		b.Run(bench.name, func(b *testing.B) {
			eachLevel(b, func(b *testing.B) {
				b.SetBytes(int64(bench.bytes))
				for b.Loop() {
					bench.run()
				}
			})
		})
	}
}
