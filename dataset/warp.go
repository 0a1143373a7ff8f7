package dataset

import "github.com/coarsegrain/taylornet/internal/rng"

// Warp is the geometric part of one draw of an Augment: all but cutout, contrast and
// noise. It is a linear map of images with values of any size, so that images can be
// optimised through it.
type Warp struct {
	h, w, c int
	m       mapping
}

// Warp returns the geometric part of one random draw, for images of h x w pixels with c
// channels. The draw follows from the seed, the name of the random stream and the
// position at in the stream.
func (a Augment) Warp(h, w, c int, seed uint64, name string, at ...uint64) Warp {
	var s rng.Stream
	s.Reset(seed, name, at...)
	return Warp{h, w, c, a.draw(&s, h, w).inverse(h, w)}
}

// Apply writes the image src [H,W,C] seen through the map to dst.
func (w *Warp) Apply(dst, src []float32) {
	clear(dst)
	w.each(func(out, in int, weight float32) {
		for ch := range w.c {
			dst[out+ch] += weight * src[in+ch]
		}
	})
}

// ApplyTransposed adds the transposed map of src to dst. It takes the gradient with
// respect to what Apply writes to the gradient with respect to the image.
func (w *Warp) ApplyTransposed(dst, src []float32) {
	w.each(func(out, in int, weight float32) {
		for ch := range w.c {
			dst[in+ch] += weight * src[out+ch]
		}
	})
}

// each calls f for every pixel of the output and every pixel of the input that it
// depends on, with the weight. Pixels are given by the offsets of their values.
func (w *Warp) each(f func(out, in int, weight float32)) {
	for y := range w.h {
		for x := range w.w {
			sx, sy := w.m.at(x, y)
			left, top := int(sx>>fixedBits)-1, int(sy>>fixedBits)-1
			wx, wy := splineAt(sx), splineAt(sy)
			for k := max(0, -top); k < min(4, w.h-top); k++ {
				for l := max(0, -left); l < min(4, w.w-left); l++ {
					weight := float32(wx[l]*wy[k]) / (splineOne * splineOne)
					f((y*w.w+x)*w.c, ((top+k)*w.w+left+l)*w.c, weight)
				}
			}
		}
	}
}
