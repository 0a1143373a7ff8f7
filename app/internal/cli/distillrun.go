package cli

import (
	"context"
	"fmt"
	"image/png"
	"io"
	"path/filepath"
	"time"

	"github.com/schollz/progressbar/v3"

	"github.com/coarsegrain/taylornet/app/internal/report"
	"github.com/coarsegrain/taylornet/distill"
	"github.com/coarsegrain/taylornet/internal/stats"
)

// distillOutput is what distill writes with --json, and to a file.
type distillOutput struct {
	*distill.Assessment
	Seconds float64 `json:"seconds"` // of the distillation
	Run     string  `json:"run"`
	Report  string  `json:"report"`
}

const evaluationFile = "evaluation.json"

func (d *distillation) run(ctx context.Context) error {
	dir := d.flags.out
	beside := d.data.Bytes() - bytesOf(d.data.Train) // which it counts itself
	options := distill.Options{Dir: dir, Resume: d.flags.resume, Workers: d.flags.workers, Memory: d.left(beside)}
	show := &distillProgress{distillation: d}
	if !d.quiet {
		options.Progress = func(at distill.Progress) { show.show(ctx, at) }
	}
	var out *distillOutput
	options.Finished = func(levels []*distill.References) (err error) {
		show.clear()
		d.sayRead(d.data)
		out, err = d.assess(ctx, levels)
		return err
	}
	_, err := distill.Run(ctx, d.config, d.models, d.data.Train, options)
	show.clear()
	if err != nil {
		return d.explained(err)
	}
	return d.print(out)
}

// assess evaluates the references and writes the files about them.
func (d *distillation) assess(ctx context.Context, levels []*distill.References) (out *distillOutput, err error) {
	dir := d.flags.out
	out = &distillOutput{Seconds: time.Since(d.start).Seconds(), Run: dir, Report: filepath.Join(dir, reportFile)}
	if out.Assessment, err = distill.Assess(ctx, levels, d.models[0], d.data, d.assessOptions()); err != nil {
		return nil, err
	}
	for i := range out.Levels {
		l := &out.Levels[i]
		l.File = filepath.Join(dir, distill.LevelFile(l.PerClass))
	}
	return out, d.write(out)
}

// assessOptions says what the flags ask for besides the references' own accuracy.
func (d *distillation) assessOptions() distill.AssessOptions {
	f := d.flags
	o := distill.AssessOptions{Rule: f.rule, Others: d.others, Workers: f.workers, Memory: d.memory.bytes}
	if f.evaluate != evaluateNone {
		o.Draws = f.draws
	}
	if f.evaluate == evaluateRetrain {
		o.Seeds = f.retrain
	}
	o.Progress = func(r distill.RetrainProgress) {
		d.notef("%s, %d per class, seed %d: accuracy %s distilled, %s random", r.Name, r.PerClass, r.Seed, percent(r.Distilled), percent(r.Random))
	}
	return o
}

// write writes the files of the evaluation.
func (d *distillation) write(out *distillOutput) error {
	dir := d.flags.out
	page := report.Distilled{Title: "Distilled " + out.Data, Command: d.command, Model: d.models[0], Assessment: out.Assessment}
	text, err := encode(out)
	if err != nil {
		return err
	}
	for _, l := range page.Levels {
		path := filepath.Join(dir, fmt.Sprintf("images-%d.png", l.PerClass))
		if err := writeFile(path, func(w io.Writer) error { return png.Encode(w, report.Contact(l.References, 50, 2)) }); err != nil {
			return err
		}
	}
	for _, c := range page.Charts() {
		if err := writeChart(dir, c); err != nil {
			return err
		}
	}
	if err := writeText(filepath.Join(dir, evaluationFile), text); err != nil {
		return err
	}
	return writeFile(out.Report, func(w io.Writer) error { return report.WriteDistilled(w, page) })
}

// print prints the evaluation.
func (d *distillation) print(out *distillOutput) error {
	if d.json {
		return d.writeJSON(out)
	}
	d.notef("")
	d.writeLevels(out)
	d.printf("\nthe whole network: %s of %s; distilled in %v\n", percent(out.FullAccuracy), out.Test, seconds(out.Seconds))
	d.printf("report  %s\n", out.Report)
	last := out.Levels[len(out.Levels)-1]
	if !d.quiet {
		d.printf("\nNext:\n  taylornet classify %s IMAGE...\n", quoted(last.File))
	}
	return nil
}

func (d *distillation) writeLevels(out *distillOutput) {
	t := newTable(">level", ">images per class", ">"+d.flags.split+" accuracy", ">validation", ">random real", ">medoids", ">k-means", ">class means")
	for _, l := range out.Levels {
		t.add(fmt.Sprint(l.Level), count(l.PerClass), percent(l.Accuracy), optional(l.ValidationAccuracy),
			optional(l.RandomReal), optional(l.Medoid), optional(l.KMeans), optional(l.ClassMean))
	}
	t.write(d.out)
	for _, l := range out.Levels {
		for i, accuracy := range l.Others {
			d.printf("%d per class, embedded by %s: %s\n", l.PerClass, d.flags.others[i], percent(accuracy))
		}
		for _, r := range l.Retrained {
			d.printf("%d per class, a fresh %s: %s; on random real images %s\n", l.PerClass, r.Name,
				report.Accuracy(stats.Student(r.Distilled)), report.Accuracy(stats.Student(r.Random)))
		}
	}
}

// distillProgress shows how far a distillation is: one line per level, and on a
// terminal a bar below.
type distillProgress struct {
	*distillation
	bar *progressbar.ProgressBar
}

func (p *distillProgress) show(ctx context.Context, at distill.Progress) {
	if at.Finished != nil {
		p.clear()
		p.finished(ctx, at)
		return
	}
	if !isTerminal(p.stderr) {
		return
	}
	if p.bar == nil {
		p.bar = newBar(p.stderr, int64(at.Total))
	}
	p.bar.Describe(fmt.Sprintf("level %d/%d  %d per class", at.Level, at.Levels, at.PerClass))
	_ = p.bar.Set(at.Done) // a terminal that is gone is not a reason to stop
}

// finished prints the accuracy of a level on the validation images.
func (p *distillProgress) finished(ctx context.Context, at distill.Progress) {
	line := fmt.Sprintf("level %d/%d  %s per class", at.Level, at.Levels, count(at.PerClass))
	if p.validation.Len() > 0 {
		c, err := distill.NewClassifier(at.Finished, p.models[:1], distill.ClassifierOptions{Rule: p.flags.rule, Workers: p.flags.workers, Memory: p.left(p.data.Bytes())})
		if err != nil {
			return // which the evaluation reports
		}
		if e, err := c.Evaluate(ctx, p.validation); err == nil {
			line += fmt.Sprintf("  validation %s", percent(e.Accuracy))
		}
	}
	p.notef("%s", line)
}

func (p *distillProgress) clear() {
	if p.bar != nil {
		_ = p.bar.Clear()
	}
}
