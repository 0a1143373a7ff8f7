package enginetest

// number is what the reference computes with: in a plain pass one value, in a graded pass
// the full value and then the orders 0 to K of a truncated power series.
type number []float64

// addConstant adds a constant, which has no orders above 0.
func (n number) addConstant(v float64) {
	n[0] += v
	if len(n) > 1 {
		n[1] += v
	}
}

// add adds x times a factor.
func (n number) add(x number, factor float64) {
	for k, v := range x {
		n[k] += factor * v
	}
}

// times returns the product with x.
func (n number) times(x number) number { return n.product(x, make(number, len(n))) }

// product returns the product with x in out.
func (n number) product(x, out number) number {
	clear(out)
	out[0] = n[0] * x[0]
	for k := 1; k < len(n); k++ {
		for l := 1; k+l-1 < len(n); l++ {
			out[k+l-1] += n[k] * x[l]
		}
	}
	return out
}

// monomials computes products of several numbers without allocating.
type monomials struct{ product, next number }

// of returns a coefficient times members. The result is valid until the next call.
func (m *monomials) of(coefficient float64, members []int, member func(i int) number) number {
	clear(m.product)
	for n, i := range members {
		if n == 0 {
			m.product.add(member(i), coefficient)
			continue
		}
		m.product, m.next = m.product.product(member(i), m.next), m.product
	}
	if len(members) == 0 {
		m.product.addConstant(coefficient)
	}
	return m.product
}
