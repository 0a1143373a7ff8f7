package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"image/png"
	"io"
	"path/filepath"
	"time"

	"github.com/schollz/progressbar/v3"

	"github.com/coarsegrain/taylornet/app/internal/report"
	"github.com/coarsegrain/taylornet/dataset"
	"github.com/coarsegrain/taylornet/distill"
	"github.com/coarsegrain/taylornet/internal/stats"
	"github.com/coarsegrain/taylornet/model"
	"github.com/coarsegrain/taylornet/spec"
)

// distillOutput is what distill writes with --json, and to a file.
type distillOutput struct {
	Data         string         `json:"data"`
	Test         string         `json:"test"`
	FullAccuracy float64        `json:"full_accuracy"` // of the whole network
	Leaves       int            `json:"leaves"`        // training images distilled
	Levels       []distillLevel `json:"levels"`
	Seconds      float64        `json:"seconds"` // of the distillation
	Run          string         `json:"run"`
	Report       string         `json:"report"`
}

type distillLevel struct {
	Level              int               `json:"level"`
	PerClass           int               `json:"per_class"`
	Accuracy           float64           `json:"accuracy"`
	Correct            int               `json:"correct"`
	Total              int               `json:"total"`
	ValidationAccuracy *float64          `json:"validation_accuracy,omitempty"`
	RandomReal         *float64          `json:"random_real_accuracy,omitempty"` // the mean over the draws
	RandomRealDraws    []float64         `json:"random_real_accuracies,omitempty"`
	Medoid             *float64          `json:"medoid_accuracy,omitempty"`
	KMeans             *float64          `json:"k_means_accuracy,omitempty"`
	ClassMean          *float64          `json:"class_mean_accuracy,omitempty"`
	Others             []float64         `json:"other_accuracies,omitempty"` // with the images embedded by --other
	Retrained          []retrainedOutput `json:"retrained,omitempty"`
	References         string            `json:"references"`
}

type retrainedOutput struct {
	Name      string    `json:"name"`
	Net       string    `json:"net"`
	Distilled []float64 `json:"distilled"` // test accuracies, by seed
	Random    []float64 `json:"random"`
}

const evaluationFile = "evaluation.json"

func (d *distillation) run(ctx context.Context) error {
	dir := d.flags.out
	options := distill.Options{Dir: dir, Resume: d.flags.resume, Workers: d.flags.workers}
	show := &distillProgress{distillation: d}
	if !d.quiet {
		options.Progress = show.show
	}
	levels, err := distill.Run(ctx, d.config, d.models, d.data.Train, options)
	show.clear()
	if err != nil {
		return d.explained(err)
	}
	out := &distillOutput{
		Data: d.data.Name, Test: d.data.Test.Name, Leaves: d.leaves.Len(),
		Seconds: time.Since(d.start).Seconds(), Run: dir, Report: filepath.Join(dir, reportFile),
	}
	full, err := d.models[0].Evaluate(ctx, d.data.Test.All())
	if err != nil {
		return err
	}
	out.FullAccuracy = full.Accuracy()
	page := report.Distilled{
		Title: "Distilled " + d.data.Name, Command: d.command, Model: d.models[0], Full: out.FullAccuracy, Tested: out.Test, Leaves: out.Leaves,
	}
	for _, refs := range levels {
		level, err := d.evaluate(ctx, refs)
		if err != nil {
			return d.explained(err)
		}
		page.Levels = append(page.Levels, *level)
		out.Levels = append(out.Levels, d.describe(len(out.Levels)+1, level))
	}
	return d.finish(out, page)
}

// evaluate measures a level's references and what stands beside them.
func (d *distillation) evaluate(ctx context.Context, refs *distill.References) (*report.DistilledLevel, error) {
	f, test := d.flags, d.data.Test
	if ctx.Err() != nil {
		return nil, distill.ErrInterrupted
	}
	level := &report.DistilledLevel{References: refs}
	classifier, err := distill.NewClassifier(refs, d.models[:1], f.rule, f.workers)
	if err != nil {
		return nil, err
	}
	if d.validation.Len() > 0 {
		e, err := classifier.Evaluate(d.validation)
		if err != nil {
			return nil, err
		}
		level.Validation = e.Accuracy()
	}
	if level.Test, err = classifier.Evaluate(test.All()); err != nil {
		return nil, err
	}
	for _, other := range d.others {
		accuracy, err := refs.Under([]*model.Model{other}, test.All(), f.rule, f.workers)
		if err != nil {
			return nil, err
		}
		level.Transfer = append(level.Transfer, accuracy)
	}
	if f.evaluate != evaluateNone {
		level.Controls, err = distill.Controls(refs, d.models[:1], d.data.Train, test.All(), f.rule, f.draws, f.workers)
	}
	if err == nil && f.evaluate == evaluateRetrain {
		level.Retrained, err = d.retrain(ctx, refs)
	}
	return level, err
}

// maxRetrained bounds the images a class that fresh networks are trained on.
const maxRetrained = 50

// retrain trains fresh networks on a level's images and on as many real ones.
func (d *distillation) retrain(ctx context.Context, refs *distill.References) ([]distill.Retrained, error) {
	perClass := refs.Len() / len(refs.Set.Classes)
	if perClass > maxRetrained {
		return nil, nil
	}
	list := []distill.Retrained{{Name: "TaylorNet", Net: d.models[0].Net().String()}}
	convnet := distill.ConvNet(refs.Set)
	if _, err := spec.Parse(convnet); err == nil { // not for tiny images
		list = append(list, distill.Retrained{Name: "ConvNet", Net: convnet})
	}
	for i := range list {
		r := &list[i]
		for seed := range d.flags.retrain {
			c := distill.RetrainRecipe(d.data.Name, r.Net, refs.Len(), uint64(seed+1))
			for _, on := range []struct {
				images *dataset.Set
				to     *[]float64
			}{{refs.Set, &r.Distilled}, {distill.Random(d.leaves, perClass, uint64(seed+1)), &r.Random}} {
				accuracy, err := distill.Retrain(ctx, on.images, d.data.Test, c, d.flags.workers)
				if err != nil {
					return nil, fmt.Errorf("training a fresh %s on %s a class: %w", r.Name, plural(perClass, "image"), err)
				}
				*on.to = append(*on.to, accuracy)
			}
			d.notef("%s, %d a class, seed %d: accuracy %s distilled, %s random", r.Name, perClass, seed+1,
				percent(r.Distilled[seed]), percent(r.Random[seed]))
		}
	}
	return list, nil
}

// describe is a level for JSON.
func (d *distillation) describe(n int, l *report.DistilledLevel) distillLevel {
	perClass := l.References.Len() / len(l.References.Set.Classes)
	out := distillLevel{
		Level: n, PerClass: perClass, Accuracy: l.Test.Accuracy(), Correct: l.Test.Correct, Total: l.Test.Total, Others: l.Transfer,
		References: filepath.Join(d.flags.out, distill.LevelFile(perClass)),
	}
	if l.Validation > 0 {
		out.ValidationAccuracy = &l.Validation
	}
	for _, c := range l.Controls {
		mean := stats.Mean(c.Accuracies)
		switch c.Name {
		case distill.RandomReal:
			out.RandomReal, out.RandomRealDraws = &mean, c.Accuracies
		case distill.Medoids:
			out.Medoid = &mean
		case distill.KMeans:
			out.KMeans = &mean
		case distill.ClassMeans:
			out.ClassMean = &mean
		}
	}
	for _, r := range l.Retrained {
		out.Retrained = append(out.Retrained, retrainedOutput(r))
	}
	return out
}

// finish writes the report and says how it went.
func (d *distillation) finish(out *distillOutput, page report.Distilled) error {
	dir := d.flags.out
	for _, l := range page.Levels {
		path := filepath.Join(dir, fmt.Sprintf("images-%d.png", l.References.Len()/len(l.References.Set.Classes)))
		if err := writeFile(path, func(w io.Writer) error { return png.Encode(w, report.Contact(l.References, 50, 2)) }); err != nil {
			return err
		}
	}
	for _, c := range page.Charts() {
		if err := writeChart(dir, c); err != nil {
			return err
		}
	}
	if err := writeFile(filepath.Join(dir, evaluationFile), func(w io.Writer) error { return json.NewEncoder(w).Encode(out) }); err != nil {
		return err
	}
	if err := writeFile(out.Report, func(w io.Writer) error { return report.WriteDistilled(w, page) }); err != nil {
		return err
	}
	if d.json {
		return d.writeJSON(out)
	}
	d.notef("")
	d.writeLevels(out)
	d.printf("\nthe whole network: %s of %s; distilled in %v\n", percent(out.FullAccuracy), out.Test, seconds(out.Seconds))
	d.printf("report  %s\n", out.Report)
	last := out.Levels[len(out.Levels)-1]
	if !d.quiet {
		d.printf("\nNext:\n  taylornet classify %s IMAGE...\n", quoted(last.References))
	}
	return nil
}

func (d *distillation) writeLevels(out *distillOutput) {
	t := newTable(">level", ">images a class", ">"+d.flags.split+" accuracy", ">validation", ">random real", ">medoids", ">k-means", ">class means")
	for _, l := range out.Levels {
		t.add(fmt.Sprint(l.Level), count(l.PerClass), percent(l.Accuracy), optional(l.ValidationAccuracy),
			optional(l.RandomReal), optional(l.Medoid), optional(l.KMeans), optional(l.ClassMean))
	}
	t.write(d.out)
	for _, l := range out.Levels {
		for i, accuracy := range l.Others {
			d.printf("%d a class, embedded by %s: %s\n", l.PerClass, d.flags.others[i], percent(accuracy))
		}
		for _, r := range l.Retrained {
			d.printf("%d a class, a fresh %s: %s; on random real images %s\n", l.PerClass, r.Name,
				report.Accuracy(stats.Student(r.Distilled)), report.Accuracy(stats.Student(r.Random)))
		}
	}
}

// distillProgress shows how far a distillation is: a line a level, and on a
// terminal a bar below them.
type distillProgress struct {
	*distillation
	bar *progressbar.ProgressBar
}

func (p *distillProgress) show(at distill.Progress) {
	if at.Finished != nil {
		p.clear()
		p.finished(at)
		return
	}
	if !isTerminal(p.err) {
		return
	}
	if p.bar == nil {
		p.bar = newBar(p.err, int64(at.Total))
	}
	p.bar.Describe(fmt.Sprintf("level %d/%d  %d a class", at.Level, at.Levels, at.PerClass))
	_ = p.bar.Set(at.Done) // a terminal that is gone is no reason to stop
}

// finished says how a level does on the validation images.
func (p *distillProgress) finished(at distill.Progress) {
	line := fmt.Sprintf("level %d/%d  %s a class", at.Level, at.Levels, count(at.PerClass))
	if p.validation.Len() > 0 {
		c, err := distill.NewClassifier(at.Finished, p.models[:1], p.flags.rule, p.flags.workers)
		if err != nil {
			return // which the evaluation reports
		}
		if e, err := c.Evaluate(p.validation); err == nil {
			line += fmt.Sprintf("  validation %s", percent(e.Accuracy()))
		}
	}
	p.notef("%s", line)
}

func (p *distillProgress) clear() {
	if p.bar != nil {
		_ = p.bar.Clear()
	}
}
