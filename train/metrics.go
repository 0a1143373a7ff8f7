package train

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// Metrics is what is measured of one epoch; accuracies are 0 to 1, losses mean
// cross-entropies in nats. The training figures are those of the steps as they
// were made, on augmented images and with smoothed labels; the validation
// figures are those of the averaged weights after the epoch.
type Metrics struct {
	Epoch              int     `json:"epoch"` // counted from 1
	TrainLoss          float64 `json:"train_loss"`
	TrainAccuracy      float64 `json:"train_accuracy"`
	ValidationLoss     float64 `json:"validation_loss,omitempty"`
	ValidationAccuracy float64 `json:"validation_accuracy,omitempty"`
	// TestAccuracy is there with Options.TestCurve only; nothing is chosen by it.
	TestAccuracy    float64 `json:"test_accuracy,omitempty"`
	Rate            float64 `json:"rate"`    // of the last step
	Seconds         float64 `json:"seconds"` // in steps, without evaluation
	ImagesPerSecond float64 `json:"images_per_second"`
}

// better reports whether m is better on the validation images than old: more
// accurate, or as accurate with less loss.
func (m *Metrics) better(old *Metrics) bool {
	if m.ValidationAccuracy != old.ValidationAccuracy {
		return m.ValidationAccuracy > old.ValidationAccuracy
	}
	return m.ValidationLoss < old.ValidationLoss
}

// lines is a list of metrics as JSON, one line each.
func lines(list []Metrics) ([]byte, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	for _, m := range list {
		if err := encoder.Encode(m); err != nil {
			return nil, fmt.Errorf("metrics of epoch %d: %w", m.Epoch, err)
		}
	}
	return out.Bytes(), nil
}

// Progress is where a run is, told after every step.
type Progress struct {
	Epoch, Epochs   int     // the epoch in progress, counted from 1
	Step, Steps     int     // steps made in it, and its number of steps
	Loss, Accuracy  float64 // mean over the epoch so far
	ImagesPerSecond float64 // over the epoch so far
	// Finished is the epoch's metrics when its last step has been made and the
	// validation images are evaluated; nil before.
	Finished *Metrics
}
