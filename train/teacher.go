package train

import (
	"context"
	"errors"
	"fmt"

	"github.com/coarsegrain/taylornet/dataset"
	"github.com/coarsegrain/taylornet/engine"
	"github.com/coarsegrain/taylornet/model"
)

// teacher is a trained network that a run learns from.
type teacher struct {
	*model.Model
	program engine.Program[float32]
	// classes are the positions of the run's classes among its own.
	classes []int
	// scale and shift convert the run's pixels to the teacher's normalisation, per
	// channel.
	scale, shift []float32
	// probabilities are its answers for the batch in progress.
	probabilities [][]float32
}

// findTeacher returns the teacher in the options or, for a resumed run, the copy in its
// folder. It returns nil if there is no teacher.
func (r *run) findTeacher() (*teacher, error) {
	m := r.opts.Teacher
	switch name := r.Config.Teacher; {
	case name == "" && m == nil:
		return nil, nil
	case name == "":
		return nil, errors.New("it has no name in the settings: give it one, for the record")
	case r.opts.Resume:
		var err error
		if m, err = model.Load(r.path(TeacherFile)); err != nil {
			return nil, err
		}
	case m == nil:
		return nil, fmt.Errorf("the settings name %s, but the options have no model: load it", name)
	}
	if r.opts.Match == dataset.ByPosition && !r.opts.Resume { // the copy has the names of the run
		var err error
		if m, err = renamed(m, r.data.Train.Classes); err != nil {
			return nil, err
		}
	}
	return r.newTeacher(m)
}

// renamed returns a model whose classes have other names.
func renamed(m *model.Model, classes []string) (*model.Model, error) {
	if _, err := dataset.MatchClasses(classes, m.Classes(), dataset.ByPosition); err != nil {
		return nil, err
	}
	c := m.Config()
	c.Classes = classes
	return model.New(c)
}

// newTeacher compiles a teacher for the run.
func (r *run) newTeacher(m *model.Model) (t *teacher, err error) {
	if err := r.checkTeacher(m); err != nil {
		return nil, err
	}
	t = &teacher{Model: m}
	if t.program, err = r.opts.Engine.Compile(m.Net(), m.Params(), engine.Options{Workers: r.opts.Workers, Memory: r.share(teacherParts)}); err != nil {
		return nil, err
	}
	for c, std := range m.Normalisation().Std {
		t.scale = append(t.scale, r.norm.Std[c]/std)
		t.shift = append(t.shift, (r.norm.Mean[c]-m.Normalisation().Mean[c])/std)
	}
	if t.classes, err = dataset.MatchClasses(r.data.Train.Classes, m.Classes(), dataset.ByName); err != nil {
		return nil, err
	}
	classes := len(t.classes)
	all := make([]float32, r.Config.Batch*classes)
	for i := range r.Config.Batch {
		t.probabilities = append(t.probabilities, all[i*classes:][:classes])
	}
	return t, nil
}

// checkTeacher returns an error if the data do not fit the teacher, or if the teacher
// learned images that are to choose the best epoch.
func (r *run) checkTeacher(m *model.Model) error {
	if err := m.CheckFits(r.data.Train); err != nil {
		return err
	}
	its, mine := ReadRecord(m), r.Config
	differs := its.Config.Seed != mine.Seed || its.Config.Validation != mine.Validation
	if mine.Validation > 0 && differs && its.learned(r.data.Train, r.data.Name) {
		return fmt.Errorf("it learned images that are validation images here: it was trained with seed %d and validation %g; use the same here, or validation 0",
			its.Config.Seed, its.Config.Validation)
	}
	return nil
}

// answer computes the teacher's probabilities of the run's classes for a batch.
func (t *teacher) answer(ctx context.Context, batch *engine.Batch[float32]) error {
	channels := len(t.scale)
	return t.program.RunContext(ctx, batch.N, func(i int, x []float32) {
		batch.Input(i, x)
		for k := range x {
			x[k] = float32(t.scale[k%channels]*x[k]) + t.shift[k%channels]
		}
	}, func(i int, y []float32) {
		p := t.probabilities[i]
		for k, at := range t.classes {
			p[k] = y[at]
		}
		engine.Softmax(p, p)
	})
}
