package taylor

import (
	"context"
	"slices"

	"github.com/coarsegrain/taylornet/internal/layer"
	"github.com/coarsegrain/taylornet/spec"
)

// brake says when a computation has to stop, and is used by one goroutine. It asks the
// context once in a while only.
type brake struct {
	ctx  context.Context //nolint:containedctx // it lives no longer than the computation
	left int             // multiplications until it asks again
}

// brakeAfter is the number of multiplications between two looks at the context, which
// take a few milliseconds.
const brakeAfter = 1 << 22

// ended counts a number of multiplications to be done, and reports whether the context
// has ended.
func (b *brake) ended(work int) bool {
	if b.left -= work; b.left > 0 {
		return false
	}
	b.left = brakeAfter
	return b.ctx.Err() != nil
}

// series holds the coefficients of every value of a net. Each of a value's coefficients is
// a feature map behind a zero pixel of its own.
type series struct {
	brake
	net    *Net
	values [][]float64
}

// newSeries returns zeros, of a value v as many coefficients as orders says.
func (n *Net) newSeries(ctx context.Context, orders func(v int) int) series {
	s := series{brake: brake{ctx: ctx}, net: n}
	for v := range n.values {
		s.values = append(s.values, make([]float64, orders(v)*(n.frame.Head+n.values[v].size)))
	}
	return s
}

// buffer returns the coefficient of t^k of value v behind its zero pixel.
func (s *series) buffer(v, k int) []float64 {
	length := s.net.frame.Head + s.net.values[v].size
	return s.values[v][k*length:][:length]
}

// at returns the coefficient of t^k of value v.
func (s *series) at(v, k int) []float64 { return s.buffer(v, k)[s.net.frame.Head:] }

// pass holds every value of a net as a truncated series in t on the line
// x0 + t d: for each power, the value's coefficient.
type pass struct {
	series
	most int // the highest power kept
	// based says that coefficient 0 of each value is there from a run before, from the same
	// point.
	based bool
	terms terms // of the step at work
}

// newPass returns a pass that keeps powers up to most.
func (n *Net) newPass(ctx context.Context, most int) *pass {
	p := &pass{most: min(most, n.Degree)}
	p.series = n.newSeries(ctx, func(v int) int { return n.powers(v, p.most) })
	return p
}

// powers returns the number of coefficients of a value in a pass.
func (n *Net) powers(v, most int) int { return min(n.values[v].degree, most) + 1 }

// orders returns the number of coefficients of a value.
func (p *pass) orders(v int) int { return p.net.powers(v, p.most) }

// run takes the line from about in the direction given through the net. The result is
// of no use once the context has ended.
func (p *pass) run(about, direction []float64) {
	copy(p.at(p.net.input, 0), about)
	if p.most > 0 {
		copy(p.at(p.net.input, 1), direction)
	}
	for _, s := range p.net.steps {
		if p.ctx.Err() != nil {
			return
		}
		s.forward(p)
	}
}

// adjoint holds, for each value of a pass, the series of one logit's derivatives to
// it.
type adjoint struct {
	series
	most  int
	logit int // whose derivatives they are
	begun []bool
	part  []float64 // what is added to an adjoint already begun
	// Of the step at work, and the derivatives to them.
	terms       terms
	derivatives pieces
}

// newAdjoint returns an adjoint that keeps powers up to most.
func (n *Net) newAdjoint(ctx context.Context, most int) *adjoint {
	a := &adjoint{most: most, begun: make([]bool, len(n.values))}
	a.series = n.newSeries(ctx, func(v int) int { return n.adjointPowers(v, most) })
	largest := 0
	for _, v := range n.values {
		largest = max(largest, v.size)
	}
	a.part = make([]float64, n.frame.Head+largest)
	return a
}

// adjointPowers returns the number of coefficients of the derivatives to a value. Their
// degree is at most that of the network less that of the value, unless the degrees are
// too large to be known.
func (n *Net) adjointPowers(v, most int) int {
	if n.Degree == spec.MaxDegree {
		return most + 1
	}
	return min(n.Degree-n.values[v].degree, most) + 1
}

// orders returns the number of coefficients of the derivatives to a value.
func (a *adjoint) orders(v int) int { return a.net.adjointPowers(v, a.most) }

// run computes the derivatives of a logit along a pass. The result is of no use once the
// context has ended.
func (a *adjoint) run(p *pass, logit int) { a.runFrom(p, a.net.output, logit, a.net.steps) }

// runFrom does what run does for an element of a value, which some first steps compute.
func (a *adjoint) runFrom(p *pass, v, element int, steps []step) {
	clear(a.begun)
	a.begun[v] = true
	y := a.at(v, 0)
	if v == a.net.output { // there can be many logits, of which only the last one is set
		y[a.logit], a.logit = 0, element
	} else {
		clear(a.values[v])
	}
	y[element] = 1
	for _, s := range slices.Backward(steps) {
		if a.ctx.Err() != nil {
			return
		}
		s.backward(p, a)
	}
}

// zeroed begins the adjoint of value v.
func (a *adjoint) zeroed(v int) {
	if !a.begun[v] {
		clear(a.values[v])
		a.begun[v] = true
	}
}

// add adds a part of the adjoint of value v, of which write computes each of the first n
// coefficients in a buffer with a zero pixel.
func (a *adjoint) add(v, n int, write func(k int, buffer []float64)) {
	head, size := a.net.frame.Head, a.net.values[v].size
	begun := a.begun[v]
	a.begun[v] = true
	for k := range a.orders(v) {
		switch {
		case k >= n:
			if !begun {
				clear(a.at(v, k))
			}
		case !begun:
			write(k, a.buffer(v, k))
		default:
			write(k, a.part)
			for i, d := range a.part[head:][:size] {
				a.at(v, k)[i] += d
			}
		}
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
		if p.ended(len(x)) {
			return
		}
		for at := 0; at < len(x); at += len(s.scale) {
			for c, scale := range s.scale {
				y[at+c] = x[at+c] * scale
				if k == 0 {
					y[at+c] += s.shift[c]
				}
			}
		}
	}
}

func (s *affine) backward(_ *pass, a *adjoint) {
	a.zeroed(s.in)
	for k := range a.orders(s.out) {
		dx := a.at(s.in, k)
		if a.ended(len(dx)) {
			return
		}
		dy := a.at(s.out, k)
		for at := 0; at < len(dy); at += len(s.scale) {
			for c, scale := range s.scale {
				dx[at+c] += dy[at+c] * scale
			}
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
		if p.ended(len(y)) {
			return
		}
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
		if a.ended(len(dy)) {
			return
		}
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
	inputs  int       // sites of the input as the convolution reads it
	dense   bool      // a linear layer
}

// sites is the number of sites that a convolution computes between two looks at the
// brake.
func (s *linear) sites() int { return max(1, brakeAfter/s.work()) }

// work is the number of multiplications of a site.
func (s *linear) work() int { return max(1, len(s.weight)) }

func (s *linear) forward(p *pass) {
	total := s.info.Out.H * s.info.Out.W
	for k := range p.orders(s.in) {
		if k == 0 && p.based {
			continue
		}
		for first := 0; first < total; first += s.sites() {
			n := min(s.sites(), total-first)
			if p.ended(n * s.work()) {
				return
			}
			s.conv.ForwardSites(first, n, p.buffer(s.out, k), p.buffer(s.in, k))
		}
	}
	if p.based {
		return
	}
	for y := p.at(s.out, 0); len(y) > 0; y = y[len(s.bias):] {
		for c, b := range s.bias {
			y[c] += b
		}
	}
}

func (s *linear) backward(_ *pass, a *adjoint) {
	if s.dense && s.out == a.net.output {
		s.backwardLogit(a)
		return
	}
	total := s.inputs
	a.add(s.in, a.orders(s.out), func(k int, dx []float64) {
		for first := 0; first < total; first += s.sites() {
			n := min(s.sites(), total-first)
			if a.ended(n * s.work()) {
				return
			}
			s.conv.InputGradSites(first, n, dx, a.buffer(s.out, k))
		}
	})
}

// backwardLogit is backward for the last layer, of whose outputs only one has a derivative.
func (s *linear) backwardLogit(a *adjoint) {
	a.add(s.in, 1, func(_ int, dx []float64) {
		for i := range a.net.values[s.in].size {
			dx[a.net.frame.Head+i] = s.weight[i*s.info.Out.C+a.logit]
		}
	})
}
