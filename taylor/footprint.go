package taylor

import (
	"fmt"
	"math"

	"github.com/coarsegrain/taylornet/internal/memory"
	"github.com/coarsegrain/taylornet/internal/parallel"
	"github.com/coarsegrain/taylornet/poly"
	"github.com/coarsegrain/taylornet/spec"
)

// footprint estimates in bytes what an analysis holds, before it is allocated.
type footprint struct {
	net    *Net // with its values
	budget float64
	held   float64 // by the compiled net
	sites  []siteCost
	maps   float64 // the outputs of the coarse-grainings
}

// siteCost is what a step holds of the site at which it is: the series of its monomials.
type siteCost struct {
	monomials, width float64
	order, in        int // of the monomials, and the value that they are of
}

// leastSecondOrder is what all second-order coefficients may hold, with their study, unless
// a budget is given: those of images of 28x28 for ten classes do.
const leastSecondOrder = 160 << 20

// Bytes that parts of a net take. A parameter is there as the caller's, folded, as a
// weight, packed for both directions, and by level.
const (
	perValue    = 8
	perParam    = 9 * perValue
	perIndex    = 4
	perMonomial = 24
	perSlice    = 48
	perWeight   = 16 // of Distances, beside its value in a row
)

// add counts a step of the folded network, which reads value in.
func (f *footprint) add(info spec.Step, in int) {
	inSites, outSites, c := float64(info.In.H)*float64(info.In.W), float64(info.Out.H)*float64(info.Out.W), float64(info.Out.C)
	for _, p := range info.Params {
		f.held += perParam * float64(p.Size())
	}
	window := func(taps, order int, width float64) {
		monomials := float64(poly.NumMonomials(taps, order))
		f.held += perMonomial*monomials + perValue*outSites*float64(taps)
		f.sites = append(f.sites, siteCost{monomials, width, order, in})
	}
	switch op := info.Op.(type) {
	case *spec.Conv:
		f.held += perIndex * float64(op.L1*op.L2) * (inSites + outSites)
	case *spec.CG:
		window(op.L1*op.L2, op.Order, c)
		f.maps += perValue * float64(info.Out.Size())
	case *spec.Taylor:
		window(info.In.Size(), op.Order, 1)
	case *spec.Pool:
		on := op.On(info.In)
		window(on.L1*on.L2, 1, c)
		f.held += perValue * c * float64(on.L1*on.L2)
	case *spec.Gain:
		f.sites = append(f.sites, siteCost{3, c, 5, in})
	}
}

// pass returns what a pass holds that keeps powers up to most.
func (f *footprint) pass(most int) float64 {
	return f.series(func(v int) int { return f.net.powers(v, most) }) + f.site(most, 1)
}

// adjoint returns what an adjoint holds that keeps powers up to most.
func (f *footprint) adjoint(most int) float64 {
	most = max(most, 0)
	largest := 0
	for _, v := range f.net.values {
		largest = max(largest, v.size)
	}
	return f.series(func(v int) int { return f.net.adjointPowers(v, most) }) + perValue*float64(largest) + f.site(most, 2)
}

func (f *footprint) series(powers func(v int) int) float64 {
	var total float64
	for v, value := range f.net.values {
		total += perValue * float64(powers(v)) * float64(f.net.frame.Head+value.size)
	}
	return total
}

// site returns the most that a step holds of a site, as so many series of each monomial.
func (f *footprint) site(most int, series float64) float64 {
	var largest float64
	for _, s := range f.sites {
		powers := min(float64(s.order)*float64(f.net.values[s.in].degree), float64(most)) + 1
		largest = max(largest, series*s.monomials*(powers*s.width*perValue+perSlice))
	}
	return largest
}

// shares returns what contributions of each pixel to each logit hold.
func (f *footprint) shares() float64 {
	return perValue * float64(f.net.K) * float64(f.net.Input.Size())
}

// explanation returns what is kept of an explained image.
func (f *footprint) explanation(orders int) float64 {
	return f.shares()*float64(orders+2) + f.maps
}

// gradients returns what a worker holds that integrates along a line.
func (f *footprint) gradients() float64 {
	return f.pass(0) + f.adjoint(0) + f.shares()
}

// pairs returns what the search for pairs holds.
func (f *footprint) pairs() float64 {
	return f.pass(1) + f.adjoint(1) + pairInputs*perValue*float64(f.net.Input.Size())
}

// explain returns what one worker holds that explains an image.
func (f *footprint) explain(orders int) float64 {
	return f.pass(orders) + f.explanation(orders) + max(f.adjoint(orders-1), f.gradients()+f.shares(), f.pairs())
}

// quadratic returns what all second-order coefficients hold, and a worker that computes
// them or whatever follows.
func (f *footprint) quadratic(after float64) float64 {
	return f.shares()*float64(1+f.net.Input.Size()) + max(after, f.pass(1)+f.adjoint(1))
}

// studied returns what the study of second-order coefficients of so many polynomials holds
// beside them.
func studied(inputs, logits, polynomials int) float64 {
	weights := float64(logits) * float64(inputs) * float64(inputs+1) / 2
	return weights * (perWeight + perValue*float64(polynomials))
}

// compared returns what the templates and patterns of a class hold.
func compared(inputs int) float64 {
	n, images := float64(inputs), float64(patternImages)
	return perValue * (2*n*n + 2*images*n + 3*images*images)
}

// check returns an error if so much more than the net does not fit, with what takes less.
func (f *footprint) check(need float64, what, less string) error {
	err := memory.Check(int64(min(f.budget, math.MaxInt64/2)), f.held+need, what)
	if err != nil {
		return fmt.Errorf("%w: %s takes less", err, less)
	}
	return nil
}

// workers returns how many workers fit beside what is held, each of which holds as much as
// is given: at least one.
func (f *footprint) workers(held, each float64) int {
	most := (f.budget - f.held - held) / max(each, 1)
	return int(max(1, min(float64(parallel.Workers(f.net.workers)), most)))
}
