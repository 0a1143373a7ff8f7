package taylor

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/coarsegrain/taylornet/internal/parallel"
	"github.com/coarsegrain/taylornet/internal/stats"
	"github.com/coarsegrain/taylornet/model"
	"github.com/coarsegrain/taylornet/poly"
	"github.com/coarsegrain/taylornet/spec"
)

// Level is what a coarse-graining does. A norm that follows it is multiplied into its
// coefficients.
type Level struct {
	Op  string `json:"op"` // in the notation
	In  [3]int `json:"in"` // [H,W,C]
	Out [3]int `json:"out"`
	// Coefficients are [terms][C], in the order of poly.Monomials.
	Coefficients [][]float64 `json:"coefficients"`
	Flow
	Order   int `json:"-"`
	Members int `json:"-"` // of a window
}

// RMS returns the root of the mean squared coefficient of order k.
func (l Level) RMS(k int) float64 {
	var squares, n float64
	for t, m := range poly.Monomials(l.Members, l.Order) {
		if len(m) == k {
			for _, c := range l.Coefficients[t] {
				squares += c * c
				n++
			}
		}
	}
	return math.Sqrt(squares / max(n, 1))
}

// Flow is what goes through a coarse-graining on average over images, sites and
// channels.
//
// The couplings are the coefficients in units of the fluctuations of what they
// connect, so that levels can be compared: with s_x and s_y the standard
// deviations of a channel before and after, a_i s_x/s_y of order 1,
// b_ij s_x^2/s_y of order 2 and so on.
type Flow struct {
	// Couplings are, by order from 1, the root of the mean over the channels of
	// the sum of the squared couplings.
	Couplings []float64 `json:"couplings,omitempty"`
	// Share is, by order from 1, the mean over the channels of the order's fraction
	// of the sum of the orders' variances. The orders are those in the members less
	// their mean.
	Share []float64 `json:"share,omitempty"`
}

// Levels returns the net's coarse-grainings in the order of computation, and their Flow
// on images [H,W,C]. Images for which the net has no finite output are left out. The error
// wraps model.ErrNotFinite if the flow itself overflows, tensor.ErrMemory, or
// ErrInterrupted when ctx ends.
func (n *Net) Levels(ctx context.Context, images [][]float64) ([]Level, error) {
	return n.levelsOn(ctx, len(images), func(i int) []float64 { return images[i] })
}

// levelsOn returns the levels with their flow on so many images.
func (n *Net) levelsOn(ctx context.Context, images int, image func(i int) []float64) ([]Level, error) {
	var list []Level
	for _, l := range n.levels {
		level := Level{Op: l.layer.String(), In: triple(l.layer.In), Out: triple(l.layer.Out), Order: l.op.Order, Members: l.op.L1 * l.op.L2}
		for t := 0; t < len(l.step.coefs); t += l.step.channels {
			level.Coefficients = append(level.Coefficients, slices.Clone(l.step.coefs[t:][:l.step.channels]))
		}
		list = append(list, level)
	}
	if images == 0 || len(list) == 0 {
		return list, nil
	}
	// First the moments of what goes in, then those of the orders about its mean.
	before, after := make([][]stats.Moments, len(list)), make([][][]stats.Moments, len(list))
	for i, l := range n.levels {
		before[i] = make([]stats.Moments, l.step.channels)
		after[i] = make([][]stats.Moments, list[i].Order+1)
		for k := range after[i] {
			after[i][k] = make([]stats.Moments, l.step.channels)
		}
	}
	err := n.each(ctx, images, image, func(p *pass) {
		for i, l := range n.levels {
			gather(before[i], p.at(l.step.in, 0))
		}
	})
	if err != nil {
		return nil, err
	}
	about := make([][]float64, len(list))
	for i, l := range n.levels {
		if about[i], err = l.step.centred(ctx, before[i]); err != nil {
			return nil, err
		}
	}
	err = n.each(ctx, images, image, func(p *pass) {
		for i, l := range n.levels {
			gather(after[i][0], p.at(l.step.out, 0))
			l.step.orders(p, about[i], before[i], after[i])
		}
	})
	if err != nil {
		return nil, err
	}
	for i, l := range n.levels {
		f := l.step.flow(about[i], before[i], after[i])
		if !finite(f.Couplings) || !finite(f.Share) {
			return nil, fmt.Errorf("%w: the fluctuations at %s overflow", model.ErrNotFinite, list[i].Op)
		}
		list[i].Flow = f
	}
	return list, nil
}

// triple returns a shape as a list.
func triple(s spec.Shape) [3]int { return [3]int{s.H, s.W, s.C} }

// passesAtOnce is the number of images that are evaluated at once, if they fit.
const passesAtOnce = 16

// each evaluates the net on images and calls use with each that has a finite output,
// in order.
func (n *Net) each(ctx context.Context, images int, image func(i int) []float64, use func(p *pass)) error {
	most := (n.cost.budget - n.cost.held) / n.cost.pass(0)
	passes := make([]*pass, int(max(1, min(float64(images), passesAtOnce, most))))
	for i := range passes {
		passes[i] = n.newPass(ctx, 0)
	}
	crew := parallel.NewCrew(n.workers)
	for first := 0; first < images; first += len(passes) {
		some := passes[:min(len(passes), images-first)]
		crew.Run(len(some), func(_, i int) { some[i].run(image(first+i), nil) })
		for _, p := range some {
			if err := interrupted(ctx); err != nil {
				return err
			}
			if finite(p.at(n.output, 0)) {
				use(p)
			}
		}
	}
	return interrupted(ctx)
}

// gather adds the values of a map to its channels' moments.
func gather(channels []stats.Moments, values []float64) {
	for ; len(values) > 0; values = values[len(channels):] {
		for c := range channels {
			channels[c].Add(values[c])
		}
	}
}

// centred returns the coefficients [terms][C] of the coarse-graining as a polynomial
// of its members less their channel's mean. All members have the same mean. It returns
// ErrInterrupted when ctx ends.
func (s *polynomial) centred(ctx context.Context, before []stats.Moments) ([]float64, error) {
	coefs := slices.Clone(s.coefs)
	type monomial [maxOrder]int // the members from 1, then zeros
	monomials := make([]monomial, 1+len(s.degree))
	for i := range s.n {
		monomials[1+i][0] = i + 1
	}
	for j, q := range s.products {
		m := monomials[1+q.Lower]
		m[s.degree[q.Lower]] = int(q.Factor) + 1
		monomials[1+s.n+j] = m
	}
	index := make(map[monomial]int, len(monomials))
	for t, m := range monomials {
		index[m] = t
	}
	b := brake{ctx: ctx}
	// Of a product of members x = u + mean, any of the factors may be the mean.
	for t, m := range monomials[1:] {
		degree := s.degree[t]
		if b.ended(s.channels << (degree + 4)) { // with a power each
			return nil, interrupted(ctx)
		}
		for set := range 1<<degree - 1 { // the factors that stay; all is the term itself
			stay, kept := monomial{}, 0
			for i, x := range m[:degree] {
				if set>>i&1 == 1 {
					stay[kept] = x
					kept++
				}
			}
			to := index[stay]
			for c := range s.channels {
				coefs[to*s.channels+c] += s.coefs[(1+t)*s.channels+c] * math.Pow(before[c].Mean, float64(degree-kept))
			}
		}
	}
	return coefs, nil
}

// maxOrder is the highest order of a coarse-graining.
const maxOrder = 3

// orders adds to after[k] the values of the terms of order k about the mean.
func (s *polynomial) orders(p *pass, coefs []float64, before []stats.Moments, after [][]stats.Moments) {
	x := p.at(s.in, 0)
	values := make([]float64, len(s.degree))
	sums := make([]float64, len(after))
	for site := range len(s.members) / s.n {
		if p.ended(len(s.degree) * s.channels) {
			return
		}
		for c := range s.channels {
			clear(sums)
			for i, at := range s.members[site*s.n:][:s.n] {
				values[i] = x[at+c] - before[c].Mean
			}
			for j, q := range s.products {
				values[s.n+j] = values[q.Lower] * values[q.Factor]
			}
			for m, v := range values {
				sums[s.degree[m]] += coefs[(m+1)*s.channels+c] * v
			}
			for k := 1; k < len(sums); k++ {
				after[k][c].Add(sums[k])
			}
		}
	}
}

// flow sums up the channels' moments, for coefficients about the mean.
func (s *polynomial) flow(coefs []float64, before []stats.Moments, after [][]stats.Moments) Flow {
	orders := len(after) - 1
	f := Flow{Couplings: make([]float64, orders), Share: make([]float64, orders)}
	channels := 0.0
	for c := range s.channels {
		in, out := math.Sqrt(before[c].Variance()), math.Sqrt(after[0][c].Variance())
		var all float64
		for k := 1; k <= orders; k++ {
			all += after[k][c].Variance()
		}
		if out == 0 || all == 0 {
			continue // a dead channel
		}
		channels++
		for m, degree := range s.degree {
			g := coefs[(m+1)*s.channels+c] * math.Pow(in, float64(degree)) / out
			f.Couplings[degree-1] += g * g
		}
		for k := 1; k <= orders; k++ {
			f.Share[k-1] += after[k][c].Variance() / all
		}
	}
	for k := range orders {
		f.Couplings[k] = math.Sqrt(f.Couplings[k] / max(channels, 1))
		f.Share[k] /= max(channels, 1)
	}
	return f
}

// Map is a feature map after a coarse-graining.
type Map struct {
	Op     string    `json:"op"`
	Shape  [3]int    `json:"shape"`
	Values []float64 `json:"values"` // [H,W,C]
}

// Maps returns the feature maps of an image x [H,W,C] after each coarse-graining. The error
// wraps model.ErrNotFinite if they overflow, tensor.ErrMemory, or ErrInterrupted when ctx
// ends.
func (n *Net) Maps(ctx context.Context, x []float64) ([]Map, error) {
	p := n.newPass(ctx, 0)
	p.run(x, nil)
	if err := interrupted(ctx); err != nil {
		return nil, err
	}
	var maps []Map
	for _, l := range n.levels {
		values := slices.Clone(p.at(l.step.out, 0))
		if !finite(values) {
			return nil, fmt.Errorf("%w: the feature maps after %v overflow", model.ErrNotFinite, l.layer)
		}
		maps = append(maps, Map{Op: l.layer.String(), Shape: triple(l.layer.Out), Values: values})
	}
	return maps, nil
}

// Orders returns the orders from 1.
func (l Level) Orders() []int {
	list := make([]int, l.Order)
	for i := range list {
		list[i] = i + 1
	}
	return list
}
