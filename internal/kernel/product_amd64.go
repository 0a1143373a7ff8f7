//go:build amd64 && !purego

package kernel

import "github.com/coarsegrain/taylornet/internal/cpu"

// productSites is the number of sites that all panels work on in turn: few enough for
// their inputs to stay in the level 2 cache, and a multiple of the kernels' tile.
const productSites = 240

func productFloat32(y, bias, x []float32, win Window, f *Filter[float32]) {
	if f.level == cpu.Portable {
		productPortable(y, bias, x, win, f)
		return
	}
	for sites := win.Sites(); sites > 0; sites = win.Sites() {
		sites = min(sites, productSites)
		rows := tileRows(sites)
		for o := 0; o < f.cout; o += f.panel {
			b, n, w := from(bias, o), min(f.panel, f.cout-o), &f.data[o*f.taps*f.cin]
			if f.level == cpu.AVX512 {
				productAVX512(&y[o], b, &x[0], &win.Index[0], w, sites, rows, f.taps, f.cin, f.cout, n)
			} else {
				productAVX2(&y[o], b, &x[0], &win.Index[0], w, sites, rows, f.taps, f.cin, f.cout, n)
			}
		}
		y, win.Index = y[sites*f.cout:], win.Index[sites*f.taps:]
	}
}

// tileRows returns the number of rows in the assembly's tiles for which the fewest
// sites are computed twice. The last tile is moved back to end with the last site.
func tileRows(sites int) int {
	up := func(n int) int { return (sites + n - 1) / n * n }
	switch {
	case sites >= 6 && up(6) <= up(4):
		return 6
	case sites >= 4:
		return 4
	}
	return 1
}

// gradSites is the number of sites that ProductGrad adds up in registers before the
// next weights: few enough for their inputs and gradients to stay in near caches.
const gradSites = 96

func productGradFloat32(dw, x []float32, win Window, dy []float32, cin, cout int) {
	if level() == cpu.Portable {
		productGradPortable(dw, x, win, dy, cin, cout)
		return
	}
	panel, rest := 64, cin%4 // input channels that fill no tile
	if level() == cpu.AVX2 {
		panel, rest = 16, cin%6%4
	}
	for sites := win.Sites(); sites > 0; sites = win.Sites() {
		sites = min(sites, gradSites)
		for o := 0; o < cout; o += panel {
			n := min(panel, cout-o)
			for t := range win.Taps {
				dw := &dw[t*cin*cout+o]
				if panel == 64 {
					productGradAVX512(dw, &x[0], &win.Index[t], &dy[o], sites, win.Taps, cin-rest, cout, cout, n)
				} else {
					productGradAVX2(dw, &x[0], &win.Index[t], &dy[o], sites, win.Taps, cin-rest, cout, cout, n)
				}
			}
			for i := cin - rest; i < cin; i++ {
				dw := &dw[i*cout+o]
				if panel == 64 {
					productGradTapsAVX512(dw, &x[i], &win.Index[0], &dy[o], sites, win.Taps, win.Taps, cin*cout, cout, n)
				} else {
					productGradTapsAVX2(dw, &x[i], &win.Index[0], &dy[o], sites, win.Taps, win.Taps, cin*cout, cout, n)
				}
			}
		}
		dy, win.Index = dy[sites*cout:], win.Index[sites*win.Taps:]
	}
}
