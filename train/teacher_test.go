package train

import (
	"bytes"
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/coarsegrain/taylornet/dataset"
	"github.com/coarsegrain/taylornet/engine"
	"github.com/coarsegrain/taylornet/tensor"
)

// taught is the settings of a run like small, and the folder of its teacher, a finished
// run with the same seed.
func taught(t *testing.T) (cfg Config, dir string) {
	t.Helper()
	cfg, dir = small(), filepath.Join(t.TempDir(), "seed-1")
	lesson := cfg
	lesson.Net = "Input(8,8,1) Conv(3,3,4,1,1,1) Norm ReLU AvgPool(2,2,2,2) Linear(10)"
	if _, err := Run(t.Context(), lesson, digits(t), Options{Dir: dir}); err != nil {
		t.Fatal(err)
	}
	cfg.Teacher = dir
	return cfg, dir
}

// TestTeacherIsKept goes on with a run whose teacher has gone.
func TestTeacherIsKept(t *testing.T) {
	data := digits(t)
	cfg, teacher := taught(t)
	whole, err := Run(t.Context(), cfg, data, Options{Workers: 1})
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "run")
	ctx, cancel := context.WithCancel(t.Context())
	stop := func(p Progress) {
		if p.Epoch == 1 && p.Step == 3 {
			cancel()
		}
	}
	if _, err := Run(ctx, cfg, data, Options{Dir: dir, Progress: stop}); !errors.Is(err, ErrInterrupted) {
		t.Fatalf("error %v, want an interruption", err)
	}
	if err := os.RemoveAll(teacher); err != nil {
		t.Fatal(err)
	}
	resumed, err := Run(t.Context(), cfg, data, Options{Dir: dir, Resume: true, Workers: 2})
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(modelBytes(t, resumed), modelBytes(t, whole)) {
		t.Error("the resumed run has another model than the uninterrupted one")
	}
}

// TestTeacherAnswers compares what the teacher says of a batch, which is normalised for
// the run, with what its model says of the same images.
func TestTeacherAnswers(t *testing.T) {
	data := digits(t)
	cfg, dir := taught(t)
	cfg.Augment, cfg.Mixup = dataset.Augment{}, 0
	for _, path := range []string{dir, filepath.Dir(dir), filepath.Join(dir, ModelFile)} {
		cfg.Teacher = path
		r, err := newRun(cfg, data, Options{})
		if err != nil {
			t.Fatal(err)
		}
		m := r.teacher.Model
		m.Normalisation.Mean[0], m.Normalisation.Std[0] = 0.1, 0.7
		if r.teacher, err = r.newTeacher(m); err != nil {
			t.Fatal(err)
		}
		for i := range r.order {
			r.order[i] = int32(i)
		}
		r.teacher.answer(&r.batch)
		x := tensor.New(r.batch.N, data.Train.H, data.Train.W, data.Train.C)
		for i := range r.batch.N {
			for k, v := range r.training.Image(i) {
				x.Data[i*data.Train.H*data.Train.W+k] = float32(v) / 255
			}
		}
		y, err := m.Logits(x)
		if err != nil {
			t.Fatal(err)
		}
		for i, got := range r.teacher.probabilities[:r.batch.N] {
			want := y.Data[i*10:][:10]
			engine.Softmax(want, want)
			for k := range want {
				if math.Abs(float64(got[k]-want[k])) > 1e-5 {
					t.Fatalf("image %d, class %d: probability %g, the model says %g", i, k, got[k], want[k])
				}
			}
		}
	}
}

func TestTeacherFaults(t *testing.T) {
	cfg, dir := taught(t)
	for _, c := range []struct {
		name   string
		change func(*Config)
		want   string
	}{
		{"missing", func(c *Config) { c.Teacher = filepath.Join(dir, "none") }, "no such file"},
		{"no model", func(c *Config) { c.Teacher = filepath.Join(dir, ConfigFile) }, "reading model"},
		{"a folder without the seed", func(c *Config) { c.Teacher, c.Seed = filepath.Dir(dir), 4 }, "has neither model.safetensors nor seed-4/model.safetensors"},
		{"data by its folder", func(c *Config) { c.Data, c.Seed = "/data/digits", 2 }, "it was trained with seed 1 and validation 0.2"},
		{"other seed", func(c *Config) { c.Seed = 2 }, "it was trained with seed 1 and validation 0.2"},
		{"other split", func(c *Config) { c.Validation = 0.1 }, "it was trained with seed 1 and validation 0.2"},
		{"no split", func(c *Config) { c.Seed, c.Validation = 2, 0 }, ""},
		{"by name", func(c *Config) { c.Teacher, c.Validation = "digits", 0 }, ""},
		{"by name, other split", func(c *Config) { c.Teacher = "digits" }, "it was trained with seed 1 and validation 0.08"},
	} {
		t.Run(c.name, func(t *testing.T) {
			changed := cfg
			c.change(&changed)
			err := Check(changed, digits(t))
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("error %v, want %q", err, c.want)
			}
		})
	}
	cfg.Net = "Input(8,8,1) CG(2,2,1,2,2) Linear(5)"
	if err := Check(cfg, stepsData()); err == nil || !strings.Contains(err.Error(), "steps has 5 classes, the model 10") {
		t.Errorf("error %v of a teacher with other classes", err)
	}
}
