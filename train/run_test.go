package train

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/coarsegrain/taylornet/dataset"
)

// small is a run of three short epochs; norms' statistics are fixed from the middle
// of the second on.
func small() Config {
	c := Recipe("digits")
	c.Net = "Input(8,8,1) Conv(3,3,4,1,1,1) Norm CG(2,2,4,2,2) Conv(1,1,6,1,1) Linear(10)"
	c.Epochs, c.Validation = 3, 0.2
	c.Optimiser, c.Freeze, c.Calm, c.Spread, c.Mixup = "muon", 0.5, 0.4, 4, 0.2
	c.QuadraticDecay = 0.3
	return c
}

func digits(t testing.TB) *dataset.Data {
	t.Helper()
	data, err := dataset.Load(t.Context(), "digits", dataset.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func modelBytes(t *testing.T, r *Result) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := r.Model.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestWorkersGiveIdenticalBytes(t *testing.T) {
	data := digits(t)
	model := func(cfg Config, workers int) []byte {
		result, err := Run(t.Context(), cfg, data, Options{Workers: workers})
		if err != nil {
			t.Fatal(err)
		}
		return modelBytes(t, result)
	}
	for name, cfg := range map[string]Config{"plain": small(), "graded": graded()} {
		want := model(cfg, 1)
		for _, workers := range []int{2, 4} {
			if !bytes.Equal(model(cfg, workers), want) {
				t.Errorf("%s, %d workers: another model than with 1", name, workers)
			}
		}
		cfg.Seed++
		if bytes.Equal(model(cfg, 0), want) {
			t.Errorf("%s: another seed gave the same model", name)
		}
	}
}

func TestRefusals(t *testing.T) {
	data, cfg := digits(t), small()
	cfg.Epochs = 1
	dir := filepath.Join(t.TempDir(), "run")
	if _, err := Run(t.Context(), cfg, data, Options{Dir: dir, Resume: true}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("resuming nothing: error %v", err)
	}
	if _, err := Run(t.Context(), cfg, data, Options{Dir: dir}); err != nil {
		t.Fatal(err)
	}
	if _, err := Run(t.Context(), cfg, data, Options{Dir: dir}); !errors.Is(err, ErrExists) {
		t.Errorf("a second run in the same folder: error %v", err)
	}
	changed := cfg
	changed.Rate /= 2
	if _, err := Run(t.Context(), changed, data, Options{Dir: dir, Resume: true}); err == nil {
		t.Error("resuming with other settings: no error")
	}
	data.Train.Pixels[0]++
	if _, err := Run(t.Context(), cfg, data, Options{Dir: dir, Resume: true}); err == nil {
		t.Error("resuming with other images: no error")
	}
	data.Train.Pixels[0]--
	if err := Check(cfg, data, Options{}); err != nil {
		t.Errorf("a run that could start: %v", err)
	}
	wrong := cfg
	wrong.Net = "Input(9,8,1) Linear(10)"
	if _, err := Run(t.Context(), wrong, data, Options{}); err == nil {
		t.Error("a network for other images: no error")
	}
	if Check(wrong, data, Options{}) == nil {
		t.Error("a network for other images: no error of Check")
	}
	wrong.Net = "Input(8,8,1) Linear(7)"
	if _, err := Run(t.Context(), wrong, data, Options{}); err == nil {
		t.Error("a network for other classes: no error")
	}
	if Check(wrong, data, Options{}) == nil {
		t.Error("a network for other classes: no error of Check")
	}
	last := filepath.Join(dir, LastFile)
	whole, err := os.ReadFile(last)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []int{0, 7, 100, len(whole) - 1} {
		if err := os.WriteFile(last, whole[:n], 0o666); err != nil {
			t.Fatal(err)
		}
		if _, err := Run(t.Context(), cfg, data, Options{Dir: dir, Resume: true}); err == nil || !strings.Contains(err.Error(), last) {
			t.Errorf("resuming from %d of %d bytes: error %v", n, len(whole), err)
		}
	}
}

func TestPatience(t *testing.T) {
	cfg := small()
	cfg.Epochs, cfg.Patience, cfg.Rate = 50, 2, 1e-9 // no epoch can better the first by much
	result, err := Run(t.Context(), cfg, digits(t), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if n := len(result.History); n == cfg.Epochs || n != result.Best+1+cfg.Patience {
		t.Errorf("%d epochs with the best at %d, want %d more", n, result.Best+1, cfg.Patience)
	}
}

func TestNoValidationKeepsLast(t *testing.T) {
	cfg := small()
	cfg.Validation = 0
	result, err := Run(t.Context(), cfg, digits(t), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if result.Best != cfg.Epochs-1 || result.Validation != nil || result.Test.Total != digits(t).Test.Len() {
		t.Errorf("best %d, validation %v, %d test images", result.Best, result.Validation, result.Test.Total)
	}
}
