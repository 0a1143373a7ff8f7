//go:build amd64 && !purego

package kernel

import "github.com/coarsegrain/taylornet/internal/cpu"

func winogradInAssembly() bool { return level() != cpu.Portable }

// winogradBlock is the number of tiles that one vector of channels after another
// works on: few enough for what the first brings in to stay in the cache.
const winogradBlock = 8

func winogradFloat32(form winogradForm, a winogradTiles[float32]) {
	lanes := 16
	switch level() {
	case cpu.Portable:
		winogradPortable(form, a)
		return
	case cpu.AVX2:
		lanes = 8
	case cpu.AVX512:
	}
	for ; a.n > 0; a = a.after(form, min(a.n, winogradBlock)) {
		for c := 0; c < a.channels; c += lanes {
			winogradVector(form, &a, c, min(a.n, winogradBlock), min(lanes, a.channels-c), lanes == 16)
		}
	}
}

// after is the tiles that come after the first n.
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

func winogradVector(form winogradForm, a *winogradTiles[float32], c, tiles, lanes int, wide bool) {
	var bias *float32
	if a.bias != nil {
		bias = &a.bias[c]
	}
	var index *int32
	if len(a.index) > 0 {
		index = &a.index[0]
	}
	dst, src := &a.dst[c], &a.src[c]
	switch {
	case form == winogradB && wide:
		winogradInputAVX512(dst, src, index, bias, tiles, a.dstPlane, a.dstTile, a.srcPlane, a.srcTile, lanes)
	case form == winogradB:
		winogradInputAVX2(dst, src, index, bias, tiles, a.dstPlane, a.dstTile, a.srcPlane, a.srcTile, lanes)
	case form == winogradA && wide:
		winogradOutputAVX512(dst, src, index, bias, tiles, a.dstPlane, a.dstTile, a.srcPlane, a.srcTile, lanes)
	case form == winogradA:
		winogradOutputAVX2(dst, src, index, bias, tiles, a.dstPlane, a.dstTile, a.srcPlane, a.srcTile, lanes)
	case form == winogradD && wide:
		winogradOutputGradAVX512(dst, src, index, bias, tiles, a.dstPlane, a.dstTile, a.srcPlane, a.srcTile, lanes)
	case form == winogradD:
		winogradOutputGradAVX2(dst, src, index, bias, tiles, a.dstPlane, a.dstTile, a.srcPlane, a.srcTile, lanes)
	case form == winogradG && wide:
		winogradFilterAVX512(dst, src, index, bias, tiles, a.dstPlane, a.dstTile, a.srcPlane, a.srcTile, lanes)
	case form == winogradG:
		winogradFilterAVX2(dst, src, index, bias, tiles, a.dstPlane, a.dstTile, a.srcPlane, a.srcTile, lanes)
	case wide:
		winogradFilterGradAVX512(dst, src, index, bias, tiles, a.dstPlane, a.dstTile, a.srcPlane, a.srcTile, lanes)
	default:
		winogradFilterGradAVX2(dst, src, index, bias, tiles, a.dstPlane, a.dstTile, a.srcPlane, a.srcTile, lanes)
	}
}
