package model

import (
	"context"
	"slices"

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
		sum := &Evaluation{}
		for part := range slices.Chunk(images.Index, disturbedAtOnce(m.cfg.Net.Input)) {
			e, err := m.Evaluate(ctx, d.Apply(dataset.Subset{Set: images.Set, Index: part}, disturbSeed).All(), views...)
			if err != nil {
				return nil, err
			}
			sum.Correct, sum.Outside, sum.Total = sum.Correct+e.Correct, sum.Outside+e.Outside, sum.Total+e.Total
		}
		list = append(list, disturbed(d.String(), sum))
	}
	return list, nil
}

// disturbedAtOnce returns how many images are disturbed before the network sees them, as
// many as take about a quarter of a second.
func disturbedAtOnce(in shape) int { return max(1, 1<<21/in.Size()) }

func disturbed(name string, e *Evaluation) Disturbed {
	return Disturbed{name, e.Accuracy(), e.fraction(e.Outside)}
}
