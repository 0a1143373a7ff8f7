package taylor

import (
	"slices"

	"github.com/coarsegrain/taylornet/internal/layer"
	"github.com/coarsegrain/taylornet/spec"
)

// pass holds every value of a net as a truncated series in t on the line
// x0 + t d: for each power, the value's coefficient.
type pass struct {
	net    *Net
	most   int // the highest power kept
	series [][]float64
	work   []float64
}

// newPass returns a pass that keeps powers up to most.
func (n *Net) newPass(most int) *pass {
	p := &pass{net: n, most: min(most, n.Degree), work: make([]float64, n.work)}
	for v := range n.values {
		p.series = append(p.series, make([]float64, n.frame.Head+p.orders(v)*n.values[v].size))
	}
	return p
}

// orders returns the number of coefficients of a value.
func (p *pass) orders(v int) int { return min(p.net.values[v].degree, p.most) + 1 }

// at returns the coefficient of t^k of value v.
func (p *pass) at(v, k int) []float64 {
	size := p.net.values[v].size
	return p.series[v][p.net.frame.Head+k*size:][:size]
}

// run takes the line from about in the direction given through the net.
func (p *pass) run(about, direction []float64) {
	copy(p.at(p.net.input, 0), about)
	if p.most > 0 {
		copy(p.at(p.net.input, 1), direction)
	}
	for _, s := range p.net.steps {
		s.forward(p)
	}
}

// adjoint holds, for each value of a pass, the series of one logit's derivatives to
// it.
type adjoint struct {
	net    *Net
	most   int
	series [][]float64
	begun  []bool
	part   []float64 // what is added to an adjoint already begun
	work   []float64
}

// newAdjoint returns an adjoint that keeps powers up to most.
func (n *Net) newAdjoint(most int) *adjoint {
	a := &adjoint{net: n, most: most, begun: make([]bool, len(n.values)), work: make([]float64, n.work)}
	longest := 0
	for v := range n.values {
		a.series = append(a.series, make([]float64, n.frame.Head+a.orders(v)*n.values[v].size))
		longest = max(longest, len(a.series[v]))
	}
	a.part = make([]float64, longest)
	return a
}

// orders returns the number of coefficients of the derivatives to a value. Their degree
// is at most that of the network less that of the value.
func (a *adjoint) orders(v int) int { return min(a.net.Degree-a.net.values[v].degree, a.most) + 1 }

func (a *adjoint) at(v, k int) []float64 {
	size := a.net.values[v].size
	return a.series[v][a.net.frame.Head+k*size:][:size]
}

// run computes the derivatives of a logit along a pass.
func (a *adjoint) run(p *pass, logit int) {
	clear(a.begun)
	clear(a.zeroed(a.net.output))
	a.at(a.net.output, 0)[logit] = 1
	for _, s := range slices.Backward(a.net.steps) {
		s.backward(p, a)
	}
}

// zeroed begins the adjoint of value v and returns all its coefficients.
func (a *adjoint) zeroed(v int) []float64 {
	all := a.series[v][a.net.frame.Head:]
	if !a.begun[v] {
		clear(all)
		a.begun[v] = true
	}
	return all
}

// add adds a part of the adjoint of value v, whose first n coefficients write computes
// in a buffer with a zero pixel.
func (a *adjoint) add(v, n int, write func(buffer []float64)) {
	head, length := a.net.frame.Head, n*a.net.values[v].size
	if !a.begun[v] {
		write(a.series[v])
		clear(a.series[v][head+length:])
		a.begun[v] = true
		return
	}
	write(a.part)
	for i, d := range a.part[head:][:length] {
		a.series[v][head+i] += d
	}
}

// affine is a scale and shift per channel.
type affine struct {
	in, out      int
	scale, shift []float64
}

func (s *affine) forward(p *pass) {
	for k := range p.orders(s.in) {
		x, y := p.at(s.in, k), p.at(s.out, k)
		for i, v := range x {
			y[i] = v * s.scale[i%len(s.scale)]
			if k == 0 {
				y[i] += s.shift[i%len(s.shift)]
			}
		}
	}
}

func (s *affine) backward(_ *pass, a *adjoint) {
	a.zeroed(s.in)
	for k := range a.orders(s.out) {
		dx := a.at(s.in, k)
		for i, d := range a.at(s.out, k) {
			dx[i] += d * s.scale[i%len(s.scale)]
		}
	}
}

// join is the end of a group: the sum of its branches, or their channels side by side.
type join struct {
	in    []int
	out   int
	cat   bool
	sites int
}

// pieces yields the places of what an input's map and the output's share. For a sum
// that is everything at once. Otherwise it is site by site, and begins at channel first
// of all channels.
func (s *join) pieces(in []float64, all, first int, yield func(in, out, n int)) {
	if !s.cat {
		yield(0, 0, len(in))
		return
	}
	n := len(in) / s.sites
	for site := range s.sites {
		yield(site*n, site*all+first, n)
	}
}

func (s *join) forward(p *pass) {
	for k := range p.orders(s.out) {
		y := p.at(s.out, k)
		clear(y)
		first := 0
		for _, v := range s.in {
			if k < p.orders(v) {
				x := p.at(v, k)
				s.pieces(x, len(y)/s.sites, first, func(from, to, n int) {
					for i, d := range x[from:][:n] {
						y[to+i] += d
					}
				})
			}
			first += p.net.values[v].size / s.sites
		}
	}
}

func (s *join) backward(_ *pass, a *adjoint) {
	for _, v := range s.in {
		a.zeroed(v)
	}
	for k := range a.orders(s.out) {
		dy := a.at(s.out, k)
		first := 0
		for _, v := range s.in {
			dx := a.at(v, k)
			s.pieces(dx, len(dy)/s.sites, first, func(to, from, n int) {
				for i, d := range dy[from:][:n] {
					dx[to+i] += d
				}
			})
			first += a.net.values[v].size / s.sites
		}
	}
}

// linear is a convolution or linear layer.
type linear struct {
	in, out int
	conv    *layer.Conv[float64] // without bias
	bias    []float64
	op      *spec.Conv // of a linear layer, one as wide as the map
	info    spec.Layer
	weight  []float64 // [L1,L2,Cin,C]
}

func (s *linear) forward(p *pass) {
	s.conv.Forward(p.orders(s.in), p.series[s.out], p.series[s.in], p.work)
	y := p.at(s.out, 0)
	for i := range y {
		y[i] += s.bias[i%len(s.bias)]
	}
}

func (s *linear) backward(_ *pass, a *adjoint) {
	n := a.orders(s.out)
	a.add(s.in, n, func(dx []float64) { s.conv.InputGrad(n, dx, a.series[s.out], a.work) })
}
