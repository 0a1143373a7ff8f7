package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/coarsegrain/taylornet/app/internal/report"
	"github.com/coarsegrain/taylornet/dataset"
	"github.com/coarsegrain/taylornet/internal/stats"
	"github.com/coarsegrain/taylornet/spec"
	"github.com/coarsegrain/taylornet/sweep"
	"github.com/coarsegrain/taylornet/taylor"
	"github.com/coarsegrain/taylornet/train"
)

// taylorFlags are the flags of taylor.
type taylorFlags struct {
	data, out     string
	size          sizeFlag
	orders        []int
	seeds, epochs int
	workers       int
	resume        bool
	of            string // the model to cut off
	command       string // that repeats it
}

func (a *app) taylorCommand() *cobra.Command {
	f := &taylorFlags{size: sizeFlag{dataset.Size{H: 7, W: 7}}}
	cmd := &cobra.Command{
		Use:   "taylor",
		Short: "Train direct Taylor expansions, or cut off that of a model",
		Long: `Train direct Taylor expansions: for each class, a polynomial of all pixels without
any coarse-graining. Images are first made smaller by averaging, because the number
of coefficients grows fast with the number of pixels. Then compare the size of the
second-order weights with the distance of the two pixels. The baseline is the same
expansion trained on shuffled pixels. The folder gets the runs, a report, its charts
as SVG and PNG, and the study as CSV.

With --of MODEL nothing is trained. The model's Taylor expansion about the mean of its
training images is cut off after order 2, or 1, and written as a model of its own: for
each class, a polynomial of all pixels. All commands take it like any other.`,
		Example: `  taylornet taylor                                  # the embedded digits
  taylornet taylor --data mnist --order 1,2,3 --seeds 5
  taylornet taylor --data cifar-10 --size 6 --order 2
  taylornet taylor --data mnist --resume --out taylor
  taylornet taylor --of runs/mnist --out second.safetensors`,
		Args: atMost(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			f.command = joinWords(repeat(cmd, nil))
			if f.of != "" {
				return a.truncate(cmd, f)
			}
			return a.taylor(cmd.Context(), f)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.data, "data", defaultData, "data set: a known `NAME`, or a folder of class folders")
	flags.Var(&f.size, "size", "height and width to make the images")
	flags.IntSliceVar(&f.orders, "order", []int{2}, "orders of the expansions: a list of `K` from 1 to 3")
	flags.IntVar(&f.seeds, "seeds", 3, "repeat with random seeds 1 to `N`")
	flags.IntVar(&f.epochs, "epochs", train.DirectRecipe("", 2).Epochs, "`N` passes over the training images")
	flags.StringVar(&f.of, "of", "", "cut off the expansion of `MODEL` instead: a model file, a run folder, or the name of a trained model")
	flags.StringVar(&f.out, "out", "", "write to `DIR` (default taylor, or taylor-2 and so on), or with --of to a file (default MODEL-order-2.safetensors)")
	flags.BoolVar(&f.resume, "resume", false, "resume the runs in --out")
	flags.IntVar(&f.workers, "workers", 0, "`N` parallel workers, which do not change the results; 0 means one per CPU")
	completeFlag(cmd, "data", completeData)
	return cmd
}

const maxSeeds = sweep.MaxSeeds

func (f *taylorFlags) validate() error {
	if err := f.checkWorkers(); err != nil {
		return err
	}
	if err := checkSeeds(f.seeds); err != nil {
		return err
	}
	if len(f.orders) == 0 {
		return usagef("--order: want a list of 1, 2 and 3")
	}
	slices.Sort(f.orders)
	f.orders = slices.Compact(f.orders)
	for _, k := range f.orders {
		if k < 1 || k > 3 {
			return usagef("--order %d: want 1 to 3", k)
		}
	}
	return checkResume(f.resume, f.out)
}

func (f *taylorFlags) checkWorkers() error {
	if f.workers < 0 || f.workers > maxWorkers {
		return usagef("--workers %d: want 0 to %d", f.workers, maxWorkers)
	}
	return nil
}

// checkSeeds returns an error for more random seeds than anyone would wait for.
func checkSeeds(n int) error {
	if n < 1 || n > maxSeeds {
		return usagef("--seeds %d: want 1 to %d", n, maxSeeds)
	}
	return nil
}

func (a *app) taylor(ctx context.Context, f *taylorFlags) error {
	if err := f.validate(); err != nil {
		return err
	}
	s := &directStudy{app: a, flags: f}
	var err error
	if s.source, err = dataSource(f.data); err != nil {
		return err
	}
	// A size that is too large for one class and colour need not be made of the data.
	if err := taylor.CheckDirect(spec.Shape{H: f.size.H, W: f.size.W, C: 1}, 1, f.orders); err != nil {
		return err
	}
	if s.data, err = a.loadGiven(ctx, f.data, dataset.Options{Size: f.size.Size}); err != nil {
		return err
	}
	if f.out == "" {
		if f.out, err = a.newDir("taylor"); err != nil {
			return err
		}
	} else if _, err := os.Stat(filepath.Join(f.out, reportFile)); err == nil && !f.resume {
		return fmt.Errorf("%s already holds a study: continue it with --resume, or choose another folder with --out", f.out)
	}
	return s.run(ctx)
}

// directStudy is the direct expansions in progress.
type directStudy struct {
	*app
	flags  *taylorFlags
	source string
	data   *dataset.Data
}

func (s *directStudy) run(ctx context.Context) error {
	f := s.flags
	opts := taylor.DirectOptions{Orders: f.orders, Seeds: f.seeds, Workers: f.workers, Memory: s.left(s.data.Bytes())}
	study, err := taylor.StudyDirect(ctx, s.data, opts, s.train)
	if errors.Is(err, taylor.ErrInterrupted) {
		return s.goOn(err)
	}
	if err != nil {
		return err
	}
	s.sayRead(s.data)
	study.Data, study.Report = s.source, filepath.Join(f.out, reportFile)
	if study.Study != nil {
		study.Study.Text = report.StudyText(study.Study)
	}
	text, err := encode(study)
	if err != nil {
		return err
	}
	if err := s.write(study); err != nil {
		return err
	}
	if s.json {
		_, err := s.out.Write(text)
		return err
	}
	s.show(study)
	return nil
}

// train trains an expansion in a folder of its own.
func (s *directStudy) train(ctx context.Context, run taylor.DirectRun) (*taylor.DirectResult, error) {
	f, suffix := s.flags, ""
	if run.Shuffled {
		suffix = "-shuffled"
	}
	cfg := train.DirectRecipe(s.source, run.Order)
	cfg.Net, cfg.Seed, cfg.Epochs = run.Net.String(), uint64(run.Seed), f.epochs
	if err := cfg.Validate(); err != nil {
		return nil, &usageError{err}
	}
	dir := filepath.Join(f.out, fmt.Sprintf("order-%d%s-seed-%d", run.Order, suffix, run.Seed))
	p := s.trainProgress(1)
	defer p.clear()
	result, err := train.Run(ctx, cfg, run.Data, train.Options{
		Dir: dir, Resume: f.resume && train.Exists(dir), Workers: f.workers, Memory: s.memory.bytes, TestCurve: true,
		Progress: p.run(0, []string{fmt.Sprintf("order %d, %s per class, seed %d%s", run.Order,
			plural(run.Net.NumParams()/len(run.Data.Train.Classes), "coefficient"), run.Seed, strings.ReplaceAll(suffix, "-", ", pixels "))}, ""),
	})
	switch {
	case errors.Is(err, train.ErrInterrupted):
		return nil, s.goOn(err)
	case errors.Is(err, train.ErrExists):
		return nil, fmt.Errorf("%w: continue it with --resume, or choose another folder with --out", err)
	case err != nil:
		return nil, err
	}
	r := &taylor.DirectResult{Model: result.Model, Accuracy: result.Test.Accuracy(), Seconds: result.Seconds()}
	for _, m := range result.History {
		r.Curve = append(r.Curve, m.TestAccuracy)
	}
	return r, nil
}

func (s *directStudy) goOn(err error) error {
	return fmt.Errorf("%w: continue with: %s --out %s --resume", err, s.flags.command, quoted(s.flags.out))
}

// write writes the charts, the study and the report.
func (s *directStudy) write(study *taylor.DirectStudy) error {
	page := report.Direct{
		Title:   fmt.Sprintf("Direct Taylor expansions of %s at %dx%d", s.data.Name, study.Size[0], study.Size[1]),
		Command: s.flags.command, DirectStudy: study,
	}
	for _, c := range page.Charts() {
		if err := writeChart(s.flags.out, c); err != nil {
			return err
		}
	}
	if study.Study != nil {
		if err := writeDistances(s.flags.out, study.Study); err != nil {
			return err
		}
	}
	return writeFile(study.Report, func(w io.Writer) error { return report.WriteDirect(w, page) })
}

func (s *directStudy) show(study *taylor.DirectStudy) {
	s.notef("")
	t := newTable(">order", ">coefficients per class", "test accuracy", ">seconds")
	for _, o := range study.Orders {
		t.add(strconv.Itoa(o.Order), count(o.Coefficients), report.Accuracy(stats.Student(o.TestAccuracies)), fmt.Sprintf("%.1f", o.Seconds))
	}
	t.write(s.out)
	if study.Study != nil {
		s.printf("\n%s\n", long(study.Study.Text))
	}
	s.printf("\nreport  %s\n", study.Report)
}
