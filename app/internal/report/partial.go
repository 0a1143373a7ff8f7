package report

import (
	"fmt"
	"strings"

	"github.com/coarsegrain/taylornet/taylor"
)

// toldOrders is the number of orders after which the answers are told in words.
const toldOrders = 3

// PartialText says what the first orders answer, and all: "after order 1: 7 (61.0 %); after
// 2: 3 (99.0 %); after 16: 3 (99.9 %)".
func PartialText(e *taylor.Explanation) string {
	var parts []string
	for i, p := range e.Partial {
		last := i == len(e.Partial)-1
		if (i == 0 || i > toldOrders) && !last {
			continue
		}
		name := OrderName(e.ByOrder[i])
		switch {
		case p.AndHigher:
			name = "all"
		case len(parts) == 0:
			name = "order " + name
		}
		parts = append(parts, fmt.Sprintf("after %s: %s (%.1f %%)", name, p.Class, 100*p.Probability))
	}
	return strings.Join(parts, "; ")
}

// ExplainedCharts draws, of an image of which each order is known, the probabilities of
// classes by the orders up to each, and what each order contributes. There are none of
// another image.
func ExplainedCharts(e *taylor.Explanation, classes []string) []NamedChart {
	if !e.Whole() {
		return nil
	}
	return []NamedChart{partialChart(e, classes), orderChart(e, classes)}
}

// partialChart draws the probabilities of the class and of the runner-up by the orders up to
// each, and that of the class that order 1 answers if it is another.
func partialChart(e *taylor.Explanation, classes []string) NamedChart {
	c := Chart{Title: "Answers by the orders up to each", X: Axis{Label: "orders up to", Whole: true}, Y: Axis{Label: "probability (%)", Min: 0, Max: 100}}
	drawn := map[int]bool{}
	for _, k := range []int{e.Label, e.RunnerUp, e.Partial[min(1, len(e.Partial)-1)].Label} {
		if drawn[k] {
			continue
		}
		drawn[k] = true
		l := Line{Name: classes[k]}
		for _, p := range e.Partial {
			l.X, l.Y = append(l.X, float64(p.Order)), append(l.Y, 100*p.Probabilities[k])
		}
		c.Lines = append(c.Lines, l)
	}
	return NamedChart{"partial", c, "What the network answers if it is cut off after an order."}
}

// orderChart draws the contributions to the class and to the runner-up by order.
func orderChart(e *taylor.Explanation, classes []string) NamedChart {
	line := func(k int) Line {
		l := Line{Name: classes[k]}
		for _, o := range e.ByOrder {
			l.X, l.Y = append(l.X, float64(o.Order)), append(l.Y, o.Logits[k])
		}
		return l
	}
	c := Chart{Title: "Logits by order", X: Axis{Label: "order", Whole: true}, Y: Axis{Label: "contribution"}, Lines: []Line{line(e.Label)}}
	if e.RunnerUp != e.Label {
		c.Lines = append(c.Lines, line(e.RunnerUp))
	}
	return NamedChart{"orders", c, "What the monomials of each order contribute. They add up to the logits."}
}
