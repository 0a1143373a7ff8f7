package taylor

import (
	"fmt"
	"math"
	"slices"

	"github.com/coarsegrain/taylornet/internal/parallel"
	"github.com/coarsegrain/taylornet/internal/stats"
	"github.com/coarsegrain/taylornet/spec"
)

// Level is what a coarse-graining does, in the order of computation. Norms
// around it are multiplied into their neighbours.
type Level struct {
	Op      string // in the notation
	In, Out spec.Shape
	Order   int
	Members int // of a window
	// Coefs are the coefficients [terms][C], in the order of spec.Monomials.
	Coefs [][]float64
	Flow  Flow
}

// RMS is the root of the mean squared coefficient of order k.
func (l Level) RMS(k int) float64 {
	var squares, n float64
	for t, m := range spec.Monomials(l.Members, l.Order) {
		if len(m) == k {
			for _, c := range l.Coefs[t] {
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
	Couplings []float64
	// Share is, by order from 1, the mean over the channels of the order's part
	// of the sum of the orders' variances, of the members less their mean.
	Share []float64
}

// Levels describes the net's coarse-grainings on images [H,W,C], those aside for which
// the net has no finite output. Without images there is no Flow.
func (n *Net) Levels(images [][]float64, workers int) []Level {
	list := make([]Level, len(n.levels))
	for i, l := range n.levels {
		list[i] = Level{Op: l.name, In: l.layer.In, Out: l.layer.Out, Order: l.op.Order, Members: l.op.L1 * l.op.L2}
		for t := 0; t < len(l.step.coefs); t += l.step.channels {
			list[i].Coefs = append(list[i].Coefs, l.step.coefs[t:][:l.step.channels])
		}
	}
	if len(images) == 0 {
		return list
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
	n.each(images, workers, func(p *pass) {
		for i, l := range n.levels {
			gather(before[i], p.at(l.step.in, 0))
		}
	})
	about := make([][]float64, len(list))
	for i, l := range n.levels {
		about[i] = l.step.centred(before[i])
	}
	n.each(images, workers, func(p *pass) {
		for i, l := range n.levels {
			gather(after[i][0], p.at(l.step.out, 0))
			l.step.orders(p, about[i], before[i], after[i])
		}
	})
	for i, l := range n.levels {
		list[i].Flow = l.step.flow(about[i], before[i], after[i])
	}
	return list
}

// each evaluates the net on images and calls use with each in turn, in order, but for
// those without a finite output.
func (n *Net) each(images [][]float64, workers int, use func(p *pass)) {
	passes := make([]*pass, min(len(images), 16))
	for i := range passes {
		passes[i] = n.newPass(0)
	}
	crew := parallel.NewCrew(workers)
	for first := 0; first < len(images); first += len(passes) {
		some := passes[:min(len(passes), len(images)-first)]
		crew.Run(len(some), func(_, i int) { some[i].run(images[first+i], nil) })
		for _, p := range some {
			if finite(p.at(n.output, 0)) {
				use(p)
			}
		}
	}
}

// gather adds the values of a map to its channels' moments.
func gather(channels []stats.Moments, values []float64) {
	for i, v := range values {
		channels[i%len(channels)].Add(v)
	}
}

// centred is the coarse-graining as a polynomial of its members less their
// channel's mean: its coefficients [terms][C]. All members have the same mean.
func (s *polynomial) centred(before []stats.Moments) []float64 {
	coefs := slices.Clone(s.coefs)
	monomials := spec.Monomials(s.n, slices.Max(s.degree))
	index := make(map[string]int, len(monomials))
	for t, m := range monomials {
		index[fmt.Sprint(m)] = t
	}
	// Of a product of members x = u + mean, any of the factors may be the mean.
	for t, m := range monomials {
		for set := range 1<<len(m) - 1 { // the factors that stay; all is the term itself
			stay := []int{}
			for i, x := range m {
				if set>>i&1 == 1 {
					stay = append(stay, x)
				}
			}
			to := index[fmt.Sprint(stay)]
			for c := range s.channels {
				coefs[to*s.channels+c] += s.coefs[t*s.channels+c] * math.Pow(before[c].Mean, float64(len(m)-len(stay)))
			}
		}
	}
	return coefs
}

// orders adds to after[k] the values of the terms of order k about the mean.
func (s *polynomial) orders(p *pass, coefs []float64, before []stats.Moments, after [][]stats.Moments) {
	x := p.at(s.in, 0)
	values := make([]float64, len(s.degree))
	sums := make([]float64, len(after))
	for site := range len(s.members) / s.n {
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
	Op     string
	Shape  spec.Shape
	Values []float64 // [H,W,C]
}

// Maps returns the feature maps of an image x [H,W,C] after each coarse-graining.
func (n *Net) Maps(x []float64) []Map {
	p := n.newPass(0)
	p.run(x, nil)
	var maps []Map
	for _, l := range n.levels {
		maps = append(maps, Map{Op: l.name, Shape: l.layer.Out, Values: p.at(l.step.out, 0)})
	}
	return maps
}

// Orders lists the orders from 1.
func (l Level) Orders() []int {
	list := make([]int, l.Order)
	for i := range list {
		list[i] = i + 1
	}
	return list
}
