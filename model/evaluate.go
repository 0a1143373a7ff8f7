package model

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/coarsegrain/taylornet/dataset"
	"github.com/coarsegrain/taylornet/layer"
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

// Evaluate classifies the images and compares with their labels.
func (m *Model) Evaluate(images dataset.Subset) (*Evaluation, error) {
	if err := m.CheckFits(images.Set); err != nil {
		return nil, err
	}
	type answer struct {
		label       int
		probability float32
		loss        float64
		outside     bool
	}
	answers := make([]answer, images.N())
	err := m.run(images.N(), func(i int, x []float32) {
		m.Normalisation.Apply(x, images.Image(i))
	}, func(i int, y []float32) {
		p := make([]float32, len(y))
		loss := layer.CrossEntropy(p, y, layer.Target{Label: images.Label(i)})
		if !(loss <= math.MaxFloat32) {
			loss = math.MaxFloat32 // a deep polynomial may leave the range of float32, NaN with it
		}
		answers[i] = answer{label: -1, loss: loss, outside: m.outside(y)}
		if finite(spread(y)) {
			layer.Softmax(p, y)
			k := argmax(y)
			answers[i].label, answers[i].probability = k, p[k]
		}
	})
	if err != nil {
		return nil, err
	}
	e := &Evaluation{Total: images.N(), Confusion: make([][]int, len(m.Classes))}
	for k := range e.Confusion {
		e.Confusion[k] = make([]int, len(m.Classes))
	}
	for i, a := range answers {
		label := images.Label(i)
		e.Loss += a.loss
		if a.outside {
			e.Outside++
		}
		if a.label < 0 {
			e.Overflow++
			continue
		}
		e.Confusion[label][a.label]++
		if a.label == label {
			e.Correct++
		} else {
			e.Mistakes = append(e.Mistakes, Mistake{i, label, a.label, a.probability})
		}
	}
	e.Loss /= float64(max(1, e.Total))
	slices.SortStableFunc(e.Mistakes, func(a, b Mistake) int { return cmp.Compare(b.Probability, a.Probability) })
	return e, nil
}
