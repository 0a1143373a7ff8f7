package taylor

import (
	"cmp"
	"math"
	"slices"

	"github.com/coarsegrain/taylornet/engine"
)

// Explanation is what a net's polynomial says of an image.
type Explanation struct {
	Logits        []float64     // [K]
	Probabilities []float64     // [K], their softmax
	Label         int           // the largest logit
	RunnerUp      int           // the next; Label if there is one logit only
	ByOrder       [][]float64   // [Orders+1][K], see Line.ByOrder
	Attributions  [][][]float64 // [K][Orders+1][H*W*C], see Line.Attribution
	Totals        [][]float64   // [K][H*W*C], over all orders: with ByOrder[0] they add up to Logits
	Pairs         []Pair        // of the label's second order, see Line.Pairs
	Maps          []Map         // see Net.Maps
	whole         bool
}

// pairInputs is the number of inputs, those with the largest attributions, whose
// products Explain looks among; mostPairs is how many it keeps.
const (
	pairInputs = 64
	mostPairs  = 40
)

// Explain analyses an image x [H,W,C], as the net's input is, about a point. Where a
// line has not all orders, it ends with ErrQuadrature if the totals cannot be had.
func (n *Net) Explain(about, x []float64, workers int) (*Explanation, error) {
	l, err := n.Line(about, x)
	if err != nil {
		return nil, err
	}
	e := &Explanation{
		Logits: l.Logits(), Probabilities: make([]float64, n.K), ByOrder: l.ByOrder(),
		Attributions: l.Attributions(workers), Maps: n.Maps(x), whole: l.Whole(),
	}
	if e.Totals, err = l.totals(e.Attributions, workers); err != nil {
		return nil, err
	}
	engine.Softmax(e.Probabilities, e.Logits)
	ranked := e.Ranked()
	e.Label, e.RunnerUp = ranked[0], ranked[min(1, n.K-1)]
	total := e.Totals[e.Label]
	inputs := descending(len(total), func(i int) float64 { return math.Abs(total[i]) })
	e.Pairs = l.Pairs(e.Label, inputs[:min(pairInputs, len(inputs))], mostPairs, workers)
	return e, nil
}

// Ranked lists the logits' indices, the largest logit first.
func (e *Explanation) Ranked() []int {
	return descending(len(e.Logits), func(k int) float64 { return e.Logits[k] })
}

// descending lists 0 to n-1 by a value, the largest first.
func descending(n int, value func(i int) float64) []int {
	list := make([]int, n)
	for i := range list {
		list[i] = i
	}
	slices.SortStableFunc(list, func(a, b int) int { return cmp.Compare(value(b), value(a)) })
	return list
}

// Higher is what the orders that ByOrder has not contribute to the logits together,
// [K]; nil if it has all.
func (e *Explanation) Higher() []float64 {
	if e.whole {
		return nil
	}
	rest := slices.Clone(e.Logits)
	for _, logits := range e.ByOrder {
		for k, v := range logits {
			rest[k] -= v
		}
	}
	return rest
}
