//go:build amd64 && !purego

package kernel

import (
	"github.com/coarsegrain/taylornet/internal/cpu"
	"github.com/coarsegrain/taylornet/tensor"
)

// cgInAssembly reports whether the assembly has a form for a polynomial.
func cgInAssembly(taps, order int) bool {
	if level() == cpu.Portable || order != 2 {
		return false
	}
	switch taps {
	case 1, 2, 3, 4, 6, 9:
		return true
	}
	return false
}

func cgFloat32(y, x, mean []float32, win Window, coefs []float32, channels, order int) {
	if !cgInAssembly(win.Taps, order) {
		cgPortable(y, x, mean, win, coefs, channels, order)
		return
	}
	wide := level() == cpu.AVX512
	for sites := win.Sites(); sites > 0; sites = win.Sites() {
		sites, ahead := cgChunk(sites)
		for c := 0; c < channels; {
			if wide {
				lanes := min(16, channels-c)
				cgAVX512(&y[c], &x[c], from(mean, c), &win.Index[0], &coefs[c], sites, win.Taps, channels, lanes, ofLine(ahead, c))
				c += lanes
			} else {
				lanes := min(8, channels-c)
				cgAVX2(&y[c], &x[c], from(mean, c), &win.Index[0], &coefs[c], sites, win.Taps, channels, lanes, ofLine(ahead, c))
				c += lanes
			}
		}
		y, win.Index = y[sites*channels:], win.Index[sites*win.Taps:]
	}
}

// cgSites is the number of sites that all vectors of channels work on in turn: few
// enough for what the first loads to stay in the level 2 cache.
const cgSites = 64

// cgChunk returns how many of the sites left to work on next, and how far ahead of
// each to prefetch: as far as the same site of the next chunk, if that is a full
// one, so that the index can be read there.
func cgChunk(left int) (sites, ahead int) {
	if left < 2*cgSites {
		return min(left, cgSites), 0
	}
	return cgSites, cgSites
}

// ofLine returns ahead if the vector of channels from c onwards begins a cache line,
// and 0 for the others, whose line has been fetched.
func ofLine(ahead, c int) int {
	if c*4%tensor.Align != 0 {
		return 0
	}
	return ahead
}

func cgGradFloat32(dx, dcoefs, x, mean []float32, win Window, dy, coefs []float32, channels, order int) {
	if !cgInAssembly(win.Taps, order) {
		cgGradPortable(dx, dcoefs, x, mean, win, dy, coefs, channels, order)
		return
	}
	wide, store := level() == cpu.AVX512, 0
	if win.Partition {
		store = 1
	}
	for sites := win.Sites(); sites > 0; sites = win.Sites() {
		sites, ahead := cgChunk(sites)
		for c := 0; c < channels; {
			if wide {
				lanes := min(16, channels-c)
				cgGradAVX512(from(dx, c), &dcoefs[c], &x[c], from(mean, c), &win.Index[0], &dy[c], &coefs[c], sites, win.Taps, channels, lanes, store, ofLine(ahead, c))
				c += lanes
			} else {
				lanes := min(8, channels-c)
				cgGradAVX2(from(dx, c), &dcoefs[c], &x[c], from(mean, c), &win.Index[0], &dy[c], &coefs[c], sites, win.Taps, channels, lanes, store, ofLine(ahead, c))
				c += lanes
			}
		}
		dy, win.Index = dy[sites*channels:], win.Index[sites*win.Taps:]
	}
}

// from returns a pointer to element c of s, or nil if s is nil.
func from(s []float32, c int) *float32 {
	if s == nil {
		return nil
	}
	return &s[c]
}
