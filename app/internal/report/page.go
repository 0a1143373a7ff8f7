package report

import (
	"cmp"
	"fmt"

	"github.com/coarsegrain/taylornet/spec"
	"github.com/coarsegrain/taylornet/train"
)

// page is what the template shows.
type page struct {
	*Input
	Figures   []headline
	Charts    []figure
	Validated bool // the history has validation figures
	Confusion *countTable
	Mistakes  []mistake
	Layers    []spec.Layer
	MACs      int
	Settings  []setting
	Epochs    []train.Metrics // of the table
}

// mostEpochs and mostLayers are the most rows of their tables.
const mostEpochs, mostLayers = 500, 500

// headline is a figure at the top of the page.
type headline struct{ Name, Value, Note string }

func newPage(in *Input) (*page, error) {
	p := &page{Input: in, Layers: in.Model.Net().Layers(), MACs: in.Model.Net().MACs(), Epochs: evenly(in.History, mostEpochs)}
	p.Layers = p.Layers[:min(mostLayers, len(p.Layers))]
	for _, m := range in.History {
		p.Validated = p.Validated || m.ValidationLoss != 0 || m.ValidationAccuracy != 0
	}
	var err error
	if p.Settings, err = settings(in.Model.Training()); err != nil {
		return nil, err
	}
	if p.Charts, err = p.curves(); err != nil {
		return nil, err
	}
	if in.Test != nil {
		p.Confusion = matrix(in.Model.Classes(), in.Test.Confusion, fmt.Sprintf("Images of %s: a row is a true class, a column the predicted class. Mean cross-entropy %s nats.", p.Tested(), significant(in.Test.Loss)))
		if p.Mistakes, err = mistakes(in); err != nil {
			return nil, err
		}
	}
	p.Figures = p.headlines()
	return p, nil
}

// Heading returns the title of the page.
func (p *page) Heading() string { return cmp.Or(p.Title, "Training run") }

// Tested returns the name of the images of the evaluation.
func (p *page) Tested() string {
	if p.Images.Set == nil {
		return "test"
	}
	return cmp.Or(p.Images.Set.Name, "test")
}

// MoreLayers returns the number of layers that are not shown.
func (p *page) MoreLayers() int { return len(p.Model.Net().Layers()) - len(p.Layers) }

// Errors returns the number of images classified wrongly.
func (p *page) Errors() int { return p.Test.Total - p.Test.Correct }

// BestEpoch returns the epoch, counted from 1, whose weights were kept for their
// validation figures, or 0 if there is none.
func (p *page) BestEpoch() int {
	if !p.Validated || p.Best < 0 || p.Best >= len(p.History) {
		return 0
	}
	return p.History[p.Best].Epoch
}

func (p *page) headlines() []headline {
	var list []headline
	add := func(name, value, format string, args ...any) {
		list = append(list, headline{name, value, fmt.Sprintf(format, args...)})
	}
	if t := p.Test; t != nil && t.Total > 0 {
		add("Test accuracy", percent(t.Accuracy()), "%s", interval(t.Correct, t.Total))
		add("Errors", Count(p.Errors()), "of %s images", Count(t.Total))
	}
	net := p.Model.Net()
	add("Parameters", Count(net.NumParams()), "trained")
	if d := net.Degree(); d > 0 {
		add("Degree", degree(d), "as a polynomial of the image")
	} else {
		add("Degree", degree(d), "the network is not a polynomial")
	}
	add("Multiply-adds", Count(p.MACs), "per image")
	if n := len(p.History); n > 0 {
		note := "the last one kept"
		if best := p.BestEpoch(); best > 0 {
			note = fmt.Sprintf("epoch %d kept", best)
		}
		add("Epochs", Count(n), "%s", note)
	}
	if p.Seconds > 0 {
		add("Time", duration(p.Seconds), "%s", rate(p.History))
	}
	for _, s := range p.Settings {
		if s.Name == "config.seed" {
			add("Seed", s.Value, "")
		}
	}
	return list
}

// rate writes the speed of training over all epochs, or "" if it is not known.
func rate(history []train.Metrics) string {
	var images, seconds float64
	for _, m := range history {
		images += m.ImagesPerSecond * m.Seconds
		seconds += m.Seconds
	}
	if seconds == 0 {
		return ""
	}
	return Whole(images/seconds) + " images per second"
}

// Indent returns the indentation of a layer, by the groups around it.
func (p *page) Indent(l spec.Layer) string { return fmt.Sprintf("%gem", 0.6+1.2*float64(l.Depth)) }

// Lattice writes the size of a map.
func (p *page) Lattice(s spec.Shape) string { return fmt.Sprintf("%d\u00a0×\u00a0%d", s.H, s.W) }
