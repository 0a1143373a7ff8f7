package taylor

import "github.com/coarsegrain/taylornet/poly"

// polynomial is a step that computes polynomials of a window's members: a
// coarse-graining, a direct expansion, or a mean.
type polynomial struct {
	in, out  int
	members  []int // [sites][n] places in the input's map
	n        int
	channels int            // of the output
	width    int            // of a member: the output's channels, or 1 if all of them read it
	products []poly.Product // monomials of degree 2 and above
	degree   []int          // of each monomial
	coefs    []float64      // [terms][channels], the constant first
}

func newPolynomial(members []int, n, order, channels int, coefs []float64, x, y int) *polynomial {
	s := &polynomial{
		in: x, out: y, members: members, n: n, channels: channels, width: channels,
		products: poly.Products(n, order), coefs: coefs,
	}
	for range n {
		s.degree = append(s.degree, 1)
	}
	for _, p := range s.products {
		s.degree = append(s.degree, s.degree[p.Lower]+1)
	}
	return s
}

// terms are the monomials of one site as series. Monomial m has orders[m] coefficients
// of width values each.
type terms struct {
	*polynomial
	most   int // coefficients of the output
	orders []int
	value  [][]float64
}

func (s *polynomial) newTerms(p *pass) *terms {
	t := &terms{polynomial: s, most: p.orders(s.out)}
	for _, degree := range s.degree {
		n := min(degree*p.net.values[s.in].degree+1, t.most)
		t.orders = append(t.orders, n)
		t.value = append(t.value, make([]float64, n*s.width))
	}
	return t
}

// read computes the monomials of a site. It reports whether it could before the brake
// ended it.
func (t *terms) read(b *brake, p *pass, site int) bool {
	for i, at := range t.members[site*t.n:][:t.n] {
		for k := range t.orders[i] {
			copy(t.value[i][k*t.width:][:t.width], p.at(t.in, k)[at:])
		}
	}
	for j, q := range t.products {
		x, y, z := t.value[q.Lower], t.value[q.Factor], t.value[t.n+j]
		if b.ended(len(x) * len(y) / t.width) {
			return false
		}
		clear(z)
		multiply(z, x, y, t.width)
	}
	return !b.ended(t.n * t.most * t.width)
}

// multiply adds the product of the series x and y to z, up to the highest power that z
// holds. A coefficient has width values, which are multiplied one by one.
func multiply(z, x, y []float64, width int) {
	for i := 0; i < len(x); i += width {
		xi := x[i:][:width]
		for j := 0; j < len(y) && i+j < len(z); j += width {
			zk, yj := z[i+j:][:width], y[j:][:width]
			for c, v := range xi {
				zk[c] += v * yj[c]
			}
		}
	}
}

func (s *polynomial) forward(p *pass) {
	t := s.newTerms(p)
	for k := range t.most {
		clear(p.at(s.out, k))
	}
	for site := range len(s.members) / s.n {
		if !t.read(&p.brake, p, site) {
			return
		}
		copy(p.at(s.out, 0)[site*s.channels:], s.coefs[:s.channels])
		for m, value := range t.value {
			if p.ended(t.orders[m] * s.channels) {
				return
			}
			coefs := s.coefs[(m+1)*s.channels:][:s.channels]
			for k := range t.orders[m] {
				y, v := p.at(s.out, k)[site*s.channels:][:s.channels], value[k*s.width:][:s.width]
				if s.width == 1 {
					for c, b := range coefs {
						y[c] += b * v[0]
					}
					continue
				}
				for c, b := range coefs {
					y[c] += b * v[c]
				}
			}
		}
	}
}

func (s *polynomial) backward(p *pass, a *adjoint) {
	a.zeroed(s.in)
	t, n := s.newTerms(p), a.orders(s.in)
	derivative := make([][]float64, len(t.value)) // to each monomial
	for m := range derivative {
		derivative[m] = make([]float64, n*s.width)
	}
	for site := range len(s.members) / s.n {
		if !t.read(&a.brake, p, site) || !s.toMonomials(a, derivative, site) {
			return
		}
		for j := len(s.products) - 1; j >= 0; j-- {
			q, d := s.products[j], derivative[s.n+j]
			if a.ended(len(d) * (len(t.value[q.Lower]) + len(t.value[q.Factor])) / s.width) {
				return
			}
			multiply(derivative[q.Lower], d, t.value[q.Factor], s.width)
			multiply(derivative[q.Factor], d, t.value[q.Lower], s.width)
		}
		for i, at := range s.members[site*s.n:][:s.n] {
			for k := range n {
				dx := a.at(s.in, k)[at:][:s.width]
				for c, v := range derivative[i][k*s.width:][:s.width] {
					dx[c] += v
				}
			}
		}
	}
}

// toMonomials takes a site's derivatives to those of its monomials. It reports whether it
// could before the brake ended it.
func (s *polynomial) toMonomials(a *adjoint, derivative [][]float64, site int) bool {
	for m, d := range derivative {
		clear(d)
		if a.ended(a.orders(s.out) * s.channels) {
			return false
		}
		coefs := s.coefs[(m+1)*s.channels:][:s.channels]
		for k := range a.orders(s.out) {
			dy, to := a.at(s.out, k)[site*s.channels:][:s.channels], d[k*s.width:][:s.width]
			if s.width == 1 {
				for c, b := range coefs {
					to[0] += b * dy[c]
				}
				continue
			}
			for c, b := range coefs {
				to[c] = b * dy[c]
			}
		}
	}
	return true
}
