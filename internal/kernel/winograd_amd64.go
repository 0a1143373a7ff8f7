//go:build amd64 && !purego

package kernel

import "github.com/coarsegrain/taylornet/internal/cpu"

func winogradInAssembly() bool { return level() != cpu.Portable }

// winogradBlock is the number of tiles that all vectors of channels work on in turn:
// few enough for what the first loads to stay in the cache.
const winogradBlock = 8

func winogradFloat32(form winogradForm, a winogradTiles[float32]) {
	lanes, vector := 8, winogradVectors[form][0]
	switch level() {
	case cpu.Portable:
		winogradPortable(form, a)
		return
	case cpu.AVX2:
	case cpu.AVX512:
		lanes, vector = 16, winogradVectors[form][1]
	}
	for ; a.n > 0; a = a.after(form, min(a.n, winogradBlock)) {
		var index *int32
		if len(a.index) > 0 {
			index = &a.index[0]
		}
		for c := 0; c < a.channels; c += lanes {
			vector(&a.dst[c], &a.src[c], index, from(a.bias, c), min(a.n, winogradBlock),
				a.dstPlane, a.dstTile, a.srcPlane, a.srcTile, min(lanes, a.channels-c))
		}
	}
}

// after returns the tiles after the first n.
func (a winogradTiles[T]) after(form winogradForm, n int) winogradTiles[T] {
	if n == a.n {
		a.n = 0
		return a
	}
	a.n -= n
	a.dst, a.src = a.dst[n*a.dstTile:], a.src[n*a.srcTile:]
	switch form {
	case winogradB:
		a.index = a.index[n*WinogradPlanes:]
	case winogradA, winogradD:
		a.index = a.index[n*winogradTaps:]
	case winogradG, winogradW:
	}
	return a
}

// winogradVectors are the transforms of one vector of channels, by form, with
// AVX2 and with AVX-512.
var winogradVectors = [...][2]func(dst, src *float32, index *int32, bias *float32, tiles, dstPlane, dstTile, srcPlane, srcTile, lanes int){
	winogradB: {winogradInputAVX2, winogradInputAVX512},
	winogradA: {winogradOutputAVX2, winogradOutputAVX512},
	winogradD: {winogradOutputGradAVX2, winogradOutputGradAVX512},
	winogradG: {winogradFilterAVX2, winogradFilterAVX512},
	winogradW: {winogradFilterGradAVX2, winogradFilterGradAVX512},
}
