package train

import (
	"context"
	"path/filepath"

	"github.com/coarsegrain/taylornet/dataset"
	"github.com/coarsegrain/taylornet/model"
)

// Result is a finished run.
type Result struct {
	Model *model.Model
	// History has the metrics of every epoch. Best is the index of the one whose
	// weights were kept.
	History []Metrics
	Best    int
	// Validation and Test are the evaluations of the final model. Validation is nil if
	// no images were set aside.
	Validation, Test *model.Evaluation
	// TestPartial holds the final model's accuracies on the test images of the partial sums
	// of orders, as Metrics.Partial those on the validation images.
	TestPartial []float64
}

// Seconds returns the time spent in steps, without evaluation.
func (r *Result) Seconds() float64 {
	var sum float64
	for _, m := range r.History {
		sum += m.Seconds
	}
	return sum
}

// ImagesPerSecond returns the training speed over all epochs, without evaluation.
func (r *Result) ImagesPerSecond() float64 {
	var images float64
	for _, m := range r.History {
		images += m.ImagesPerSecond * m.Seconds
	}
	return images / r.Seconds()
}

// Summary says how a run went: the outcome in figures, and where the files are.
type Summary struct {
	Model              string   `json:"model"` // file of the model
	TestAccuracy       float64  `json:"test_accuracy"`
	ValidationAccuracy *float64 `json:"validation_accuracy,omitempty"` // nil without validation images
	// Partial holds the validation accuracies of the partial sums of orders, see Metrics, and
	// TestPartial the test accuracies.
	Partial         []float64 `json:"partial,omitempty"`
	TestPartial     []float64 `json:"test_partial,omitempty"`
	Epochs          int       `json:"epochs"`
	BestEpoch       int       `json:"best_epoch"` // counted from 1
	Seconds         float64   `json:"seconds"`    // in steps, without evaluation
	ImagesPerSecond float64   `json:"images_per_second"`
	Params          int       `json:"params"`
	Degree          int       `json:"degree"`
	Data            string    `json:"data"`
	Run             string    `json:"run"`    // run folder
	Report          string    `json:"report"` // for whoever writes one
}

// Summary returns the summary of the run in a folder, without a report.
func (r *Result) Summary(dir string) Summary {
	s := Summary{
		Model: filepath.Join(dir, ModelFile), TestAccuracy: r.Test.Accuracy(),
		Partial: r.History[r.Best].Partial, TestPartial: r.TestPartial, Epochs: len(r.History), BestEpoch: r.History[r.Best].Epoch,
		Seconds: r.Seconds(), ImagesPerSecond: r.ImagesPerSecond(),
		Params: r.Model.Net().NumParams(), Degree: r.Model.Net().Degree(),
		Data: ReadRecord(r.Model).Config.Data, Run: dir,
	}
	if r.Validation != nil {
		accuracy := r.Validation.Accuracy()
		s.ValidationAccuracy = &accuracy
	}
	return s
}

// finish evaluates the final model, writes it, and returns the result.
func (r *run) finish(ctx context.Context) (*Result, error) {
	m, err := r.model(r.kept, nil)
	if err != nil {
		return nil, err
	}
	result := &Result{History: r.History, Best: r.Best}
	if r.validation.Len() > 0 {
		if result.Validation, err = m.Evaluate(ctx, r.validation); err != nil {
			return nil, err
		}
	}
	if result.Test, err = m.Evaluate(ctx, r.data.Test.All()); err != nil {
		return nil, err
	}
	if result.TestPartial, err = r.partialSums(ctx, r.kept, r.data.Test.All()); err != nil {
		return nil, err
	}
	if m, err = r.model(r.kept, result.Test); err != nil {
		return nil, err
	}
	if result.Model, err = Measured(ctx, m, r.data.Train, r.modelOptions()); err != nil {
		return nil, err
	}
	if r.opts.Dir == "" {
		return result, nil
	}
	return result, r.writeModel(result.Model)
}

// Measured returns the model with what is recorded of the images that it was trained on:
// the range of its logits, how the images were made, and the guard. The set must be the
// one that the model was trained on. Options are as in model.New.
func Measured(ctx context.Context, m *model.Model, set *dataset.Set, opts ...model.Options) (*model.Model, error) {
	learned, validation, err := Split(m, set)
	if err != nil {
		return nil, err
	}
	learned, validation = thinned(learned, measuredImages), thinned(validation, measuredImages)
	c := m.Config()
	if c.LogitRange, err = m.MeasureRange(ctx, learned); err != nil {
		return nil, err
	}
	if c.Guard, err = m.MeasureGuard(ctx, learned, validation); err != nil {
		return nil, err
	}
	c.Preparation = model.MeasurePreparation(learned)
	return model.New(c, opts...)
}

// measuredImages is the number of images on which records are measured.
const measuredImages = 10000

// thinned returns at most so many of the images, evenly spread, because the images of
// a folder are sorted by class.
func thinned(images dataset.Subset, most int) dataset.Subset {
	n := min(most, images.Len())
	positions := make([]int32, n)
	for i := range positions {
		positions[i] = int32(i * images.Len() / n)
	}
	return images.Only(positions)
}
