package train

import (
	"bytes"
	"context"
	"errors"
	"math"
	"path/filepath"
	"slices"
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
	if err := r.teacher.answer(t.Context(), &r.batch); err != nil {
		t.Fatal(err)
	}
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
	if err := Check(cfg, stepsData(), Options{Teacher: teacher}); err == nil || !strings.Contains(err.Error(), "steps has 5 classes, the model 10") {
		t.Errorf("error %v of a teacher with other classes", err)
	}
}

// A teacher whose classes stand in another order, or that knows more of them, teaches by
// their names; one with other names, by position.
func TestTeacherClassesByName(t *testing.T) {
	data := digits(t)
	cfg, m := taught(t)
	answers := func(m *model.Model, match dataset.Match, data *dataset.Data) [][]float32 {
		t.Helper()
		r, err := newRun(cfg, data, Options{Teacher: m, Match: match})
		if err != nil {
			t.Fatal(err)
		}
		if err := r.teacher.answer(t.Context(), &r.batch); err != nil {
			t.Fatal(err)
		}
		return r.teacher.probabilities
	}
	want := answers(m, dataset.ByName, data)
	turned := *data
	names := slices.Clone(data.Train.Classes)
	slices.Reverse(names)
	for _, part := range []**dataset.Set{&turned.Train, &turned.Test} {
		set, err := (*part).Align(names, dataset.ByName)
		if err != nil {
			t.Fatal(err)
		}
		*part = set
	}
	lesson := m.Config()
	lesson.Classes = []string{"a", "b", "c", "d", "e", "f", "g", "h", "i", "j"}
	other, err := model.New(lesson)
	if err != nil {
		t.Fatal(err)
	}
	// The same split needs the same labels, so the batch is that of the first run.
	r, err := newRun(cfg, data, Options{Teacher: m})
	if err != nil {
		t.Fatal(err)
	}
	r.data = &turned
	if r.teacher, err = r.newTeacher(m); err != nil {
		t.Fatal(err)
	}
	if err := r.teacher.answer(t.Context(), &r.batch); err != nil {
		t.Fatal(err)
	}
	for i, p := range r.teacher.probabilities {
		slices.Reverse(p)
		if !slices.Equal(p, want[i]) {
			t.Fatalf("image %d: %v in the other order, %v by itself", i, p, want[i])
		}
	}
	if got := answers(other, dataset.ByPosition, data); !slices.Equal(got[0], want[0]) {
		t.Errorf("by position: %v, want %v", got[0], want[0])
	}
	if _, err := newRun(cfg, data, Options{Teacher: other}); !errors.Is(err, dataset.ErrClasses) {
		t.Errorf("a teacher with other names: error %v", err)
	}
}

// The leak is found by the images' checksum, whatever the data are called.
func TestTeacherLeakByChecksum(t *testing.T) {
	cfg, teacher := taught(t)
	cfg.Seed = 2
	renamed := *digits(t)
	renamed.Name, cfg.Data = "photos", "/elsewhere/photos"
	if _, err := newRun(cfg, &renamed, Options{Teacher: teacher}); err == nil || !strings.Contains(err.Error(), "it learned images that are validation images here") {
		t.Errorf("the same images by another name: error %v", err)
	}
	fewer := *digits(t)
	fewer.Train = fewer.Train.All().Only(fewer.Train.All().Index[:500]).Copy("digits train")
	if _, err := newRun(cfg, &fewer, Options{Teacher: teacher}); err != nil {
		t.Errorf("other images by the same name: %v", err)
	}
}

// The images that training set aside are those of the record's checksum only.
func TestSplitByChecksum(t *testing.T) {
	data := digits(t)
	_, m := taught(t)
	if r := ReadRecord(m); r.DataSHA256 != data.Train.Fingerprint() {
		t.Fatalf("the record has the checksum %q", r.DataSHA256)
	}
	_, aside, err := Split(m, data.Train)
	if err != nil || aside.Len() == 0 || !TrainedOn(m, data) {
		t.Errorf("%d images of its own data were set aside (%v)", aside.Len(), err)
	}
	other := &dataset.Data{Name: data.Name, Train: data.Test, Test: data.Test}
	learned, aside, err := Split(m, other.Train)
	if err != nil || aside.Len() != 0 || learned.Len() != other.Train.Len() || TrainedOn(m, other) {
		t.Errorf("%d images of other data were set aside (%v)", aside.Len(), err)
	}
}
