package taylor

import (
	"context"
	"errors"
	"fmt"

	"github.com/coarsegrain/taylornet/model"
	"github.com/coarsegrain/taylornet/poly"
)

// ErrTooLong is wrapped by errors about expansions into too many monomials.
var ErrTooLong = errors.New("the expansion is too long")

// Expand returns the logits in monomials of d = x - about, whose variables are the
// inputs [H,W,C] in order. It returns ErrTooLong when the polynomials in progress have
// more than limit terms together, take over 10 steps for each, or, with tensor.ErrMemory,
// do not fit. Steps with over 32 factors count several times. It returns ErrInterrupted when ctx ends. The error wraps model.ErrNotFinite if
// a coefficient overflows.
func (n *Net) Expand(ctx context.Context, about []float64, limit int) ([]poly.Poly, error) {
	size := n.Input.Size()
	if len(about) != size {
		return nil, fmt.Errorf("%w: %d values, it takes %d", model.ErrShape, len(about), size)
	}
	if size > poly.MaxVariables {
		return nil, fmt.Errorf("%w: it has %d variables, at most %d can be written", ErrTooLong, size, poly.MaxVariables)
	}
	if n.Degree > maxDegree {
		return nil, fmt.Errorf("%w: the degree is %d, at most %d can be written", ErrTooLong, n.Degree, maxDegree)
	}
	e := &expansion{ctx: ctx, net: n, values: make([][]poly.Poly, len(n.values)), limit: limit, steps: stepsPerTerm * float64(limit)}
	for i, c := range about {
		if err := e.add(n.input, poly.Constant(c).AddScaled(1, poly.Variable(i))); err != nil {
			return nil, err
		}
	}
	for _, s := range n.steps {
		if err := s.expand(e); err != nil {
			return nil, err
		}
	}
	for _, p := range e.values[n.output] {
		if !p.Finite() {
			return nil, fmt.Errorf("%w: the coefficients of its monomials overflow", model.ErrNotFinite)
		}
	}
	return e.values[n.output], nil
}

// stepsPerTerm is the number of terms that may be multiplied or added for each term that
// an expansion may have. A million terms then take some seconds. A term of a high degree
// counts for more: as one, and another for each factorsPerStep factors.
const stepsPerTerm, factorsPerStep = 10, 32

// expansion holds the values of a net as polynomials of its input.
type expansion struct {
	ctx    context.Context //nolint:containedctx // it lives no longer than Expand
	net    *Net
	values [][]poly.Poly
	held   amount  // by values
	beside amount  // by products in progress
	limit  int     // of terms
	steps  float64 // that are left
}

// amount is how much polynomials hold.
type amount struct {
	terms int
	bytes float64
}

// A polynomial's map takes at most perPoly bytes, and perTerm for each term beside its
// variables of perFactor each, as measured.
const (
	perPoly   = 272
	perTerm   = 64
	perFactor = 2
)

func (a *amount) count(p poly.Poly) {
	a.terms += p.Len()
	a.bytes += perPoly + float64(p.Len())*termBytes(p.Degree())
}

// termBytes returns what a term takes in memory.
func termBytes(degree int) float64 { return perTerm + perFactor*float64(degree) }

// termText returns about what a term takes while it is written, in copies of its text.
func termText(degree int) float64 { return 3.5 * float64(60+4*degree) }

// within returns the limit of a polynomial of a degree that takes so many steps.
func (e *expansion) within(steps float64, degree int) (poly.Limit, error) {
	if e.steps -= steps * (1 + float64(degree)/factorsPerStep); e.steps < 0 {
		return poly.Limit{}, fmt.Errorf("%w: it takes more than %.3g products and sums of monomials, of which those of over %d factors count several times: expand a smaller network", ErrTooLong, stepsPerTerm*float64(e.limit), factorsPerStep)
	}
	cost := &e.net.cost
	bytes := max(0, cost.budget-cost.held-e.held.bytes-e.beside.bytes-perPoly)
	terms := min(float64(e.limit-e.held.terms-e.beside.terms), bytes/termBytes(degree))
	return poly.Limit{Terms: int(terms), Stop: func() bool { return e.ctx.Err() != nil }}, nil
}

// stopped returns why a limit ended a polynomial of a degree.
func (e *expansion) stopped(degree int) error {
	if err := interrupted(e.ctx); err != nil {
		return err
	}
	terms := max(0, e.limit-e.held.terms-e.beside.terms)
	need := e.held.bytes + e.beside.bytes + perPoly + float64(terms)*termBytes(degree)
	if err := e.net.cost.check(need, fmt.Sprintf("up to %d monomials", e.limit), "a smaller network"); err != nil {
		return fmt.Errorf("%w: %w", ErrTooLong, err)
	}
	return fmt.Errorf("%w: more than %d monomials: expand a smaller network", ErrTooLong, e.limit)
}

// mul returns x y.
func (e *expansion) mul(x, y poly.Poly) (poly.Poly, error) {
	degree := x.Degree() + y.Degree()
	limit, err := e.within(float64(x.Len())*float64(y.Len()), degree)
	if err != nil {
		return x, err
	}
	product, ok := limit.Mul(x, y)
	if !ok {
		return x, e.stopped(degree)
	}
	e.beside.count(product)
	return product, nil
}

// sum returns the sum over i of scales[i] list[i].
func (e *expansion) sum(scales []float64, list []poly.Poly) (poly.Poly, error) {
	steps, degree := 0.0, 0
	for _, p := range list {
		steps, degree = steps+float64(p.Len()), max(degree, p.Degree())
	}
	limit, err := e.within(steps, degree)
	if err != nil {
		return poly.Poly{}, err
	}
	sum, ok := limit.Sum(scales, list)
	if !ok {
		return sum, e.stopped(degree)
	}
	return sum, nil
}

// addSum appends a sum to the elements of value v.
func (e *expansion) addSum(v int, scales []float64, list []poly.Poly) error {
	p, err := e.sum(scales, list)
	if err != nil {
		return err
	}
	return e.add(v, p)
}

// add appends an element of value v.
func (e *expansion) add(v int, p poly.Poly) error {
	if e.held.count(p); e.held.terms > e.limit || e.net.cost.held+e.held.bytes > e.net.cost.budget {
		return e.stopped(p.Degree())
	}
	e.values[v] = append(e.values[v], p)
	return interrupted(e.ctx)
}

func (s *affine) expand(e *expansion) error {
	for i, x := range e.values[s.in] {
		c := i % len(s.scale)
		if err := e.addSum(s.out, []float64{s.shift[c], s.scale[c]}, []poly.Poly{poly.Constant(1), x}); err != nil {
			return err
		}
	}
	return nil
}

func (s *linear) expand(e *expansion) error {
	in, out, op := s.info.In, s.info.Out, s.op
	for site := range out.H * out.W {
		var from []poly.Poly
		var taps []int // their places in the weights
		for tap := range op.L1 * op.L2 {
			r, c := site/out.W*op.S1-op.P+tap/op.L2, site%out.W*op.S2-op.P+tap%op.L2
			if r < 0 || c < 0 || r >= in.H || c >= in.W {
				continue
			}
			from = append(from, e.values[s.in][(r*in.W+c)*in.C:][:in.C]...)
			for i := range in.C {
				taps = append(taps, tap*in.C+i)
			}
		}
		from = append(from, poly.Constant(1))
		for o := range out.C {
			weights := make([]float64, 0, len(from))
			for _, t := range taps {
				weights = append(weights, s.weight[t*out.C+o])
			}
			if err := e.addSum(s.out, append(weights, s.bias[o]), from); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *polynomial) expand(e *expansion) error {
	monomials := make([]poly.Poly, 1+len(s.degree))
	monomials[0] = poly.Constant(1)
	coefs := make([]float64, len(monomials))
	for site := range len(s.members) / s.n {
		for c := range s.channels {
			if c < s.width { // else they are the channel's before
				clear(monomials[1:])
				e.beside = amount{}
				for i, at := range s.members[site*s.n:][:s.n] {
					monomials[1+i] = e.values[s.in][at+c]
				}
				for j, q := range s.products {
					product, err := e.mul(monomials[1+q.Lower], monomials[1+q.Factor])
					if err != nil {
						return err
					}
					monomials[1+s.n+j] = product
				}
			}
			for m := range coefs {
				coefs[m] = s.coefs[m*s.channels+c]
			}
			if err := e.addSum(s.out, coefs, monomials); err != nil {
				return err
			}
		}
	}
	e.beside = amount{}
	return nil
}

func (s *join) expand(e *expansion) error {
	if !s.cat {
		for i := range e.values[s.in[0]] {
			var parts []poly.Poly
			var ones []float64
			for _, v := range s.in {
				parts, ones = append(parts, e.values[v][i]), append(ones, 1)
			}
			if err := e.addSum(s.out, ones, parts); err != nil {
				return err
			}
		}
		return nil
	}
	for site := range s.sites {
		for _, v := range s.in {
			n := len(e.values[v]) / s.sites
			for _, p := range e.values[v][site*n:][:n] {
				if err := e.add(s.out, p); err != nil {
					return err
				}
			}
		}
	}
	return nil
}
