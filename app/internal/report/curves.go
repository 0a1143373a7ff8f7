package report

import (
	"fmt"
	"math"

	"github.com/coarsegrain/taylornet/train"
)

// curves draws the loss and the accuracy by epoch.
func (p *page) curves() ([]figure, error) {
	if len(p.History) == 0 {
		return nil, nil
	}
	epochs := Axis{Label: "epoch", Whole: true}
	loss := Chart{Title: "Loss", X: epochs, Y: Axis{Label: "mean cross-entropy (nats)"}, Lines: p.lines(
		func(m *train.Metrics) float64 { return m.TrainLoss },
		func(m *train.Metrics) float64 { return m.ValidationLoss },
	)}
	loss.Y.Log = worthLog(loss.Lines)
	accuracy := Chart{Title: "Accuracy", X: epochs, Y: Axis{Label: "accuracy (%)"}, Lines: p.lines(
		func(m *train.Metrics) float64 { return 100 * m.TrainAccuracy },
		func(m *train.Metrics) float64 { return 100 * m.ValidationAccuracy },
	)}
	lowest, below := floor(accuracy.Lines)
	accuracy.Y.Min, accuracy.Y.Max = lowest, 100+(100-lowest)/50
	captions := []string{"Loss by epoch.", "Accuracy by epoch."}
	if loss.Y.Log {
		captions[0] = "Loss by epoch, on a logarithmic axis."
	}
	if below {
		captions[1] = fmt.Sprintf("Accuracy by epoch. The first epochs, below %.3g %%, lie under the frame.", lowest)
	}
	charts := []Chart{loss, accuracy}
	if lines := p.partialSums(); len(lines) > 1 {
		charts = append(charts, Chart{Title: "Accuracy by order", X: epochs, Y: Axis{Label: "validation accuracy (%)"}, Lines: lines})
		captions = append(captions, "Accuracy of the partial sums of orders on the validation images, by epoch.")
	}
	var out []figure
	for i, c := range charts {
		svg, err := c.inline(captions[i] + " " + p.summary())
		if err != nil {
			return nil, err
		}
		out = append(out, figure{svg, captions[i]})
	}
	return out, nil
}

// lines returns the training and validation figures, and the best of the latter.
func (p *page) lines(training, validation func(*train.Metrics) float64) []Line {
	var x, t, v []float64
	for i := range p.History {
		m := &p.History[i]
		x, t, v = append(x, float64(m.Epoch)), append(t, training(m)), append(v, validation(m))
	}
	list := []Line{{Name: "training", X: x, Y: t}}
	if !p.Validated {
		return list
	}
	list = append(list, Line{Name: "validation", X: x, Y: v})
	if best := p.BestEpoch(); best > 0 && len(x) > 1 {
		list = append(list, Line{Name: fmt.Sprintf("best: epoch %d", best), X: x[p.Best:][:1], Y: v[p.Best:][:1]})
	}
	return list
}

// partialSums returns the validation accuracy of all orders and, of a graded run, those of
// the partial sums.
func (p *page) partialSums() []Line {
	list := []Line{{Name: "all orders"}}
	for k := range p.History[0].Partial {
		list = append(list, Line{Name: fmt.Sprintf("to order %d", k+1)})
	}
	for i := range p.History {
		m := &p.History[i]
		for k, accuracy := range append([]float64{m.ValidationAccuracy}, m.Partial...) {
			if k < len(list) {
				list[k].X, list[k].Y = append(list[k].X, float64(m.Epoch)), append(list[k].Y, 100*accuracy)
			}
		}
	}
	return list
}

// summary returns the last figures of the curves in words.
func (p *page) summary() string {
	last := p.History[len(p.History)-1]
	s := fmt.Sprintf("After epoch %d: training loss %s and accuracy %s", last.Epoch, significant(last.TrainLoss), percent(last.TrainAccuracy))
	if p.Validated {
		s += fmt.Sprintf(", validation loss %s and accuracy %s", significant(last.ValidationLoss), percent(last.ValidationAccuracy))
	}
	return s + "."
}

// worthLog reports whether losses range so widely that a linear axis would hide
// the low ones.
func worthLog(lines []Line) bool {
	lo, hi := math.Inf(1), 0.0
	for _, l := range lines {
		for _, v := range l.Y {
			if finite(v) {
				lo, hi = min(lo, v), max(hi, v)
			}
		}
	}
	return lo > 0 && hi/5 > lo
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

// floor returns where an accuracy axis begins, and whether an epoch lies below it. It is
// a little below all but the first quarter of the epochs, so that the differences near
// 100 % can be seen.
func floor(lines []Line) (percent float64, below bool) {
	lowest := 100.0
	for _, l := range lines {
		for _, v := range l.Y[(len(l.Y)+2)/4:] {
			if finite(v) {
				lowest = min(lowest, v)
			}
		}
	}
	percent = max(0, lowest-max(0.1, (100-lowest)/5))
	for _, l := range lines {
		for _, v := range l.Y {
			below = below || v < percent
		}
	}
	return percent, below
}
