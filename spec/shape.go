package spec

import (
	"fmt"

	"github.com/coarsegrain/taylornet/tensor"
)

// Shape is the shape of one feature map, [H,W,C]: the lattice H x W with C
// channels at each site.
type Shape = tensor.Shape

// window is l1 x l2 members, d apart, moved by strides s1 and s2 over a
// lattice with p zeros on every side.
type window struct{ l1, l2, s1, s2, p, d int }

// slide returns the shape after a window has gone over a feature map, with c
// channels: H' = (H + 2p - d(l1-1) - 1)/s1 + 1, and W' likewise. It is unknown, the
// zero Shape, if the input is or if the window does not fit.
func slide(in Shape, c int, w window, fault faultFunc) Shape {
	if in == (Shape{}) {
		return in
	}
	h, hFits := steps(in.H+2*w.p, w.l1, w.s1, w.d)
	v, vFits := steps(in.W+2*w.p, w.l2, w.s2, w.d)
	if hFits && vFits {
		return Shape{H: h, W: v, C: c}
	}
	text := fmt.Sprintf("a window of %dx%d", w.l1, w.l2)
	if w.d > 1 {
		text += fmt.Sprintf(" with dilation %d", w.d)
	}
	text += fmt.Sprintf(" does not fit on the lattice %dx%d", in.H, in.W)
	if w.p > 0 {
		text += fmt.Sprintf(" with padding %d", w.p)
	}
	fault("%s", text)
	return Shape{}
}

// steps counts the places of l members, d apart, on a line of the given
// length, s from one place to the next.
func steps(length, l, s, d int) (n int, ok bool) {
	if l-1 > (length-1)/d {
		return 0, false
	}
	return (length-1-d*(l-1))/s + 1, true
}
