package spec

// Default returns a network for images of the given shape and number of classes, as a
// first choice for data that have no preset. It repeats a convolution, a norm and a
// coarse-graining until the lattice is at most 3x3. A lattice of more than 128 sites per
// side is averaged down to that first. The shape must be one that Input takes.
func Default(in Shape, classes int) *Net {
	const largest, smallest = 128, 3
	n := &Net{Input: in}
	h, w := in.H, in.W
	if h > largest || w > largest {
		l1, l2 := (h+largest-1)/largest, (w+largest-1)/largest
		n.Ops = append(n.Ops, &Pool{L1: l1, L2: l2, S1: l1, S2: l2, D: 1})
		h, w = h/l1, w/l2
	}
	most := 64
	if max(h, w) <= 16 {
		most = 32
	}
	for first := true; first || max(h, w) > smallest; first = false {
		c := min(most, channelsAt(max(h, w)))
		l1, l2 := min(2, h), min(2, w)
		n.Ops = append(n.Ops,
			&Conv{L1: 3, L2: 3, C: c, S1: 1, S2: 1, P: 1},
			&Norm{},
			&CG{L1: l1, L2: l2, C: c, S1: l1, S2: l2, D: 1, Order: 2})
		h, w = h/l1, w/l2
	}
	n.Ops = append(n.Ops, &Linear{N: classes})
	return n
}

// channelsAt returns the number of channels on a lattice, fewer on a larger one to
// limit the cost.
func channelsAt(side int) int {
	switch {
	case side > 64:
		return 16
	case side > 32:
		return 32
	}
	return 64
}
