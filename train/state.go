package train

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/coarsegrain/taylornet/internal/fsx"
	"github.com/coarsegrain/taylornet/internal/safetensors"
	"github.com/coarsegrain/taylornet/optim"
)

// Names of the files in a run folder.
const (
	ConfigFile  = "config.json"
	MetricsFile = "metrics.jsonl"
	ModelFile   = "model.safetensors"   // what to use: averaged weights of the best epoch
	LastFile    = "last.safetensors"    // everything that a resume needs
	TeacherFile = "teacher.safetensors" // a copy of the teacher, if there is one
)

// SeedDir is the run folder, in a folder of runs that differ in their seeds, of the one
// with this seed.
func SeedDir(dir string, seed uint64) string {
	return filepath.Join(dir, fmt.Sprintf("seed-%d", seed))
}

// stateFormat names the format of LastFile and its version.
const stateFormat = "taylornet-run/1"

// progress is the part of a run's state that is not vectors.
type progress struct {
	Config Config `json:"config"`
	// Data is the checksum of the training images and labels.
	Data    string    `json:"data_sha256"`
	Step    int       `json:"step"` // steps made
	History []Metrics `json:"history"`
	Partial sums      `json:"partial"` // of the epoch in progress
	Best    int       `json:"best"`    // index into History of the epoch kept; -1 before the first
	// OptimiserSteps is the step count of the optimiser's state.
	OptimiserSteps int  `json:"optimiser_steps"`
	Done           bool `json:"done"`
}

// sums gather an epoch's metrics.
type sums struct {
	Loss    float64 `json:"loss"`
	Correct int     `json:"correct"`
	Images  int     `json:"images"`
	Seconds float64 `json:"seconds"`
}

// state is everything that a resume needs.
type state struct {
	progress
	params  []float32 // as the last step left them
	average []float32 // their moving average; params itself if there is none
	best    []float32 // the average after the best epoch
	optim   *optim.State
}

// vectors lists the vectors that a checkpoint holds.
func (s *state) vectors() []safetensors.Tensor {
	vector := func(name string, data []float32) safetensors.Tensor {
		return safetensors.Tensor{Name: name, Shape: []int{len(data)}, Data: data}
	}
	out := []safetensors.Tensor{vector("params", s.params), vector("best", s.best)}
	if s.Config.Average > 0 {
		out = append(out, vector("average", s.average))
	}
	for _, slot := range s.optim.Slots {
		out = append(out, vector(slot.Name, slot.Data))
	}
	return out
}

// write writes the checkpoint.
func (s *state) write(w io.Writer) error {
	s.OptimiserSteps = s.optim.Steps
	text, err := json.Marshal(s.progress)
	if err != nil {
		return err
	}
	return safetensors.Write(w, &safetensors.File{
		Metadata: map[string]string{safetensors.FormatKey: stateFormat, "progress": string(text)},
		Tensors:  s.vectors(),
	})
}

// checkpoint is a checkpoint as read.
type checkpoint struct {
	progress
	file *safetensors.File
}

func readCheckpoint(dir string) (*checkpoint, error) {
	path := filepath.Join(dir, LastFile)
	data, err := os.ReadFile(path)
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
	if err := json.Unmarshal([]byte(c.file.Metadata["progress"]), &c.progress); err != nil {
		return nil, err
	}
	return c, c.Config.Validate()
}

// consistent reports whether a run of so many epochs and steps an epoch can have come
// to this.
func (p *progress) consistent(epochs, steps int) bool {
	return p.Step >= 0 && p.OptimiserSteps >= 0 && len(p.History) <= epochs && len(p.History) == p.Step/steps &&
		p.Best >= -1 && p.Best < len(p.History) && (p.Best >= 0) == (p.Step >= steps) &&
		(p.Done && p.Step >= steps && p.Step%steps == 0 || !p.Done && p.Step < epochs*steps)
}

// restore takes a checkpoint's content into a fresh state of the same config.
func (s *state) restore(c *checkpoint) error {
	s.progress = c.progress
	s.optim.Steps = c.OptimiserSteps
	for _, v := range s.vectors() {
		t, ok := c.file.Tensor(v.Name)
		if !ok || len(t.Data) != len(v.Data) {
			return fmt.Errorf("checkpoint: vector %q is missing or has not the length %d", v.Name, len(v.Data))
		}
		copy(v.Data, t.Data)
	}
	return nil
}

// ReadConfig returns the settings of the run in a folder.
func ReadConfig(dir string) (Config, error) {
	c, err := readCheckpoint(dir)
	if err != nil {
		return Config{}, err
	}
	return c.Config, nil
}

// Exists reports whether dir holds a run.
func Exists(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, LastFile))
	return err == nil
}

func writeJSON(fs fsx.FS, path string, value any) error {
	text, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	return fsx.WriteBytes(fs, path, append(text, '\n'))
}
