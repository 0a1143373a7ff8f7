package model

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/coarsegrain/taylornet/dataset"
	"github.com/coarsegrain/taylornet/engine"
	"github.com/coarsegrain/taylornet/internal/memory"
)

// Evaluation is how a model does on labelled images.
type Evaluation struct {
	Correct   int     `json:"correct"`
	Total     int     `json:"total"`
	Loss      float64 `json:"loss"`      // mean cross-entropy, nats
	Outside   int     `json:"outside"`   // images for which Prediction.Outside is set
	Overflow  int     `json:"overflow"`  // of those, the ones whose logits overflow: wrong, and not in Confusion
	Confusion [][]int `json:"confusion"` // [K][K] counts, by true class, then by predicted class
	// Mistakes are the wrong answers, the most confident first.
	Mistakes []Mistake `json:"-"`
}

// Mistake is an image that was classified wrongly.
type Mistake struct {
	Index       int // of the image in the subset evaluated
	Label       int // true class
	Predicted   int
	Probability float32 // of the predicted class
}

// Accuracy returns the fraction of the images that was classified correctly.
func (e *Evaluation) Accuracy() float64 { return e.fraction(e.Correct) }

func (e *Evaluation) fraction(n int) float64 { return float64(n) / float64(max(1, e.Total)) }

// CheckFits returns the error of Align.
func (m *Model) CheckFits(set *dataset.Set) error {
	_, err := m.Align(set)
	return err
}

// Align returns the images labelled by the model's classes, found by their names; a set
// may have some of the classes only. The error wraps ErrShape if the images have another
// shape than the model takes, and dataset.ErrClasses if there are names that the model
// does not know. Classes that have other names can be matched by position beforehand:
// see (*dataset.Set).Align.
func (m *Model) Align(set *dataset.Set) (*dataset.Set, error) {
	in := m.cfg.Net.Input
	if set.H != in.H || set.W != in.W || set.C != in.C {
		return nil, fmt.Errorf("%w: %s has images of %dx%dx%d, it takes %dx%dx%d", ErrShape, set.Name, set.H, set.W, set.C, in.H, in.W, in.C)
	}
	aligned, err := set.Align(m.cfg.Classes, dataset.ByName)
	if err != nil {
		return nil, fmt.Errorf("%s has %d classes, the model %d: %w", set.Name, len(set.Classes), len(m.cfg.Classes), err)
	}
	return aligned, nil
}

// View returns the same images seen in another way. An example is
// (*dataset.Set).Mirrored.
type View func(*dataset.Set) *dataset.Set

// Evaluate classifies the images and compares the answers with their labels, whose
// classes are matched by name: see Align. With views, the logits of an image are the
// means over the image and its views: test-time augmentation.
func (m *Model) Evaluate(ctx context.Context, images dataset.Subset, views ...View) (*Evaluation, error) {
	aligned, err := m.Align(images.Set)
	if err != nil {
		return nil, err
	}
	images.Set = aligned
	logits, err := m.noLogits(images.Len())
	if err != nil {
		return nil, err
	}
	share := 1 / float32(1+len(views))
	asIs := func(set *dataset.Set) *dataset.Set { return set }
	for _, view := range append([]View{asIs}, views...) {
		set := view(images.Set) // one at a time: each may be as large as the data
		if err := m.CheckFits(set); err != nil {
			return nil, err
		}
		if set.Len() != images.Set.Len() {
			return nil, fmt.Errorf("a view has %d images, want %d", set.Len(), images.Set.Len())
		}
		seen := dataset.Subset{Set: set, Index: images.Index}
		err := m.run(ctx, seen.Len(), func(i int, x []float32) {
			m.cfg.Normalisation.Apply(x, seen.Image(i))
		}, func(i int, y []float32) {
			for k, v := range y {
				logits[i][k] += share * v
			}
		})
		if err != nil {
			return nil, err
		}
	}
	return m.compare(images, logits), nil
}

// noLogits returns room for the logits of n images, unless they and what follows from
// them take too much memory.
func (m *Model) noLogits(n int) ([][]float32, error) {
	const slice, count = 24, 8
	k := len(m.cfg.Classes)
	each := memory.Of[float32](float64(k)) + slice
	confusion := float64(k) * (count*float64(k) + slice)
	if err := memory.Check(m.memory, float64(n)*each+confusion, fmt.Sprintf("the answers to %d images in %d classes", n, k)); err != nil {
		if fit := int((float64(m.memory) - confusion) / each); fit > 0 {
			err = fmt.Errorf("%w; those to %d images would fit", err, fit)
		}
		return nil, err
	}
	all, logits := make([]float32, n*k), make([][]float32, n)
	for i := range logits {
		logits[i] = all[i*k:][:k]
	}
	return logits, nil
}

// compare counts how the logits of images agree with their labels.
func (m *Model) compare(images dataset.Subset, logits [][]float32) *Evaluation {
	classes := len(m.cfg.Classes)
	e := &Evaluation{Total: len(logits), Confusion: make([][]int, classes)}
	for k := range e.Confusion {
		e.Confusion[k] = make([]int, classes)
	}
	p := make([]float32, classes)
	for i, y := range logits {
		label := images.Label(i)
		loss := engine.CrossEntropy(p, y, engine.Target{Label: label})
		if !(loss <= math.MaxFloat32) {
			loss = math.MaxFloat32 // a deep polynomial may leave the range of float32, as NaN too
		}
		e.Loss += loss
		if m.outside(images.Image(i), y) {
			e.Outside++
		}
		if !finite(spread(y)) {
			e.Overflow++
			continue
		}
		k := argmax(y)
		e.Confusion[label][k]++
		if k == label {
			e.Correct++
			continue
		}
		engine.Softmax(p, y)
		e.Mistakes = append(e.Mistakes, Mistake{i, label, k, p[k]})
	}
	e.Loss /= float64(max(1, e.Total))
	slices.SortStableFunc(e.Mistakes, func(a, b Mistake) int { return cmp.Compare(b.Probability, a.Probability) })
	return e
}

// Report is an evaluation together with what was evaluated.
type Report struct {
	Accuracy  float64  `json:"accuracy"`
	Correct   int      `json:"correct"`
	Total     int      `json:"total"`
	Loss      float64  `json:"loss"` // mean cross-entropy, nats
	Params    int      `json:"params"`
	Degree    int      `json:"degree"` // 0 if the network is not a polynomial
	Data      string   `json:"data"`
	Split     string   `json:"split"`
	Classes   []string `json:"classes"`
	Confusion [][]int  `json:"confusion"` // by true class, then by predicted class
	Outside   int      `json:"outside"`   // images for which Prediction.Outside is set
	Overflow  int      `json:"overflow"`  // images whose logits overflow: wrong, and not in Confusion

	Disturbed []Disturbed `json:"disturbed,omitempty"`
}

// Report returns an evaluation of the model on a split of a data set, with what was
// evaluated and how the model did on disturbed images; disturbed may be nil.
func (m *Model) Report(e *Evaluation, data, split string, disturbed []Disturbed) Report {
	return Report{
		Accuracy: e.Accuracy(), Correct: e.Correct, Total: e.Total, Loss: e.Loss,
		Params: m.cfg.Net.NumParams(), Degree: m.cfg.Net.Degree(),
		Data: data, Split: split, Classes: m.Classes(), Confusion: e.Confusion, Outside: e.Outside, Overflow: e.Overflow, Disturbed: disturbed,
	}
}
