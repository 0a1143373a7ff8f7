package cli

import (
	"fmt"

	"github.com/coarsegrain/taylornet/dataset"
	"github.com/coarsegrain/taylornet/model"
)

// disturbedOutput is how a model does on disturbed images.
type disturbedOutput struct {
	Name     string  `json:"name"`
	Accuracy float64 `json:"accuracy"`
	// Outside is the part of the images far outside the range of the training
	// images, of which predict says nothing.
	Outside float64 `json:"outside"`
}

// disturbance is one that robustness is measured by.
type disturbance struct {
	name string
	dataset.Disturbance
}

func disturbances() []disturbance {
	list := []disturbance{{"as they are", dataset.Disturbance{}}}
	for _, k := range []int{1, 2, 3} {
		list = append(list, disturbance{"shifted by " + plural(k, "pixel"), dataset.Disturbance{Shift: k}})
	}
	for _, x := range []float64{0.1, 0.2, 0.3} {
		list = append(list, disturbance{fmt.Sprintf("noise of deviation %g", x), dataset.Disturbance{Noise: x}})
	}
	for _, x := range []float64{0.5, 0.75, 1.5, 2} {
		list = append(list, disturbance{fmt.Sprintf("contrast %g", x), dataset.Disturbance{Contrast: x}})
	}
	return list
}

// disturbSeed is that of all random disturbances, so that models see the same images.
const disturbSeed = 1

// disturb evaluates a model on images disturbed in various ways.
func disturb(m *model.Model, images dataset.Subset) ([]disturbedOutput, error) {
	var list []disturbedOutput
	for _, d := range disturbances() {
		e, err := m.Evaluate(d.Apply(images, disturbSeed).All())
		if err != nil {
			return nil, err
		}
		list = append(list, disturbedOutput{d.name, e.Accuracy(), float64(e.Outside) / float64(max(1, e.Total))})
	}
	return list, nil
}

func (a *app) writeDisturbed(list []disturbedOutput) {
	t := newTable("images", ">right", ">far outside the training range")
	for _, d := range list {
		t.add(d.Name, percent(d.Accuracy), percent(d.Outside))
	}
	t.write(a.out)
}
