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
	var list []disturbance
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

// disturb evaluates a model on images disturbed in various ways; e is its evaluation
// on them as they are.
func (f *evalFlags) disturb(m *model.Model, images dataset.Subset, e *model.Evaluation) ([]disturbedOutput, error) {
	list := []disturbedOutput{disturbedOf("as they are", e)}
	for _, d := range disturbances() {
		e, err := f.evaluate(m, d.Apply(images, disturbSeed).All())
		if err != nil {
			return nil, err
		}
		list = append(list, disturbedOf(d.name, e))
	}
	return list, nil
}

func disturbedOf(name string, e *model.Evaluation) disturbedOutput {
	return disturbedOutput{name, e.Accuracy(), float64(e.Outside) / float64(max(1, e.Total))}
}

func (a *app) writeDisturbed(list []disturbedOutput) {
	t := newTable("images", ">right", ">far outside the training range")
	for _, d := range list {
		t.add(d.Name, percent(d.Accuracy), percent(d.Outside))
	}
	t.write(a.out)
}
