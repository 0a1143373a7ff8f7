package model

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/coarsegrain/taylornet/dataset"
	"github.com/coarsegrain/taylornet/engine"
	"github.com/coarsegrain/taylornet/engine/cpu"
	"github.com/coarsegrain/taylornet/spec"
)

// ErrShape is wrapped by errors about images that do not fit a model.
var ErrShape = errors.New("the model takes other images")

// ErrNotFinite is wrapped by errors about images for which the network's
// output overflows: a polynomial of high degree grows fast outside the range
// that it was trained on.
var ErrNotFinite = errors.New("the network's output is not a finite number")

// Model is a trained network.
type Model struct {
	Config
	// compiled makes the program at the first use: a model file, however
	// small, may describe a network that takes much memory to run.
	compiled func() (engine.Program[float32], error)
}

// Config is what a model consists of.
type Config struct {
	Net *spec.Net
	// Params is the flat parameter vector, laid out as Net.Params says.
	Params []float32
	// Normalisation makes network inputs of pixels.
	Normalisation dataset.Normalisation
	// Classes are the names of the logits.
	Classes []string
	// LogitRange is the spread of the logits that nearly all training images stay
	// within, as MeasureRange measures it; 0 if it is not known.
	LogitRange float32
	// Training is a record of how the parameters came about, in JSON. It is
	// kept as it is and may be empty.
	Training json.RawMessage
}

// New makes a model; workers is the number of goroutines that a batch may use,
// 0 for one a processor. The error says what does not fit. The model keeps
// cfg's slices.
func New(cfg Config, workers int) (*Model, error) {
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	return &Model{Config: cfg, compiled: sync.OnceValues(func() (engine.Program[float32], error) {
		return cpu.New().Compile(cfg.Net, cfg.Params, engine.Options{Workers: workers})
	})}, nil
}

// run evaluates n images, as engine.Program does.
func (m *Model) run(n int, input, output func(i int, v []float32)) error {
	program, err := m.compiled()
	if err != nil {
		return err
	}
	program.Run(n, input, output)
	return nil
}

func (c *Config) validate() error {
	if err := c.Net.Validate(); err != nil {
		return fmt.Errorf("network: %w", err)
	}
	if err := c.Normalisation.Validate(c.Net.Input.C); err != nil {
		return errors.New(strings.ReplaceAll(err.Error(), "\n", "; "))
	}
	if k := c.Net.Out().Size(); k != len(c.Classes) {
		return fmt.Errorf("the network has %d outputs for %d classes", k, len(c.Classes))
	}
	if !finite(c.LogitRange) || c.LogitRange < 0 {
		return fmt.Errorf("range of logits %v: want a number from 0 on", c.LogitRange)
	}
	list := c.Net.Params()
	if want := engine.VectorLen(list); len(c.Params) != want {
		return fmt.Errorf("%w: %d values, the network has %d", engine.ErrParams, len(c.Params), want)
	}
	for _, p := range list {
		for i, v := range c.Params[p.Offset:][:p.Size()] {
			if !finite(v) {
				return fmt.Errorf("parameter %s has the value %v at %d", p.Name, v, i)
			}
			if p.Role == spec.Var && v < 0 {
				return fmt.Errorf("parameter %s has the negative variance %v at %d", p.Name, v, i)
			}
		}
	}
	return nil
}
