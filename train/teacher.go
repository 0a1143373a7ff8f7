package train

import (
	"errors"
	"fmt"
	"path/filepath"

	"github.com/coarsegrain/taylornet/engine"
	"github.com/coarsegrain/taylornet/model"
)

// teacher is a trained network that a run learns from.
type teacher struct {
	*model.Model
	program engine.Program[float32]
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
	return r.newTeacher(m)
}

// newTeacher compiles a teacher for the run.
func (r *run) newTeacher(m *model.Model) (t *teacher, err error) {
	if err := r.checkTeacher(m); err != nil {
		return nil, err
	}
	t = &teacher{Model: m}
	if t.program, err = r.opts.Engine.Compile(m.Net(), m.Params(), engine.Options{Workers: r.opts.Workers}); err != nil {
		return nil, err
	}
	for c, std := range m.Normalisation().Std {
		t.scale = append(t.scale, r.norm.Std[c]/std)
		t.shift = append(t.shift, (r.norm.Mean[c]-m.Normalisation().Mean[c])/std)
	}
	classes := len(m.Classes())
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
	its, mine := ReadRecord(m).Config, r.Config
	sameData := filepath.Base(its.Data) == filepath.Base(mine.Data) // a known set may be given by its folder
	if mine.Validation > 0 && sameData && (its.Seed != mine.Seed || its.Validation != mine.Validation) {
		return fmt.Errorf("it learned images that are validation images here: it was trained with seed %d and validation %g; use the same here, or validation 0",
			its.Seed, its.Validation)
	}
	return nil
}

// answer computes the teacher's probabilities for a batch.
func (t *teacher) answer(batch *engine.Batch[float32]) {
	channels := len(t.scale)
	t.program.Run(batch.N, func(i int, x []float32) {
		batch.Input(i, x)
		for k := range x {
			x[k] = float32(t.scale[k%channels]*x[k]) + t.shift[k%channels]
		}
	}, func(i int, y []float32) { engine.Softmax(t.probabilities[i], y) })
}
