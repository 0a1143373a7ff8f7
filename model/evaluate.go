package model

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/coarsegrain/taylornet/dataset"
	"github.com/coarsegrain/taylornet/engine"
)

// Evaluation is how a model does on labelled images.
type Evaluation struct {
	Correct   int     `json:"correct"`
	Total     int     `json:"total"`
	Loss      float64 `json:"loss"`      // mean cross-entropy, nats
	Outside   int     `json:"outside"`   // images that Prediction.Outside is set for
	Overflow  int     `json:"overflow"`  // those of them whose logits overflow: not right, and in no class
	Confusion [][]int `json:"confusion"` // [K][K] counts, by true class, then by predicted
	// Mistakes are the wrong answers, those given with most confidence first.
	Mistakes []Mistake `json:"-"`
}

// Mistake is an image that was classified wrongly.
type Mistake struct {
	Index       int // of the image in the subset evaluated
	Label       int // true class
	Predicted   int
	Probability float32 // given to the predicted class
}

// Accuracy is the part of the images that was classified correctly, 0 to 1.
func (e *Evaluation) Accuracy() float64 {
	if e.Total == 0 {
		return 0
	}
	return float64(e.Correct) / float64(e.Total)
}

// CheckFits reports images that the model does not take, or that have another
// number of classes.
func (m *Model) CheckFits(set *dataset.Set) error {
	in := m.Net.Input
	if set.H != in.H || set.W != in.W || set.C != in.C {
		return fmt.Errorf("%w: %s has images of %dx%dx%d, it takes %dx%dx%d", ErrShape, set.Name, set.H, set.W, set.C, in.H, in.W, in.C)
	}
	if len(set.Classes) != len(m.Classes) {
		return fmt.Errorf("%s has %d classes, the model %d", set.Name, len(set.Classes), len(m.Classes))
	}
	return nil
}

// Evaluate classifies the images and compares with their labels. With views, the same
// images seen otherwise, as in a mirror, the logits are the means over all of them.
func (m *Model) Evaluate(images dataset.Subset, views ...dataset.Subset) (*Evaluation, error) {
	logits := make([][]float32, images.Len())
	share := 1 / float32(1+len(views))
	for _, seen := range append([]dataset.Subset{images}, views...) {
		if err := m.CheckFits(seen.Set); err != nil {
			return nil, err
		}
		if seen.Len() != len(logits) {
			return nil, fmt.Errorf("a view has %d images, want %d", seen.Len(), len(logits))
		}
		err := m.run(seen.Len(), func(i int, x []float32) {
			m.Normalisation.Apply(x, seen.Image(i))
		}, func(i int, y []float32) {
			if logits[i] == nil {
				logits[i] = make([]float32, len(y))
			}
			for k, v := range y {
				logits[i][k] += share * v
			}
		})
		if err != nil {
			return nil, err
		}
	}
	e := &Evaluation{Total: images.Len(), Confusion: make([][]int, len(m.Classes))}
	for k := range e.Confusion {
		e.Confusion[k] = make([]int, len(m.Classes))
	}
	p := make([]float32, len(m.Classes))
	for i, y := range logits {
		label := images.Label(i)
		loss := engine.CrossEntropy(p, y, engine.Target{Label: label})
		if !(loss <= math.MaxFloat32) {
			loss = math.MaxFloat32 // a deep polynomial may leave the range of float32, NaN with it
		}
		e.Loss += loss
		if m.outside(y) {
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
	return e, nil
}
