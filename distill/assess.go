package distill

import (
	"context"
	"fmt"

	"github.com/coarsegrain/taylornet/dataset"
	"github.com/coarsegrain/taylornet/internal/memory"
	"github.com/coarsegrain/taylornet/model"
	"github.com/coarsegrain/taylornet/train"
)

// Assessment reports how well the references of each level of a distillation classify,
// compared with baselines. All accuracies are fractions, 0 to 1.
type Assessment struct {
	Data         string            `json:"data"`
	Test         string            `json:"test"`          // name of the images that are classified
	FullAccuracy float64           `json:"full_accuracy"` // of the whole network
	Leaves       int               `json:"leaves"`        // number of training images distilled
	Levels       []LevelAssessment `json:"levels"`
}

// LevelAssessment reports how well the references of one level classify. What was
// not measured is nil.
type LevelAssessment struct {
	Level              int      `json:"level"` // counted from 1
	PerClass           int      `json:"per_class"`
	Accuracy           float64  `json:"accuracy"`
	Correct            int      `json:"correct"`
	Total              int      `json:"total"`
	ValidationAccuracy *float64 `json:"validation_accuracy,omitempty"`
	Baselines
	Others    []float64   `json:"other_accuracies,omitempty"` // embedded by each of AssessOptions.Others
	Retrained []Retrained `json:"retrained,omitempty"`
	File      string      `json:"references"` // with the references; left empty for the caller

	References *References `json:"-"`
	Evaluation *Evaluation `json:"-"` // of the references on the test images
}

// AssessOptions say what Assess measures besides the references' own accuracy.
type AssessOptions struct {
	Rule Rule
	// Draws is the number of times that random real images are drawn for the
	// baselines. 0 means no baselines.
	Draws int
	// Seeds is the number of random seeds with which each fresh network is trained
	// on the images of a level. 0 means no retraining.
	Seeds int
	// Others are models that embed all images in place of the references' own, to show
	// how far the references depend on theirs.
	Others  []*model.Model
	Workers int   // 0 means one per CPU
	Memory  int64 // that of Options
	// Progress, if not nil, is called after each pair of fresh networks is trained.
	Progress func(RetrainProgress)
}

// assessor assesses the levels of one distillation.
type assessor struct {
	AssessOptions
	models     []*model.Model // the one that classifies
	data       *dataset.Data
	leaves     dataset.Subset
	validation dataset.Subset
}

// Assess classifies the test images of a data set by the references of each level. The
// model must be the first of those that the references were made with, the training
// split the one that was distilled. If ctx is done, Assess returns an error that wraps
// ErrInterrupted.
func Assess(ctx context.Context, levels []*References, m *model.Model, data *dataset.Data, opts AssessOptions) (*Assessment, error) {
	opts.Memory = memory.Rest(opts.Memory, data.Bytes())
	a := &assessor{AssessOptions: opts, models: []*model.Model{m}, data: data}
	var err error
	if a.leaves, a.validation, err = train.Split(m, data.Train); err != nil {
		return nil, err
	}
	if data.Validation != nil {
		a.validation = data.Validation.All()
	}
	full, err := m.Evaluate(ctx, data.Test.All())
	if ctx.Err() != nil {
		return nil, interrupted(ctx)
	}
	if err != nil {
		return nil, err
	}
	out := &Assessment{Data: data.Name, Test: data.Test.Name, FullAccuracy: full.Accuracy(), Leaves: a.leaves.Len()}
	for i, refs := range levels {
		level, err := a.level(ctx, refs)
		if ctx.Err() != nil {
			return nil, interrupted(ctx)
		}
		if err != nil {
			return nil, fmt.Errorf("level %d: %w", i+1, err)
		}
		level.Level = i + 1
		out.Levels = append(out.Levels, *level)
	}
	return out, nil
}

// level assesses the references of one level.
func (a *assessor) level(ctx context.Context, refs *References) (*LevelAssessment, error) {
	l := &LevelAssessment{References: refs, PerClass: refs.PerClass()}
	c, err := NewClassifier(refs, a.models, ClassifierOptions{Rule: a.Rule, Workers: a.Workers, Memory: a.Memory})
	if err != nil {
		return nil, err
	}
	if l.Evaluation, err = c.Evaluate(ctx, a.data.Test.All()); err != nil {
		return nil, err
	}
	l.Accuracy, l.Correct, l.Total = l.Evaluation.Accuracy, l.Evaluation.Correct, l.Evaluation.Total
	if a.validation.Len() > 0 {
		e, err := c.Evaluate(ctx, a.validation)
		if err != nil {
			return nil, err
		}
		l.ValidationAccuracy = &e.Accuracy
	}
	for _, other := range a.Others {
		accuracy, err := a.under(ctx, refs, other)
		if err != nil {
			return nil, err
		}
		l.Others = append(l.Others, accuracy)
	}
	if a.Draws > 0 {
		if l.Baselines, err = a.baselines(ctx, refs); err != nil {
			return nil, err
		}
	}
	if a.Seeds > 0 {
		l.Retrained, err = a.retrain(ctx, refs)
	}
	return l, err
}

// under returns the accuracy of references when another model embeds all images.
func (a *assessor) under(ctx context.Context, refs *References, m *model.Model) (float64, error) {
	c, err := NewClassifier(refs, []*model.Model{m}, ClassifierOptions{Rule: a.Rule, Workers: a.Workers, Memory: a.Memory, Reembed: true})
	if err != nil {
		return 0, err
	}
	e, err := c.Evaluate(ctx, a.data.Test.All())
	if err != nil {
		return 0, err
	}
	return e.Accuracy, nil
}
