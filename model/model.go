package model

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/coarsegrain/taylornet/dataset"
	"github.com/coarsegrain/taylornet/engine"
	"github.com/coarsegrain/taylornet/engine/cpu"
	"github.com/coarsegrain/taylornet/internal/memory"
	"github.com/coarsegrain/taylornet/spec"
	"github.com/coarsegrain/taylornet/tensor"
)

// ErrShape is wrapped by errors about images that do not fit a model.
var ErrShape = errors.New("the model takes other images")

// ErrNotFinite is wrapped by errors about images for which the network's
// output overflows. A polynomial of high degree grows fast outside the range
// that it was trained on.
var ErrNotFinite = errors.New("the network's output is not a finite number")

// maxClassName bounds the name of a class in bytes. The longest name of a folder has 255
// characters.
const maxClassName = 1024

// pictureShare is the share of its budget of memory, one part in so many, that a model has
// for pictures that wait for the network.
const pictureShare = 8

// Model is a trained network.
type Model struct {
	cfg     Config
	opts    Options
	prepare Preparation
	memory  int64 // bytes that using it may hold, besides the parameters
	// compiled makes the program at the first use: a model file, however
	// small, may describe a network that takes much memory to run.
	compiled func() (engine.Program[float32], error)
}

// Config holds the parts of a model.
type Config struct {
	Net *spec.Net
	// Params is the flat parameter vector, laid out as Net.Params says.
	Params []float32
	// Normalisation maps pixels to network inputs.
	Normalisation dataset.Normalisation
	// Classes are the names of the logits.
	Classes []string
	// Expansion is the level of each channel, of pixels scaled to 0..1, about which the
	// network was trained to have orders that classify by themselves: see train.Config. It
	// is nil for other networks.
	Expansion []float32
	// LogitRange is the spread of the logits that nearly all training images stay
	// within, as MeasureRange returns it; 0 if it is not known.
	LogitRange float32
	// Preparation says how the training images were made of pictures, as
	// MeasurePreparation returns it.
	Preparation Preparation
	// Guard notices pictures that are unlike the training images; see MeasureGuard. It may
	// be nil.
	Guard *Guard
	// Training records how the parameters were found, in JSON. The model keeps it
	// unread; it may be empty.
	Training json.RawMessage
}

// Options says how a model is used. The zero value is the default.
type Options struct {
	// Workers is the number of goroutines that evaluate a batch; 0 means one per CPU.
	Workers int
	// Invert says which pictures have light and dark exchanged; "" means InvertAuto.
	Invert Invert
	// Prepare says how pictures are made into images; "" means PrepareAuto.
	Prepare PreparationKind
	// Engine evaluates the network; nil means engine/cpu.
	Engine engine.Engine[float32]
	// Memory is the number of bytes that using the model may hold. 0 means half of the
	// machine's, or for a model from a file what suits the file's size.
	Memory int64
}

// New returns a model made from copies of the parts. Without opts the defaults hold; of
// several the last counts. The error says which parts do not fit together.
func New(cfg Config, opts ...Options) (*Model, error) {
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	copied := cfg.clone()
	return newModel(&copied, opts, memory.Default())
}

// newModel makes a model from valid parts without copying them. It may hold so many
// bytes, unless the options say otherwise.
func newModel(cfg *Config, opts []Options, budget int64) (*Model, error) {
	var o Options
	if len(opts) > 0 {
		o = opts[len(opts)-1]
	}
	if err := o.Invert.validate(); err != nil {
		return nil, err
	}
	prepare, err := cfg.chosen(o)
	if err != nil {
		return nil, err
	}
	if o.Engine == nil {
		o.Engine = cpu.New()
	}
	m := &Model{cfg: *cfg, opts: o, prepare: prepare}
	m.limit(cmp.Or(o.Memory, budget))
	return m, nil
}

// limit has the model hold at most so many bytes, parameters included.
func (m *Model) limit(budget int64) {
	budget = memory.Rest(budget, memory.Of[float32](float64(len(m.cfg.Params))))
	cfg, o := &m.cfg, m.opts
	m.memory, m.compiled = budget, sync.OnceValues(func() (engine.Program[float32], error) {
		return o.Engine.Compile(cfg.Net, cfg.Params, engine.Options{Workers: o.Workers, Memory: budget - budget/pictureShare})
	})
}

// Within returns the same model with another Options.Memory, such as what a data set that
// was loaded after it leaves. It shares the parameters. 0 changes nothing.
func (m *Model) Within(bytes int64) *Model {
	if bytes == 0 {
		return m
	}
	w := *m
	w.opts.Memory = bytes
	w.limit(bytes)
	return &w
}

// Memory returns the number of bytes that using the model may hold, besides its
// parameters: see Options.Memory.
func (m *Model) Memory() int64 { return m.memory }

// Config returns a copy of the model's parts, to make another model from.
func (m *Model) Config() Config { return m.cfg.clone() }

// Net returns a copy of the network.
func (m *Model) Net() *spec.Net { return m.cfg.net() }

// Params returns a copy of the flat parameter vector, laid out as Net().Params says.
func (m *Model) Params() []float32 { return m.cfg.params() }

// Normalisation returns a copy of the map from pixels to network inputs.
func (m *Model) Normalisation() dataset.Normalisation { return m.cfg.normalisation() }

// Classes returns a copy of the names of the logits.
func (m *Model) Classes() []string { return slices.Clone(m.cfg.Classes) }

// Expansion returns a copy of the levels [C] about which the network was trained to be
// expanded; nil if it was not.
func (m *Model) Expansion() []float32 { return slices.Clone(m.cfg.Expansion) }

// Training returns a copy of the record of how the parameters were found, in JSON;
// it may be empty.
func (m *Model) Training() json.RawMessage { return slices.Clone(m.cfg.Training) }

// atOnce is the number of images after which an interrupted evaluation counts.
const atOnce = 1024

// run evaluates n images, as engine.Program does, until ctx is done.
func (m *Model) run(ctx context.Context, n int, input, output func(i int, v []float32)) error {
	program, err := m.compiled()
	if err != nil {
		return err
	}
	for first := 0; first < n; first += atOnce {
		err := program.RunContext(ctx, min(atOnce, n-first), func(i int, x []float32) { input(first+i, x) },
			func(i int, y []float32) { output(first+i, y) })
		if err != nil {
			return fmt.Errorf("interrupted after %d of %d images: %w", first, n, err)
		}
	}
	return nil
}

// clone copies valid parts.
func (c *Config) clone() Config {
	copied := *c
	copied.Net = c.net()
	copied.Params = c.params()
	copied.Normalisation = c.normalisation()
	copied.Classes = slices.Clone(c.Classes)
	copied.Expansion = slices.Clone(c.Expansion)
	copied.Guard = c.Guard.clone()
	copied.Training = slices.Clone(c.Training)
	return copied
}

func (c *Config) net() *spec.Net {
	net, err := spec.Parse(c.Net.String())
	if err != nil {
		panic("model.Config.net: " + err.Error())
	}
	return net
}

func (c *Config) params() []float32 {
	copied := tensor.Alloc[float32](len(c.Params))
	copy(copied, c.Params)
	return copied
}

func (c *Config) normalisation() dataset.Normalisation {
	return dataset.Normalisation{Mean: slices.Clone(c.Normalisation.Mean), Std: slices.Clone(c.Normalisation.Std)}
}

func (c *Config) validate() error {
	if c.Net == nil {
		return errors.New("the model has no network")
	}
	if err := c.Net.Validate(); err != nil {
		return fmt.Errorf("network: %w", err)
	}
	if err := c.Normalisation.Validate(c.Net.Input.C); err != nil {
		return errors.New(strings.ReplaceAll(err.Error(), "\n", "; "))
	}
	if k := c.Net.Out().Size(); k != len(c.Classes) {
		return fmt.Errorf("the network has %d outputs for %d classes", k, len(c.Classes))
	}
	for _, name := range c.Classes {
		if len(name) > maxClassName {
			return fmt.Errorf("the name of class %.20q has %d bytes, at most %d are possible", name, len(name), maxClassName)
		}
	}
	if err := c.checkExpansion(); err != nil {
		return err
	}
	if !finite(c.LogitRange) || c.LogitRange < 0 {
		return fmt.Errorf("range of logits is %v: want a finite number, at least 0", c.LogitRange)
	}
	if err := c.Preparation.validate(c.Net.Input); err != nil {
		return err
	}
	if err := c.Guard.validate(len(c.Classes)); err != nil {
		return err
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

func (c *Config) checkExpansion() error {
	if n := len(c.Expansion); n != 0 && n != c.Net.Input.C {
		return fmt.Errorf("the expansion point has %d levels for %d channels", n, c.Net.Input.C)
	}
	for _, level := range c.Expansion {
		if !(level >= 0 && level <= 1) {
			return fmt.Errorf("the expansion point has the level %v: want 0 to 1", level)
		}
	}
	return nil
}
