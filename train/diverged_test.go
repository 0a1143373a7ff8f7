package train

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"
)

func TestDivergenceKeepsCheckpoint(t *testing.T) {
	deep := "Input(8,8,1) Conv(3,3,4,1,1,1) CG(1,1,4,1,1) CG(1,1,4,1,1) CG(2,2,4,2,2) CG(2,2,4,2,2) Norm Linear(10)"
	for _, tt := range []struct {
		name, at string
		change   func(*Config)
	}{
		{"the loss", "at epoch 1, step ", func(*Config) {}},
		{"the statistics of an epoch of one step", "after epoch 1: ", func(c *Config) { c.Net, c.Batch, c.Freeze = deep, 1200, 0 }},
		{"the same without validation", "after epoch 1: ", func(c *Config) { c.Net, c.Batch, c.Freeze, c.Validation = deep, 1438, 0, 0 }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			data, cfg := digits(t), small()
			cfg.Rate, cfg.Clip, cfg.Optimiser, cfg.Average, cfg.Mixup = 900, 0, "sgd", 0, 0
			tt.change(&cfg)
			dir := filepath.Join(t.TempDir(), "run")
			_, err := Run(t.Context(), cfg, data, Options{Dir: dir})
			if !errors.Is(err, ErrDiverged) || strings.Contains(err.Error(), "\n") {
				t.Fatalf("error %v, want one line wrapping %v", err, ErrDiverged)
			}
			for _, want := range []string{tt.at, "; the last good checkpoint is kept in " + dir, ": try a lower rate than 900 or clipping, such as a clip of 5"} {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error %q does not say %q", err, want)
				}
			}
			c, err := readCheckpoint(dir, 0)
			if err != nil {
				t.Fatal(err)
			}
			for _, vector := range c.file.Tensors {
				for _, v := range vector.Data {
					if !finite(float64(v)) {
						t.Fatalf("the kept checkpoint has the value %v in %s", v, vector.Name)
					}
				}
			}
		})
	}
}
