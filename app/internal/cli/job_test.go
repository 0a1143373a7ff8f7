package cli

import (
	"testing"

	"github.com/coarsegrain/taylornet/dataset"
	"github.com/coarsegrain/taylornet/spec"
	"github.com/coarsegrain/taylornet/train"
)

func TestRecipeOfPresets(t *testing.T) {
	for _, tt := range []struct{ data, preset, want string }{
		{"mnist", "", "mnist"},
		{"mnist", "mnist-small", "mnist-small"},
		{"mnist", "cifar-10", "mnist"},
		{"flowers", "mnist-small", "flowers"},
	} {
		if got := recipe(tt.data, tt.preset); got != train.Recipe(tt.want) {
			t.Errorf("%s with preset %q: %+v, want that of %s", tt.data, tt.preset, got, tt.want)
		}
	}
}

// The command of a run leaves out what its preset's recipe says.
func TestCommandOfPresets(t *testing.T) {
	for _, tt := range []struct {
		recipe string
		change func(*train.Config)
		want   string
	}{
		{"mnist", func(*train.Config) {}, "taylornet train --data mnist"},
		{"mnist-small", func(*train.Config) {}, "taylornet train --data mnist --net mnist-small"},
		{"mnist-small", func(c *train.Config) { c.Net += "# my comment\n" }, "taylornet train --data mnist --net mnist-small"},
		{"mnist-small", func(c *train.Config) { c.Epochs = 3 }, "taylornet train --data mnist --net mnist-small --epochs 3"},
		{"mnist", func(c *train.Config) { c.MicroBatch = 8 }, "taylornet train --data mnist"},
		{"mnist", func(c *train.Config) { c.MicroBatch = 16 }, "taylornet train --data mnist --micro-batch 16"},
		{"mnist", func(c *train.Config) { c.Net = "Input(28,28,1) Linear(10)" }, "taylornet train --data mnist --net 'Input(28,28,1)\nLinear(10)\n'"},
	} {
		c := train.Recipe(tt.recipe)
		tt.change(&c)
		net, err := spec.Parse(c.Net)
		if err != nil {
			t.Fatal(err)
		}
		j := &job{config: c, net: net, data: &dataset.Data{Name: "mnist"}}
		if got := j.command(); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.recipe, got, tt.want)
		}
	}
}

// Only a known data set has a recipe: the name of a folder that is called like a preset
// is not one.
func TestKnownAs(t *testing.T) {
	for name, want := range map[string]string{"mnist": "mnist", "digits": "digits", "mnist-small": "", "cats": ""} {
		if got := knownAs(&dataset.Data{Name: name}); got != want {
			t.Errorf("%s: known as %q, want %q", name, got, want)
		}
	}
}
