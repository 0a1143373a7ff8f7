package taylor

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/coarsegrain/taylornet/engine"
	"github.com/coarsegrain/taylornet/model"
)

// Explanation is what a net's polynomial says about an image.
type Explanation struct {
	File        string  `json:"file"`  // where the image is from; Analyse sets it
	Class       string  `json:"class"` // the largest logit's; Analyse sets it
	Probability float64 `json:"probability"`
	// Inverted, Prepared, Outside and Reason are as in model.Prediction; Analyse sets them.
	Inverted bool     `json:"inverted"`
	Prepared []string `json:"prepared"`
	Outside  bool     `json:"outside"`
	Reason   string   `json:"reason,omitempty"`
	// Logits are [K], and the sum of ByOrder.
	Logits  []float64 `json:"logits"`
	ByOrder []Order   `json:"by_order"`
	// Partial are the answers of the sums of the first orders, one for each of ByOrder.
	// Analyse sets their classes.
	Partial []Partial `json:"partial"`
	// Attribution is what each pixel contributes to the largest logit over all
	// orders, [H*W*C].
	Attribution []float64 `json:"attribution"`
	// Pairs are the products of two pixels that contribute most to the second order
	// of the largest logit, see Line.Pairs.
	Pairs        []Pair        `json:"pairs"`
	Attributions [][][]float64 `json:"attributions,omitempty"` // see Line.Attributions
	Maps         []Map         `json:"maps,omitempty"`         // see Net.Maps

	Pixels   []uint8 `json:"-"` // of the picture, [H,W,C]; Analyse sets it
	Label    int     `json:"-"` // the largest logit
	RunnerUp int     `json:"-"` // the next largest; Label if there is one logit only
	// Totals are what each pixel contributes to each logit over all orders,
	// [K][H*W*C]. With order 0 they add up to the logits.
	Totals [][]float64 `json:"-"`
}

// Order is what the monomials of one order contribute to the logits, or those of an
// order and all higher ones.
type Order struct {
	Order     int       `json:"order"`
	AndHigher bool      `json:"and_higher,omitempty"`
	Logits    []float64 `json:"logits"` // [K]
}

// Partial is the answer of the orders up to one, or of all if AndHigher is set.
type Partial struct {
	Order       int     `json:"order"`
	AndHigher   bool    `json:"and_higher,omitempty"`
	Class       string  `json:"class"`
	Probability float64 `json:"probability"`

	Label         int       `json:"-"`
	Probabilities []float64 `json:"-"` // [K]
}

// partials returns the answers of the partial sums of orders.
func partials(orders []Order) []Partial {
	var list []Partial
	sum := make([]float64, len(orders[0].Logits))
	for _, o := range orders {
		for k, v := range o.Logits {
			sum[k] += v
		}
		p := Partial{Order: o.Order, AndHigher: o.AndHigher, Label: descending(len(sum), func(k int) float64 { return sum[k] })[0], Probabilities: make([]float64, len(sum))}
		engine.Softmax(p.Probabilities, sum)
		p.Probability = p.Probabilities[p.Label]
		list = append(list, p)
	}
	return list
}

// Explain looks for pairs among the products with pairInputs inputs, those with the
// largest attributions, and keeps mostPairs.
const (
	pairInputs = 64
	mostPairs  = 40
)

// Explain returns what the polynomial says about an image x [H,W,C], with the values that
// the net's input has, when it is expanded about a point. It returns ErrQuadrature if only
// the low orders are known and what the pixels contribute over all orders cannot be
// computed. The error wraps model.ErrNotFinite if any of it overflows, tensor.ErrMemory if
// it does not fit, and ErrInterrupted when ctx ends.
func (n *Net) Explain(ctx context.Context, about, x []float64) (*Explanation, error) {
	l, err := n.Line(ctx, about, x)
	if err != nil {
		return nil, err
	}
	e := &Explanation{Logits: l.Logits(), ByOrder: l.orderList()}
	e.Partial = partials(e.ByOrder)
	if e.Maps, err = n.Maps(ctx, x); err != nil {
		return nil, err
	}
	if e.Attributions, err = l.Attributions(ctx); err != nil {
		return nil, err
	}
	if e.Totals, err = l.totals(ctx, e.Attributions); err != nil {
		return nil, err
	}
	ranked := e.Ranked()
	e.Label, e.RunnerUp = ranked[0], ranked[min(1, n.K-1)]
	probabilities := make([]float64, n.K)
	engine.Softmax(probabilities, e.Logits)
	e.Probability, e.Attribution = probabilities[e.Label], e.Totals[e.Label]
	inputs := descending(len(e.Attribution), func(i int) float64 { return math.Abs(e.Attribution[i]) })
	if e.Pairs, err = l.Pairs(ctx, e.Label, inputs[:min(pairInputs, len(inputs))], mostPairs); err != nil {
		return nil, err
	}
	return e, e.check()
}

// check returns an error if a contribution is not finite.
func (e *Explanation) check() error {
	fault := func(what string) error { return fmt.Errorf("%w: %s overflow", model.ErrNotFinite, what) }
	for _, o := range e.ByOrder {
		if !finite(o.Logits) {
			return fault(fmt.Sprintf("the monomials of order %d", o.Order))
		}
	}
	for _, p := range e.Partial {
		if !finite(p.Probabilities) {
			return fault(fmt.Sprintf("the orders up to %d", p.Order))
		}
	}
	for k, totals := range e.Totals {
		for order, shares := range e.Attributions[k] {
			if !finite(shares) {
				return fault(fmt.Sprintf("the pixels' contributions in order %d", order))
			}
		}
		if !finite(totals) {
			return fault("the pixels' contributions over all orders")
		}
	}
	for _, p := range e.Pairs {
		if !finite([]float64{p.Value}) {
			return fault("the products of two pixels")
		}
	}
	return nil
}

// orderList returns the orders with what is left of the logits, if the line is not
// whole, as that of all higher orders.
func (l *Line) orderList() []Order {
	var list []Order
	rest := l.Logits()
	for order, logits := range l.ByOrder() {
		list = append(list, Order{Order: order, Logits: logits})
		for k, v := range logits {
			rest[k] -= v
		}
	}
	if l.Whole() {
		return list
	}
	return append(list, Order{Order: len(list), AndHigher: true, Logits: rest})
}

// Whole reports whether ByOrder has each order by itself.
func (e *Explanation) Whole() bool { return !e.ByOrder[len(e.ByOrder)-1].AndHigher }

// Ranked returns the indices of the logits, the largest first.
func (e *Explanation) Ranked() []int {
	return descending(len(e.Logits), func(k int) float64 { return e.Logits[k] })
}

// descending returns 0 to n-1, sorted by a value, the largest first.
func descending(n int, value func(i int) float64) []int {
	list := make([]int, n)
	for i := range list {
		list[i] = i
	}
	slices.SortStableFunc(list, func(a, b int) int { return cmp.Compare(value(b), value(a)) })
	return list
}
