package model

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"

	"github.com/coarsegrain/taylornet/dataset"
	"github.com/coarsegrain/taylornet/engine"
	"github.com/coarsegrain/taylornet/engine/cpu"
	"github.com/coarsegrain/taylornet/spec"
)

// ErrShape is wrapped by errors about images that do not fit a model.
var ErrShape = errors.New("the model takes other images")

// Model is a trained network.
type Model struct {
	Config
	program engine.Program[float32]
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
	// Training is a record of how the parameters came about, in JSON. It is
	// kept as it is and may be empty.
	Training json.RawMessage
}

// New compiles a model; workers is the number of goroutines that a batch may
// use, 0 for one a processor. The error says what does not fit. The model
// keeps cfg's slices.
func New(cfg Config, workers int) (*Model, error) {
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	program, err := cpu.New().Compile(cfg.Net, cfg.Params, engine.Options{Workers: workers})
	if err != nil {
		return nil, err
	}
	return &Model{Config: cfg, program: program}, nil
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
	list := c.Net.Params()
	if want := engine.VectorLen(list); len(c.Params) != want {
		return fmt.Errorf("%w: %d values, the network has %d", engine.ErrParams, len(c.Params), want)
	}
	for _, p := range list {
		for i, v := range c.Params[p.Offset:][:p.Size()] {
			if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
				return fmt.Errorf("parameter %s has the value %v at %d", p.Name, v, i)
			}
			if p.Role == spec.Var && v < 0 {
				return fmt.Errorf("parameter %s has the negative variance %v at %d", p.Name, v, i)
			}
		}
	}
	return nil
}
