package train

import (
	"bytes"
	"context"
	"errors"
	"math"
	"path/filepath"
	"strings"
	"testing"

	"github.com/coarsegrain/taylornet/dataset"
	"github.com/coarsegrain/taylornet/engine"
	"github.com/coarsegrain/taylornet/model"
	"github.com/coarsegrain/taylornet/tensor"
)

// taught returns the settings of a run like small, and its teacher, trained with the
// same seed.
func taught(t *testing.T) (Config, *model.Model) {
	t.Helper()
	cfg := small()
	lesson := cfg
	lesson.Net = "Input(8,8,1) Conv(3,3,4,1,1,1) Norm ReLU AvgPool(2,2,2,2) Linear(10)"
	result, err := Run(t.Context(), lesson, digits(t), Options{})
	if err != nil {
		t.Fatal(err)
	}
	cfg.Teacher = "a model with ReLU"
	return cfg, result.Model
}

// TestTeacherIsKept resumes a run without its teacher.
func TestTeacherIsKept(t *testing.T) {
	data := digits(t)
	cfg, teacher := taught(t)
	whole, err := Run(t.Context(), cfg, data, Options{Teacher: teacher, Workers: 1})
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
	if _, err := Run(ctx, cfg, data, Options{Dir: dir, Teacher: teacher, Progress: stop}); !errors.Is(err, ErrInterrupted) || !errors.Is(err, context.Canceled) {
		t.Fatalf("error %v, want an interruption and its cause", err)
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
	cfg, m := taught(t)
	cfg.Augment, cfg.Mixup = dataset.Augment{}, 0
	r, err := newRun(cfg, data, Options{Teacher: m})
	if err != nil {
		t.Fatal(err)
	}
	other := m.Config()
	other.Normalisation.Mean[0], other.Normalisation.Std[0] = 0.1, 0.7
	if m, err = model.New(other); err != nil {
		t.Fatal(err)
	}
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
	y, err := m.Logits(t.Context(), x)
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

func TestTeacherFaults(t *testing.T) {
	cfg, teacher := taught(t)
	for _, c := range []struct {
		name   string
		change func(*Config, *Options)
		want   string
	}{
		{"as it is", func(*Config, *Options) {}, ""},
		{"missing", func(_ *Config, o *Options) { o.Teacher = nil }, "the settings name a model with ReLU, but the options have no model"},
		{"without a name", func(c *Config, _ *Options) { c.Teacher = "" }, "it has no name in the settings"},
		{"no copy", func(_ *Config, o *Options) { o.Dir, o.Resume = t.TempDir(), true }, "teacher.safetensors: no such file"},
		{"data by its folder", func(c *Config, _ *Options) { c.Data, c.Seed = "/data/digits", 2 }, "it was trained with seed 1 and validation 0.2"},
		{"other seed", func(c *Config, _ *Options) { c.Seed = 2 }, "it was trained with seed 1 and validation 0.2"},
		{"other split", func(c *Config, _ *Options) { c.Validation = 0.1 }, "it was trained with seed 1 and validation 0.2"},
		{"no split", func(c *Config, _ *Options) { c.Seed, c.Validation = 2, 0 }, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			changed, opts := cfg, Options{Teacher: teacher}
			c.change(&changed, &opts)
			_, err := newRun(changed, digits(t), opts)
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("error %v, want %q", err, c.want)
			}
		})
	}
	cfg.Net = "Input(8,8,1) CG(2,2,1,2,2) Linear(5)"
	if err := Check(cfg, stepsData(), teacher); err == nil || !strings.Contains(err.Error(), "steps has 5 classes, the model 10") {
		t.Errorf("error %v of a teacher with other classes", err)
	}
}
