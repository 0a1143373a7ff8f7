package distill

import (
	"context"
	"fmt"

	"github.com/coarsegrain/taylornet/dataset"
	"github.com/coarsegrain/taylornet/internal/memory"
)

// Evaluation reports how well references classify labelled images.
type Evaluation struct {
	Accuracy   float64 `json:"accuracy"` // 0 to 1
	Correct    int     `json:"correct"`
	Total      int     `json:"total"`
	Params     int     `json:"params"` // of the model that embeds, the first of several
	Degree     int     `json:"degree"` // of its polynomial
	References int     `json:"references"`
	// Data and Split name the images. They are left empty for the caller.
	Data      string   `json:"data"`
	Split     string   `json:"split"`
	Classes   []string `json:"classes"`
	Confusion [][]int  `json:"confusion"` // [K,K] counts by true class, then by predicted
	// ByReference has counts [K,R] by true class, then by the most similar reference.
	ByReference [][]int `json:"by_reference"`
}

// Evaluate classifies images and compares the answers with their labels, whose classes are
// matched by name: those that the references lack are an error that wraps
// dataset.ErrClasses. If ctx is done it returns an error that wraps the cause.
func (c *Classifier) Evaluate(ctx context.Context, images dataset.Subset) (*Evaluation, error) {
	list, err := evaluate(ctx, []*Classifier{c}, images)
	if err != nil {
		return nil, err
	}
	return list[0], nil
}

// evaluate evaluates classifiers that share networks and rule. It embeds the images
// once.
func evaluate(ctx context.Context, classifiers []*Classifier, images dataset.Subset) ([]*Evaluation, error) {
	c := classifiers[0]
	if err := c.nets[0].model.CheckFits(images.Set); err != nil {
		return nil, err
	}
	aligned, err := images.Set.Align(c.References.Set.Classes, dataset.ByName)
	if err != nil {
		return nil, fmt.Errorf("%s and the references: %w", images.Set.Name, err)
	}
	images.Set = aligned
	var list []*Evaluation
	for _, c := range classifiers {
		list = append(list, c.newEvaluation())
	}
	atOnce := c.atOnce()
	for first := 0; first < images.Len(); first += atOnce {
		some := dataset.Subset{Set: images.Set, Index: images.Index[first:min(first+atOnce, images.Len())]}
		embedded, err := classifiers[0].embed(ctx, some)
		if err != nil {
			return nil, interruptedAfter(first, images.Len(), err)
		}
		for i, c := range classifiers {
			answers, err := c.answers(ctx, embedded)
			if err != nil {
				return nil, interruptedAfter(first, images.Len(), err)
			}
			list[i].add(some, answers)
		}
	}
	return list, nil
}

// atOnce returns the number of images that are embedded at a time, at most 4096. Fewer are
// if their embeddings and similarities would take too much memory.
func (c *Classifier) atOnce() int {
	each := memory.Of[float32](2*float64(c.dim)) + memory.Of[float64](float64(c.References.Len()))
	return int(max(1, min(4096, float64(c.nets[0].memory)/each)))
}

func interruptedAfter(done, all int, err error) error {
	return fmt.Errorf("interrupted after %d of %d images: %w", done, all, err)
}

func (c *Classifier) newEvaluation() *Evaluation {
	net, classes := c.nets[0].model.Net(), c.References.Set.Classes
	e := &Evaluation{Params: net.NumParams(), Degree: net.Degree(), References: c.References.Len(), Classes: classes}
	for range classes {
		e.Confusion = append(e.Confusion, make([]int, len(classes)))
		e.ByReference = append(e.ByReference, make([]int, c.References.Len()))
	}
	return e
}

// add counts answers about images.
func (e *Evaluation) add(images dataset.Subset, answers []Answer) {
	e.Total += len(answers)
	for i, a := range answers {
		label := images.Label(i)
		e.Confusion[label][a.Label]++
		e.ByReference[label][a.Nearest]++
		if a.Label == label {
			e.Correct++
		}
	}
	e.Accuracy = float64(e.Correct) / float64(max(1, e.Total))
}
