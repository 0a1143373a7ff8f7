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
	for _, tt := range []struct {
		orders int
		graded float64
		want   string // "" if the settings are fine
	}{
		{0, 0, ""},
		{3, 0.2, ""},
		{3, 0, ""},
		{0, 0.2, "graded 0.2 needs orders: give 1 to 8, or graded 0"},
		{-1, 0, "orders -1: want 0 to 8"},
		{3, -1, "graded -1: want 0 to 100"},
	} {
		c := Recipe("digits")
		c.Orders, c.Graded = tt.orders, tt.graded
		err := c.Validate()
		if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("orders %d, graded %v: error %v, want %q", tt.orders, tt.graded, err, tt.want)
		}
	}
}
