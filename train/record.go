package train

import (
	"encoding/json"
	"fmt"

	"github.com/coarsegrain/taylornet/dataset"
	"github.com/coarsegrain/taylornet/model"
)

// Record is what a model file says about its training. It holds nothing that differs
// between runs that gave the same weights.
type Record struct {
	Config Config `json:"config"`
	// Epochs is the number of epochs made. Best is the one whose weights were kept,
	// counted from 1.
	Epochs             int     `json:"epochs"`
	Best               int     `json:"best_epoch"`
	ValidationAccuracy float64 `json:"validation_accuracy,omitempty"`
	// TestAccuracy is 0 until the run is finished.
	TestAccuracy float64 `json:"test_accuracy,omitempty"`
}

// ReadRecord returns what a model says about its training. The record is empty if the
// model has none, or if another program made it.
func ReadRecord(m *model.Model) Record {
	var r Record
	if json.Unmarshal(m.Training(), &r) != nil {
		return Record{}
	}
	return r
}

// Split splits a training set as the training of the model did. It returns the images
// that the model learned and those by which its best epoch was chosen. The set must be
// the one that the model was trained on.
func Split(m *model.Model, set *dataset.Set) (learned, validation dataset.Subset, err error) {
	c := ReadRecord(m).Config
	return set.All().Split(c.Validation, c.Seed)
}

// model returns the model with these parameters. Its record has the test accuracy unless
// test is nil.
func (r *run) model(params []float32, test *model.Evaluation) (*model.Model, error) {
	record := Record{Config: r.Config, Epochs: len(r.History)}
	if r.Best >= 0 {
		record.Best = r.History[r.Best].Epoch
		record.ValidationAccuracy = r.History[r.Best].ValidationAccuracy
	}
	if test != nil {
		record.TestAccuracy = test.Accuracy()
	}
	text, err := json.Marshal(record)
	if err != nil {
		return nil, fmt.Errorf("training record: %w", err)
	}
	return model.New(model.Config{
		Net: r.net, Params: params, Normalisation: r.norm, Classes: r.data.Train.Classes, Training: text,
	}, model.Options{Workers: r.opts.Workers, Engine: r.opts.Engine})
}
