package taylor

import (
	"github.com/coarsegrain/taylornet/poly"
	"github.com/coarsegrain/taylornet/spec"
)

// gain is gain control: a site's channels times a polynomial of their energy.
type gain struct {
	in, out  int
	channels int
	most     float64 // the sum of squares for which the energy is 1
}

// factors are a site's channels as series, its energy, and the polynomial that its
// channels are multiplied by with its derivative to the energy.
type factors struct {
	x               []float64 // [powers][C]
	energy          []float64 // [powers], like the others
	p, dp           []float64
	product, square []float64
}

func (s *gain) newFactors(powers int) *factors {
	series := func() []float64 { return make([]float64, powers) }
	return &factors{make([]float64, powers*s.channels), series(), series(), series(), series(), series()}
}

// work is about the number of multiplications that a site takes.
func (f *factors) work() int { return len(f.energy) * (len(f.x) + len(f.energy)) }

// read computes the factors of a site.
func (f *factors) read(s *gain, p *pass, site int) {
	clear(f.x)
	for k := range min(p.orders(s.in), len(f.energy)) {
		copy(f.x[k*s.channels:][:s.channels], p.at(s.in, k)[site*s.channels:])
	}
	dot(f.energy, f.x, f.x, 1/s.most)
	clear(f.square)
	multiply(f.square, f.energy, f.energy, 1)
	for k, u := range f.energy {
		f.p[k] = spec.GainLinear*u + spec.GainSquare*f.square[k]
		f.dp[k] = 2 * spec.GainSquare * u
	}
	f.p[0]++
	f.dp[0] += spec.GainLinear
}

// dot sets the series z to scale times the sum over channels of x y.
func dot(z, x, y []float64, scale float64) {
	clear(z)
	c := len(x) / len(z)
	for i := range z {
		for j := range len(z) - i {
			for k, v := range x[i*c:][:c] {
				z[i+j] += scale * v * y[j*c+k]
			}
		}
	}
}

// times adds the series x [powers][C] times a to those of value z at a site.
func times(z func(k int) []float64, x, a []float64) {
	c := len(x) / len(a)
	for k := range a {
		to := z(k)
		for i := range k + 1 {
			for ch, v := range x[i*c:][:c] {
				to[ch] += a[k-i] * v
			}
		}
	}
}

func (s *gain) forward(p *pass) {
	f := s.newFactors(p.orders(s.out))
	for k := range p.orders(s.out) {
		clear(p.at(s.out, k))
	}
	for site := range p.net.values[s.in].size / s.channels {
		if p.ended(f.work()) {
			return
		}
		f.read(s, p, site)
		times(func(k int) []float64 { return p.at(s.out, k)[site*s.channels:] }, f.x, f.p)
	}
}

// backward: with p the polynomial of the energy u, dx = p dy + p' (du/dx) (x dy).
func (s *gain) backward(p *pass, a *adjoint) {
	a.zeroed(s.in)
	f := s.newFactors(a.orders(s.in))
	dy := make([]float64, len(f.x))
	for site := range p.net.values[s.in].size / s.channels {
		if a.ended(2 * f.work()) {
			return
		}
		f.read(s, p, site)
		clear(dy)
		for k := range min(a.orders(s.out), len(f.energy)) {
			copy(dy[k*s.channels:][:s.channels], a.at(s.out, k)[site*s.channels:])
		}
		dx := func(k int) []float64 { return a.at(s.in, k)[site*s.channels:] }
		times(dx, dy, f.p)
		dot(f.square, f.x, dy, 2/s.most)
		clear(f.product)
		multiply(f.product, f.dp, f.square, 1)
		times(dx, f.x, f.product)
	}
}

func (s *gain) expand(e *expansion) error {
	in := e.values[s.in]
	for ; len(in) > 0; in = in[s.channels:] {
		e.beside = amount{}
		p, err := s.factor(e, in[:s.channels])
		if err != nil {
			return err
		}
		for _, x := range in[:s.channels] {
			y, err := e.mul(p, x)
			if err != nil {
				return err
			}
			if err := e.add(s.out, y); err != nil {
				return err
			}
		}
	}
	e.beside = amount{}
	return nil
}

// factor returns what a site's channels are multiplied by.
func (s *gain) factor(e *expansion, channels []poly.Poly) (poly.Poly, error) {
	var squares []poly.Poly
	var scales []float64
	for _, x := range channels {
		square, err := e.mul(x, x)
		if err != nil {
			return x, err
		}
		squares, scales = append(squares, square), append(scales, 1/s.most)
	}
	u, err := e.sum(scales, squares)
	if err != nil {
		return u, err
	}
	e.beside.count(u)
	square, err := e.mul(u, u)
	if err != nil {
		return u, err
	}
	return e.sum([]float64{1, spec.GainLinear, spec.GainSquare}, []poly.Poly{poly.Constant(1), u, square})
}
