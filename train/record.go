package train

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"time"

	"github.com/coarsegrain/taylornet/dataset"
	"github.com/coarsegrain/taylornet/model"
)

// Record is what a model file says about its training. It holds nothing that differs
// between runs that gave the same weights.
type Record struct {
	Config Config `json:"config"`
	// DataSHA256 is the fingerprint of the training images and labels, those set aside
	// included. It is "" in models of versions that did not record it.
	DataSHA256 string `json:"data_sha256,omitempty"`
	// Epochs is the number of epochs made. Best is the one whose weights were kept,
	// counted from 1.
	Epochs             int     `json:"epochs"`
	Best               int     `json:"best_epoch"`
	ValidationAccuracy float64 `json:"validation_accuracy,omitempty"`
	// TestAccuracy is 0 until the run is finished.
	TestAccuracy float64 `json:"test_accuracy,omitempty"`
	// SavedAt is when ReadRun's checkpoint was written; a model does not record it.
	SavedAt time.Time `json:"-"`
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

// TrainedOn reports whether a model was trained on the training images of a data set: by
// their checksum, or by the name if the model does not record one.
func TrainedOn(m *model.Model, data *dataset.Data) bool {
	r := ReadRecord(m)
	return r.learned(data.Train, data.Name)
}

// learned reports whether the images are those of the record. name is the name of their
// data set.
func (r *Record) learned(set *dataset.Set, name string) bool {
	if r.DataSHA256 != "" {
		return r.DataSHA256 == set.Fingerprint()
	}
	return filepath.Base(r.Config.Data) == name
}

// Split splits a training set as the training of the model did. It returns the images
// that the model learned and those by which its best epoch was chosen. If the model
// records that it was trained on other images, none of these are set aside. If it records
// no checksum, the set must be the one that it was trained on.
func Split(m *model.Model, set *dataset.Set) (learned, validation dataset.Subset, err error) {
	r := ReadRecord(m)
	if r.DataSHA256 != "" && r.DataSHA256 != set.Fingerprint() {
		return set.All(), dataset.Subset{Set: set}, nil
	}
	return set.All().Split(r.Config.Validation, r.Config.Seed)
}

// modelOptions returns the options of the run's model.
func (r *run) modelOptions() model.Options {
	return model.Options{Workers: r.opts.Workers, Engine: r.opts.Engine, Memory: r.share(modelParts)}
}

// model returns the model with these parameters. Its record has the test accuracy unless
// test is nil.
func (r *run) model(params []float32, test *model.Evaluation) (*model.Model, error) {
	record := Record{Config: r.Config, DataSHA256: r.Fingerprint, Epochs: len(r.History)}
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
	c := model.Config{Net: r.net, Params: params, Normalisation: r.norm, Classes: r.data.Train.Classes, Training: text}
	if r.Config.Orders > 0 {
		c.Expansion = r.norm.Mean // where the network's input is zero
	}
	return model.New(c, r.modelOptions())
}
