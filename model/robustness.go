package model

import (
	"context"

	"github.com/coarsegrain/taylornet/dataset"
)

// Disturbed is how a model does on images disturbed in one way.
type Disturbed struct {
	Name     string  `json:"name"`
	Accuracy float64 `json:"accuracy"`
	// Outside is the fraction of the images for which Prediction.Outside is set.
	Outside float64 `json:"outside"`
}

// disturbSeed is the random seed of all disturbances, so that every model sees the
// same images.
const disturbSeed = 1

// Robustness evaluates the model on images with each of dataset.Disturbances. The
// first of the list is the given evaluation of the images as they are.
func (m *Model) Robustness(ctx context.Context, images dataset.Subset, undisturbed *Evaluation, views ...View) ([]Disturbed, error) {
	list := []Disturbed{disturbed(dataset.Disturbance{}.String(), undisturbed)}
	for _, d := range dataset.Disturbances() {
		e, err := m.Evaluate(ctx, d.Apply(images, disturbSeed).All(), views...)
		if err != nil {
			return nil, err
		}
		list = append(list, disturbed(d.String(), e))
	}
	return list, nil
}

func disturbed(name string, e *Evaluation) Disturbed {
	return Disturbed{name, e.Accuracy(), e.fraction(e.Outside)}
}
