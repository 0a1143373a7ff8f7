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
// more than limit terms together, and ErrInterrupted when ctx ends.
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
	e := &expansion{ctx: ctx, values: make([][]poly.Poly, len(n.values)), limit: limit}
	for i, c := range about {
		e.values[n.input] = append(e.values[n.input], poly.Constant(c).AddScaled(1, poly.Variable(i)))
	}
	for _, s := range n.steps {
		if err := s.expand(e); err != nil {
			return nil, err
		}
	}
	return e.values[n.output], nil
}

// expansion holds the values of a net as polynomials of its input.
type expansion struct {
	ctx    context.Context //nolint:containedctx // it lives no longer than Expand
	values [][]poly.Poly
	terms  int
	limit  int
}

// add appends an element of value v.
func (e *expansion) add(v int, p poly.Poly) error {
	if e.terms += p.Len(); e.terms > e.limit {
		return fmt.Errorf("%w: more than %d monomials: expand a smaller network", ErrTooLong, e.limit)
	}
	e.values[v] = append(e.values[v], p)
	return interrupted(e.ctx)
}

func (s *affine) expand(e *expansion) error {
	for i, x := range e.values[s.in] {
		c := i % len(s.scale)
		if err := e.add(s.out, poly.Sum([]float64{s.shift[c], s.scale[c]}, []poly.Poly{poly.Constant(1), x})); err != nil {
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
			if err := e.add(s.out, poly.Sum(append(weights, s.bias[o]), from)); err != nil {
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
				for i, at := range s.members[site*s.n:][:s.n] {
					monomials[1+i] = e.values[s.in][at+c]
				}
				for j, q := range s.products {
					monomials[1+s.n+j] = monomials[1+q.Lower].Mul(monomials[1+q.Factor])
				}
			}
			for m := range coefs {
				coefs[m] = s.coefs[m*s.channels+c]
			}
			if err := e.add(s.out, poly.Sum(coefs, monomials)); err != nil {
				return err
			}
		}
	}
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
			if err := e.add(s.out, poly.Sum(ones, parts)); err != nil {
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
