package train

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// Metrics are the figures of one epoch. Accuracies are 0 to 1, losses are mean
// cross-entropies in nats. The training figures come from the steps themselves, on
// augmented images and with smoothed labels. The validation figures are those of the
// averaged weights after the epoch.
type Metrics struct {
	Epoch              int     `json:"epoch"` // counted from 1
	TrainLoss          float64 `json:"train_loss"`
	TrainAccuracy      float64 `json:"train_accuracy"`
	ValidationLoss     float64 `json:"validation_loss,omitempty"`
	ValidationAccuracy float64 `json:"validation_accuracy,omitempty"`
	// Partial holds the validation accuracies of the partial sums of orders
	// f_0 + ... + f_k, k = 1 to Config.Orders.
	Partial []float64 `json:"partial,omitempty"`
	// TestAccuracy is measured only with Options.TestCurve; nothing is chosen by it.
	TestAccuracy    float64 `json:"test_accuracy,omitempty"`
	Rate            float64 `json:"rate"`    // of the last step
	Seconds         float64 `json:"seconds"` // in steps, without evaluation
	ImagesPerSecond float64 `json:"images_per_second"`
}

// better reports whether m is better than old on the validation images: more accurate,
// or equally accurate with a lower loss.
func (m *Metrics) better(old *Metrics, graded bool) bool {
	if a, b := m.accuracy(graded), old.accuracy(graded); a != b {
		return a > b
	}
	return m.ValidationLoss < old.ValidationLoss
}

// accuracy returns the accuracy on the validation images, in a graded run the mean of
// those of the whole network and of each partial sum.
func (m *Metrics) accuracy(graded bool) float64 {
	if !graded {
		return m.ValidationAccuracy
	}
	sum := m.ValidationAccuracy
	for _, a := range m.Partial {
		sum += a
	}
	return sum / float64(1+len(m.Partial))
}

// lines returns metrics as JSON, one line per epoch.
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
