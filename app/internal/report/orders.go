package report

import (
	"fmt"

	"github.com/coarsegrain/taylornet/app/internal/plain"
	"github.com/coarsegrain/taylornet/taylor"
)

// Orders is a study of the orders of a network with a name for the legend.
type Orders struct {
	Name string
	*taylor.OrderStudy
}

// mostLegend is how wide a name in a legend is.
const mostLegend = 50

// OrderCharts draws, of one network or several, the accuracy up to each order and the mean
// size of each. A network of which not all orders are known has its partial sums on all
// images, and no sizes; without any sizes there is no such chart.
func OrderCharts(list ...Orders) []NamedChart {
	accuracy := Chart{Title: "Accuracy up to each order", X: Axis{Label: "orders up to", Whole: true}, Y: Axis{Label: "accuracy (%)"}}
	size := Chart{Title: "Size of each order", X: Axis{Label: "order", Whole: true}, Y: Axis{Label: "largest |f_k| of the classes, mean over images", Log: true}}
	for _, o := range list {
		name := plain.Cut(o.Name, mostLegend)
		right, sizes := Line{Name: name}, Line{Name: name}
		for _, share := range o.Orders {
			x := float64(share.Order)
			right.X, right.Y = append(right.X, x), append(right.Y, 100*share.Accuracy)
			sizes.X, sizes.Y = append(sizes.X, x), append(sizes.Y, share.Size)
		}
		if c := o.Cancellation; c != nil {
			accuracy.Y.Label = fmt.Sprintf("accuracy on %s images (%%)", Count(c.Images))
			size.Lines = append(size.Lines, sizes)
		} else {
			right.Name += ", all images"
			for _, p := range o.Partial {
				right.X, right.Y = append(right.X, float64(p.Order)), append(right.Y, 100*p.Accuracy)
			}
		}
		accuracy.Lines = append(accuracy.Lines, right)
	}
	charts := []NamedChart{{Name: "orders", Chart: accuracy}}
	if len(size.Lines) > 0 {
		charts = append(charts, NamedChart{Name: "sizes", Chart: size})
	}
	return charts
}
