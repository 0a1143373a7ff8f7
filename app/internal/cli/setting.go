package cli

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/coarsegrain/taylornet/dataset"
	"github.com/coarsegrain/taylornet/spec"
	"github.com/coarsegrain/taylornet/train"
)

const augmentFlag, seedFlag, teacherFlag = "augment", "seed", "teacher"

// setting is a flag that overrides one field of a training recipe.
type setting struct {
	name, usage string
	override
}

// override is the value of such a flag, whatever its type. The first three
// methods are what a flag needs.
type override interface {
	String() string
	Set(string) error
	Type() string
	// apply puts the flag's value, if one was given, into the settings.
	apply(*train.Config)
	// changes reports whether a value was given that the settings do not have.
	changes(train.Config) bool
	// show writes the settings' value.
	show(train.Config) string
	// clone is a flag with the same value, to be given another.
	clone() override
}

// settings lists the flags of train that the outcome of a run depends on,
// besides its data and network.
func settings() []setting {
	whole := func(field func(*train.Config) *int) override {
		return &typed[int]{kind: "N", parse: parseWhole, format: strconv.Itoa, field: field}
	}
	number := func(field func(*train.Config) *float64) override {
		format := func(x float64) string { return strconv.FormatFloat(x, 'g', -1, 64) }
		return &typed[float64]{kind: "X", parse: parseNumber, format: format, field: field}
	}
	word := func(field func(*train.Config) *string) override {
		same := func(s string) string { return s }
		return &typed[string]{kind: "NAME", parse: func(s string) (string, error) { return s, nil }, format: same, field: field}
	}
	return []setting{
		{"epochs", "passes over the training images", whole(func(c *train.Config) *int { return &c.Epochs })},
		{"batch", "images a step", whole(func(c *train.Config) *int { return &c.Batch })},
		{"micro-batch", "images that norms take statistics over; 0 for what suits the network", whole(func(c *train.Config) *int { return &c.MicroBatch })},
		{seedFlag, "of all that is random", &typed[uint64]{
			kind: "N", parse: parseSeed, format: func(n uint64) string { return strconv.FormatUint(n, 10) },
			field: func(c *train.Config) *uint64 { return &c.Seed },
		}},
		{"optimiser", "adamw, sgd or muon", word(func(c *train.Config) *string { return &c.Optimiser })},
		{"rate", "largest learning rate", number(func(c *train.Config) *float64 { return &c.Rate })},
		{"schedule", "of the rate: onecycle, cosine, linear or constant", word(func(c *train.Config) *string { return &c.Schedule })},
		{"warm-up", "part of the steps in which the rate rises", number(func(c *train.Config) *float64 { return &c.WarmUp })},
		{"weight-decay", "of convolutions and linear layers", number(func(c *train.Config) *float64 { return &c.WeightDecay })},
		{"momentum", "of sgd and muon", number(func(c *train.Config) *float64 { return &c.Momentum })},
		{"average", "decay of the moving average of the weights; 0 for none", number(func(c *train.Config) *float64 { return &c.Average })},
		{teacherFlag, "learn the probabilities that this `MODEL` gives, a file, a run folder, a folder of runs seed-N or a name, instead of labels; or none", &typed[string]{
			kind: "MODEL", parse: parseTeacher, format: formatTeacher, field: func(c *train.Config) *string { return &c.Teacher },
		}},
		{"smoothing", "of the labels, 0 to 1", number(func(c *train.Config) *float64 { return &c.Smoothing })},
		{"mixup", "largest share of another image in each, 0 to 0.5", number(func(c *train.Config) *float64 { return &c.Mixup })},
		{"clip", "largest gradient norm; 0 for any", number(func(c *train.Config) *float64 { return &c.Clip })},
		{"freeze", "part of the steps, at the end, with norms' statistics fixed, as at inference", number(func(c *train.Config) *float64 { return &c.Freeze })},
		{"spread", "distance between an image's logits beyond which it counts less; 0 for no limit", number(func(c *train.Config) *float64 { return &c.Spread })},
		{"validation", "part of the training images set aside to choose the best epoch by", number(func(c *train.Config) *float64 { return &c.Validation })},
		{"patience", "epochs without improvement after which to end; 0 for never", whole(func(c *train.Config) *int { return &c.Patience })},
		{augmentFlag, "how far images are varied, as in shift=2,rotate=10,scale=0.1,shear=5,elastic=1,flip,crop=4,cutout=8,contrast=0.2,noise=0.1, or none", &typed[dataset.Augment]{
			kind: "LIST", parse: dataset.ParseAugment, format: dataset.Augment.String,
			field: func(c *train.Config) *dataset.Augment { return &c.Augment },
		}},
	}
}

func parseSeed(text string) (uint64, error) {
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%q is no whole number from 0 on", text)
	}
	return n, nil
}

const noTeacher = "none"

func parseTeacher(text string) (string, error) {
	if text == noTeacher {
		return "", nil
	}
	return text, nil
}

func formatTeacher(path string) string { return cmp.Or(path, noTeacher) }

// typed is an override of a field of type T.
type typed[T comparable] struct {
	kind   string
	parse  func(string) (T, error)
	format func(T) string
	field  func(*train.Config) *T
	value  *T // nil unless given
}

// String is empty: what is the default depends on the data.
func (t *typed[T]) String() string { return "" }

func (t *typed[T]) Type() string { return t.kind }

// Set takes the flag's value.
func (t *typed[T]) Set(text string) error {
	value, err := t.parse(text)
	if err != nil {
		return err
	}
	t.value = &value
	return nil
}

func (t *typed[T]) apply(c *train.Config) {
	if t.value != nil {
		*t.field(c) = *t.value
	}
}

func (t *typed[T]) changes(c train.Config) bool { return t.value != nil && *t.field(&c) != *t.value }

func (t *typed[T]) show(c train.Config) string { return t.format(*t.field(&c)) }

func (t *typed[T]) clone() override {
	c := *t
	return &c
}

// addSettings gives a command the flags.
func addSettings(cmd *cobra.Command, list []setting) {
	for _, s := range list {
		cmd.Flags().Var(s.override, s.name, s.usage)
	}
}

// recipes is a table of the settings of each recipe.
func recipes(list []setting) string {
	names := append(spec.Presets(), "others")
	t := newTable(append([]string{""}, names...)...)
	for _, s := range list {
		if s.name == augmentFlag || s.name == teacherFlag {
			continue // too wide for a column; no recipe has a teacher
		}
		row := []string{s.name}
		for _, name := range names {
			row = append(row, s.show(train.Recipe(name)))
		}
		t.add(row...)
	}
	var text strings.Builder
	t.write(&text)
	for _, name := range names {
		fmt.Fprintf(&text, "%s of %s: %s\n", augmentFlag, name, train.Recipe(name).Augment)
	}
	return text.String()
}

func parseWhole(text string) (int, error) {
	n, err := strconv.Atoi(text)
	if err != nil {
		return 0, fmt.Errorf("%q is not a whole number", text)
	}
	return n, nil
}

func parseNumber(text string) (float64, error) {
	x, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return 0, fmt.Errorf("%q is not a number", text)
	}
	return x, nil
}
