package train

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"time"

	"github.com/coarsegrain/taylornet/internal/check"
	"github.com/coarsegrain/taylornet/internal/memory"
	"github.com/coarsegrain/taylornet/internal/safetensors"
	"github.com/coarsegrain/taylornet/optim"
)

// stateFormat names the format of LastFile and its version.
const stateFormat = "taylornet-run/1"

// status is the part of a run's state that is not vectors.
type status struct {
	Config Config `json:"config"`
	// Fingerprint is that of the training images and labels.
	Fingerprint string `json:"data_sha256"`
	// ValidationFingerprint is that of the data's own validation part; "" if there is none.
	ValidationFingerprint string `json:"validation_sha256,omitempty"`

	Step    int       `json:"step"` // steps made
	History []Metrics `json:"history"`
	Partial sums      `json:"partial"` // of the epoch in progress
	Best    int       `json:"best"`    // index into History of the epoch kept; -1 before the first
	// OptimiserSteps is the step count of the optimiser's state.
	OptimiserSteps int  `json:"optimiser_steps"`
	Done           bool `json:"done"`
	// SavedAt is when the checkpoint was written.
	SavedAt time.Time `json:"saved_at,omitzero"`
}

// sums are totals over the steps of an epoch, of which its metrics are made.
type sums struct {
	Loss    float64 `json:"loss"`
	Correct int     `json:"correct"`
	Images  int     `json:"images"`
	Seconds float64 `json:"seconds"`
}

// consistent reports whether a run of so many epochs, each of so many steps with so many
// images, can have this status. All steps of the epoch in progress may be made: it is then
// still to be evaluated.
func (s *status) consistent(epochs, steps, images int) bool {
	closed := len(s.History)
	made := s.Step - closed*steps // in the epoch in progress
	return made >= 0 && made <= steps && s.OptimiserSteps >= 0 && s.Partial.Images == made*images &&
		s.Best >= -1 && s.Best < closed && (s.Best >= 0) == (closed > 0) &&
		(s.Done && closed > 0 && closed <= epochs && made == 0 || !s.Done && closed < epochs)
}

// Bounds on what a checkpoint says of a run's course.
const (
	mostSeconds = 1e9  // of an epoch: 30 years
	mostSpeed   = 1e12 // images per second
	mostLoss    = 1e39 // of finite logits
)

// validate returns an error about a figure that no run has.
func (s *status) validate() error {
	if err := s.Config.Validate(); err != nil {
		return err
	}
	for i, m := range s.History {
		if m.Epoch != i+1 {
			return fmt.Errorf("history: epoch %d is in place %d", m.Epoch, i+1)
		}
		if err := m.validate(); err != nil {
			return fmt.Errorf("history: epoch %d: %w", m.Epoch, err)
		}
	}
	p := s.Partial
	return check.All(
		check.Within("loss of the epoch in progress", p.Loss, 0, mostLoss),
		check.Within("images of the epoch in progress", float64(p.Images), 0, math.MaxInt32),
		check.Within("hits of the epoch in progress", float64(p.Correct), 0, float64(p.Images)),
		check.Within("seconds of the epoch in progress", p.Seconds, 0, mostSeconds),
	)
}

func (m *Metrics) validate() error {
	faults := []error{check.Within("number of partial sums", float64(len(m.Partial)), 0, maxOrders)}
	for _, accuracy := range m.Partial {
		faults = append(faults, check.Within("accuracy of a partial sum", accuracy, 0, 1))
	}
	return check.All(append(faults,
		check.Within("training loss", m.TrainLoss, 0, mostLoss),
		check.Within("training accuracy", m.TrainAccuracy, 0, 1),
		check.Within("validation loss", m.ValidationLoss, 0, mostLoss),
		check.Within("validation accuracy", m.ValidationAccuracy, 0, 1),
		check.Within("test accuracy", m.TestAccuracy, 0, 1),
		check.Within("rate", m.Rate, 0, maxRate),
		check.Within("seconds", m.Seconds, 0, mostSeconds),
		check.Within("images per second", m.ImagesPerSecond, 0, mostSpeed),
	)...)
}

// state is everything that a resume needs.
type state struct {
	status
	params  []float32 // as the last step left them
	average []float32 // their moving average; params itself if there is none
	kept    []float32 // the average after the best epoch
	optim   *optim.State
}

// vectors lists the vectors that a checkpoint holds.
func (s *state) vectors() []safetensors.Tensor {
	vector := func(name string, data []float32) safetensors.Tensor {
		return safetensors.Tensor{Name: name, Shape: []int{len(data)}, Data: data}
	}
	out := []safetensors.Tensor{vector("params", s.params), vector("best", s.kept)}
	if s.Config.Average > 0 {
		out = append(out, vector("average", s.average))
	}
	for _, slot := range s.optim.Slots {
		out = append(out, vector(slot.Name, slot.Data))
	}
	return out
}

// write writes a checkpoint.
func (s *state) write(w io.Writer) error {
	s.OptimiserSteps = s.optim.Steps
	text, err := json.Marshal(s.status)
	if err != nil {
		return err
	}
	return safetensors.Write(w, &safetensors.File{
		Metadata: map[string]string{safetensors.FormatKey: stateFormat, "progress": string(text)},
		Tensors:  s.vectors(),
	})
}

// checkpoint is what LastFile holds.
type checkpoint struct {
	status
	file *safetensors.File
}

// readCheckpoint returns the checkpoint in a folder. The budget is that of Options.Memory.
func readCheckpoint(dir string, budget int64) (*checkpoint, error) {
	path := filepath.Join(dir, LastFile)
	data, err := safetensors.ReadFile(path, memory.Or(budget)/2) // it is decoded beside the bytes
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("nothing to resume in %s: %w", dir, err)
	}
	if err != nil {
		return nil, fmt.Errorf("reading checkpoint: %w", err)
	}
	c, err := decodeCheckpoint(data)
	if err != nil {
		return nil, fmt.Errorf("reading checkpoint %s: %w", path, err)
	}
	return c, nil
}

func decodeCheckpoint(data []byte) (*checkpoint, error) {
	c := &checkpoint{}
	var err error
	if c.file, err = safetensors.DecodeAs(data, "a checkpoint of a run", stateFormat); err != nil {
		return nil, err
	}
	if err := json.Unmarshal([]byte(c.file.Metadata["progress"]), &c.status); err != nil {
		return nil, err
	}
	return c, c.validate()
}

// restore copies a checkpoint into a fresh state with the same settings.
func (s *state) restore(c *checkpoint) error {
	s.status = c.status
	s.optim.Steps = c.OptimiserSteps
	for _, v := range s.vectors() {
		t, ok := c.file.Tensor(v.Name)
		if !ok || len(t.Data) != len(v.Data) {
			return fmt.Errorf("checkpoint: vector %q is missing, or its length is not %d", v.Name, len(v.Data))
		}
		copy(v.Data, t.Data)
	}
	return nil
}
