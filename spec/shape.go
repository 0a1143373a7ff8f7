package spec

import (
	"errors"
	"fmt"
)

// Out is the shape of the network's output, [1,1,K]. Like every method that
// computes something of a network it panics where Validate finds a fault.
func (n *Net) Out() Shape { return n.walked("Out").out.shape }

// walked walks through a network that must be valid.
func (n *Net) walked(method string) walk {
	var w walk
	w.net(n, Pos{}, true)
	if err := w.faults.err(); err != nil {
		panic("spec.Net." + method + ": " + err.Error())
	}
	return w
}

// outShape is the output's shape of an operation without branches. The input
// may be unknown, the zero Shape, and so may be the result.
func outShape(op Op, in Shape) (Shape, error) {
	switch op := op.(type) {
	case *Linear:
		return Shape{1, 1, op.N}, nil
	case *Taylor:
		return Shape{1, 1, op.N}, nil
	}
	if in == (Shape{}) {
		return in, nil
	}
	switch op := op.(type) {
	case *Conv:
		return slide(in, op.C, window{l1: op.L1, l2: op.L2, s1: op.S1, s2: op.S2, p: op.P, d: 1})
	case *CG:
		return slide(in, in.C, window{l1: op.L1, l2: op.L2, s1: op.S1, s2: op.S2, d: op.D})
	case *Pool:
		switch plain := (Pool{Pos: op.Pos, Global: true}); {
		case !op.Global:
			return slide(in, in.C, window{l1: op.L1, l2: op.L2, s1: op.S1, s2: op.S2, d: op.D})
		case *op != plain:
			return Shape{}, errors.New("a global pool is an AvgPool without a window")
		}
		return Shape{1, 1, in.C}, nil
	case *Flatten:
		return Shape{1, 1, in.Size()}, nil
	case *Norm, *Gain, *ReLU:
		return in, nil
	case unread:
		return Shape{}, nil
	}
	return Shape{}, fmt.Errorf("%s is no operation", name(op))
}

// window is l1 x l2 members, d apart, moved by strides s1 and s2 over a
// lattice with p zeros on every side.
type window struct{ l1, l2, s1, s2, p, d int }

// slide is the shape after a window has gone over a feature map, with c
// channels: H' = (H + 2p - d(l1-1) - 1)/s1 + 1, and W' likewise.
func slide(in Shape, c int, w window) (Shape, error) {
	h, hFits := steps(in.H+2*w.p, w.l1, w.s1, w.d)
	v, vFits := steps(in.W+2*w.p, w.l2, w.s2, w.d)
	if hFits && vFits {
		return Shape{h, v, c}, nil
	}
	text := fmt.Sprintf("a window of %dx%d", w.l1, w.l2)
	if w.d > 1 {
		text += fmt.Sprintf(" with dilation %d", w.d)
	}
	text += fmt.Sprintf(" does not fit on the lattice %dx%d", in.H, in.W)
	if w.p > 0 {
		text += fmt.Sprintf(" with padding %d", w.p)
	}
	return Shape{}, errors.New(text)
}

// steps counts the places of l members, d apart, on a line of the given
// length, s from one place to the next.
func steps(length, l, s, d int) (n int, ok bool) {
	if l-1 > (length-1)/d {
		return 0, false
	}
	return (length-1-d*(l-1))/s + 1, true
}

// join is the output of a group from the outputs of its branches.
func join(op Op, outs []signal) (signal, error) {
	out := outs[0]
	_, cat := op.(*Cat)
	for _, o := range outs[1:] {
		a, b := out.shape, o.shape
		switch {
		case cat && (a.H != b.H || a.W != b.W):
			return signal{}, fmt.Errorf("branches of Cat give %v and %v, want one lattice", outs[0].shape, b)
		case !cat && a != b:
			return signal{}, fmt.Errorf("branches of Sum give %v and %v, want one shape", a, b)
		case cat && b.C > maxSize-a.C:
			return signal{}, fmt.Errorf("the branches of Cat have more than %d channels", maxSize)
		case cat:
			out.shape.C += b.C
		}
		out.degree = joinedDegree(out.degree, o.degree)
	}
	return out, nil
}
