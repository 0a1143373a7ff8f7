package train

import (
	"strings"
	"testing"

	"github.com/coarsegrain/taylornet/spec"
)

func TestValidateReportsEveryFault(t *testing.T) {
	c := Config{Net: "Input(1,1,1)", Optimiser: "adam", Schedule: "step", Epochs: -1, Smoothing: 2}
	err := c.Validate()
	if err == nil {
		t.Fatal("no error")
	}
	for _, part := range []string{"adamw", "onecycle", "epochs", "batch", "rate", "smoothing", "network"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("the error does not speak of %q: %v", part, err)
		}
	}
	for _, name := range spec.Presets() {
		recipe := Recipe(name)
		if err := recipe.Validate(); err != nil {
			t.Errorf("recipe for %s: %v", name, err)
		}
	}
}
