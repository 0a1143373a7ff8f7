package taylor

import (
	"slices"

	"github.com/coarsegrain/taylornet/poly"
)

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
	pieces pieces
}

// begin makes the memory that the terms of a step take, or takes what a step before had.
func (t *terms) begin(s *polynomial, p *pass) {
	t.polynomial, t.most = s, p.orders(s.out)
	t.orders = slices.Grow(t.orders[:0], len(s.degree))[:len(s.degree)]
	for m, degree := range s.degree {
		t.orders[m] = min(degree*p.net.values[s.in].degree+1, t.most)
	}
	t.value = t.pieces.cut(len(s.degree), func(m int) int { return t.orders[m] * s.width })
}

// pieces is memory that is cut into parts. There can be so many monomials that to allocate
// each would take most of the time.
type pieces struct {
	all  []float64
	list [][]float64
}

// cut returns n parts with any values, of the sizes given. It ends the use of the last ones.
func (p *pieces) cut(n int, size func(i int) int) [][]float64 {
	total := 0
	for i := range n {
		total += size(i)
	}
	if cap(p.all) < total {
		p.all = make([]float64, total)
	}
	if cap(p.list) < n {
		p.list = make([][]float64, n)
	}
	list, rest := p.list[:n], p.all[:total]
	for i := range list {
		list[i], rest = rest[:size(i)], rest[size(i):]
	}
	return list
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
	t := &p.terms
	t.begin(s, p)
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
	t, n := &a.terms, a.orders(s.in)
	t.begin(s, p)
	derivative := a.derivatives.cut(len(s.degree), func(int) int { return n * s.width }) // to each monomial
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
