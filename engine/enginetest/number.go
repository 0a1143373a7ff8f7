package enginetest

// number is what the reference computes with: in a plain pass one value, in a graded pass
// the full value and then the orders 0 to K of a truncated power series.
type number []float64

// constant returns a constant of the given number of elements.
func constant(v float64, width int) number {
	n := make(number, width)
	n[0] = v
	if width > 1 {
		n[1] = v
	}
	return n
}

// add adds x times a factor.
func (n number) add(x number, factor float64) {
	for k, v := range x {
		n[k] += factor * v
	}
}

// times returns the product with x.
func (n number) times(x number) number {
	out := make(number, len(n))
	out[0] = n[0] * x[0]
	for k := 1; k < len(n); k++ {
		for l := 1; k+l-1 < len(n); l++ {
			out[k+l-1] += n[k] * x[l]
		}
	}
	return out
}
