package cli

import (
	"context"
	"encoding/csv"
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
}

func (a *app) taylorCommand() *cobra.Command {
	f := &taylorFlags{size: sizeFlag{dataset.Size{H: 7, W: 7}}}
	cmd := &cobra.Command{
		Use:   "taylor",
		Short: "Learn direct Taylor expansions, and study their weights against distance",
		Long: `Learn a polynomial of all pixels of an image for every class, without any
coarse-graining, order by order: the direct Taylor expansion. Images are made
smaller by averaging, as the number of coefficients grows fast. Then compare the
size of the second-order weights with the distance of the two pixels, and with
the same after the pixels were shuffled. The folder gets the runs, a report, its
charts as SVG and PNG, and the study as CSV.`,
		Example: `  taylornet taylor                                  # the embedded digits
  taylornet taylor --data mnist --order 1,2,3 --seeds 5
  taylornet taylor --data cifar-10 --size 6 --order 2
  taylornet taylor --data mnist --resume --out taylor`,
		Args: atMost(0),
		RunE: func(cmd *cobra.Command, _ []string) error { return a.taylor(cmd.Context(), f) },
	}
	flags := cmd.Flags()
	flags.StringVar(&f.data, "data", defaultData, "data set: a known `NAME`, or a folder of class folders")
	flags.Var(&f.size, "size", "make the images this small")
	flags.IntSliceVar(&f.orders, "order", []int{2}, "orders, a list of `K` from 1 to 3")
	flags.IntVar(&f.seeds, "seeds", 3, "repeat with seeds 1 to `N`")
	flags.IntVar(&f.epochs, "epochs", train.DirectRecipe("", 2).Epochs, "`N` passes over the training images")
	flags.StringVar(&f.out, "out", "", "write to `DIR` (default taylor, or taylor-2 and so on)")
	flags.BoolVar(&f.resume, "resume", false, "go on with the runs in --out")
	flags.IntVar(&f.workers, "workers", 0, "`N` parallel workers, which do not change the outcome; 0 for one a processor")
	completeFlag(cmd, "data", completeData)
	return cmd
}

const maxSeeds = 100

func (f *taylorFlags) validate() error {
	if f.workers < 0 || f.workers > maxWorkers {
		return usagef("--workers %d: want 0 to %d", f.workers, maxWorkers)
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

// checkSeeds wants a number of seeds that can be waited for.
func checkSeeds(n int) error {
	if n < 1 || n > maxSeeds {
		return usagef("--seeds %d: want 1 to %d", n, maxSeeds)
	}
	return nil
}

// taylorOutput is what taylor writes with --json.
type taylorOutput struct {
	Data   string              `json:"data"`
	Size   [2]int              `json:"size"`
	Seeds  int                 `json:"seeds"`
	Orders []directOrderOutput `json:"orders"`
	Study  *studyOutput        `json:"study,omitempty"`
	Report string              `json:"report"`
}

type directOrderOutput struct {
	Order          int       `json:"order"`
	Coefficients   int       `json:"coefficients"` // a class
	TestAccuracy   float64   `json:"test_accuracy"`
	TestAccuracies []float64 `json:"test_accuracies"` // by seed
	Curve          []float64 `json:"curve"`           // by epoch, the mean over the seeds
	Seconds        float64   `json:"seconds"`         // of training, the mean over the seeds
}

// studyOutput is a study of distances. Correlations are the mean, and the ends of
// its interval if there is one.
type studyOutput struct {
	Falls               bool        `json:"falls"`
	Correlation         [3]*float64 `json:"correlation"`
	Adjusted            [3]*float64 `json:"adjusted_correlation"`
	ShuffledCorrelation [3]*float64 `json:"shuffled_correlation"`
	ShuffledAdjusted    [3]*float64 `json:"shuffled_adjusted_correlation"`
	Excluded            int         `json:"excluded"`
	Text                string      `json:"text"`
}

func (a *app) taylor(ctx context.Context, f *taylorFlags) error {
	ctx, stop := interruptible(ctx)
	defer stop()
	if err := f.validate(); err != nil {
		return err
	}
	s := &directStudy{app: a, flags: f}
	var err error
	if s.source, err = dataSource(f.data); err != nil {
		return err
	}
	if s.data, err = a.loadGiven(f.data, f.size.Size); err != nil {
		return err
	}
	for _, k := range f.orders { // before any work
		if _, err := s.net(k); err != nil {
			return err
		}
	}
	if f.out == "" {
		if f.out, err = freeDir("taylor"); err != nil {
			return err
		}
	} else if _, err := os.Stat(filepath.Join(f.out, reportFile)); err == nil && !f.resume {
		return fmt.Errorf("%s already holds a study: go on with it with --resume, or choose another folder with --out", f.out)
	}
	return s.run(ctx)
}

// directStudy is the direct expansions in progress.
type directStudy struct {
	*app
	flags  *taylorFlags
	source string
	data   *dataset.Data
	page   report.Direct
	out    taylorOutput
}

func (s *directStudy) net(order int) (*spec.Net, error) {
	set := s.data.Train
	return taylor.Direct(spec.Shape{H: set.H, W: set.W, C: set.C}, len(set.Classes), order)
}

func (s *directStudy) run(ctx context.Context) error {
	f := s.flags
	studied := f.orders[len(f.orders)-1] // the order whose products are studied
	if slices.Contains(f.orders, 2) {
		studied = 2
	}
	var weights []taylor.Weighed
	for _, order := range f.orders {
		var results []*train.Result
		for seed := range f.seeds {
			r, w, err := s.train(ctx, order, seed+1, false, order == studied && order > 1)
			if err != nil {
				return err
			}
			results = append(results, r)
			if w != nil {
				weights = append(weights, *w)
			}
		}
		s.add(order, results)
	}
	if weights == nil {
		return s.finish()
	}
	var shuffled []taylor.Weighed
	for seed := range f.seeds {
		_, w, err := s.train(ctx, studied, seed+1, true, true)
		if err != nil {
			return err
		}
		shuffled = append(shuffled, *w)
	}
	set := s.data.Train
	shape := spec.Shape{H: set.H, W: set.W, C: set.C}
	study, control := taylor.StudyDistances(shape, weights), taylor.StudyDistances(shape, shuffled)
	s.page.Study, s.page.Control = study, control
	s.out.Study = newStudyOutput(study, control)
	return s.finish()
}

func newStudyOutput(study, control *taylor.Distances) *studyOutput {
	return &studyOutput{
		Falls: study.Falls(control), Excluded: study.Excluded, Correlation: interval(study.Correlation), Adjusted: interval(study.Adjusted),
		ShuffledCorrelation: interval(control.Correlation), ShuffledAdjusted: interval(control.Adjusted), Text: study.Text(control),
	}
}

// interval is for JSON, which has no NaN.
func interval(v taylor.Interval) [3]*float64 {
	if v.Low != v.Low {
		return [3]*float64{&v.Mean}
	}
	return [3]*float64{&v.Mean, &v.Low, &v.High}
}

// train makes the run of an order and seed, with the pixels shuffled by a
// permutation of the seed's own if asked, and reads its second-order weights if
// asked, of pixels 0 to 1 about black.
func (s *directStudy) train(ctx context.Context, order, seed int, shuffled, read bool) (*train.Result, *taylor.Weighed, error) {
	f, data, suffix := s.flags, s.data, ""
	if shuffled {
		data, suffix = s.data.ShufflePixels(uint64(seed)), "-shuffled"
	}
	net, err := s.net(order)
	if err != nil {
		return nil, nil, err
	}
	cfg := train.DirectRecipe(s.source, order)
	cfg.Net, cfg.Seed, cfg.Epochs = net.String(), uint64(seed), f.epochs
	if err := cfg.Validate(); err != nil {
		return nil, nil, &usageError{err}
	}
	dir := filepath.Join(f.out, fmt.Sprintf("order-%d%s-seed-%d", order, suffix, seed))
	p := s.trainProgress(1)
	defer p.clear()
	result, err := train.Run(ctx, cfg, data, train.Options{
		Dir: dir, Resume: f.resume && train.Exists(dir), Workers: f.workers, TestCurve: true,
		Progress: p.run(0, fmt.Sprintf("order %d, %s a class, seed %d%s",
			order, plural(net.NumParams()/s.classes(), "coefficient"), seed, strings.ReplaceAll(suffix, "-", ", pixels ")), ""),
	})
	switch {
	case errors.Is(err, train.ErrInterrupted):
		return nil, nil, fmt.Errorf("%w: go on with: %s --resume", err, s.command())
	case errors.Is(err, train.ErrExists):
		return nil, nil, fmt.Errorf("%w: go on with it with --resume, or choose another folder with --out", err)
	case err != nil || !read:
		return result, nil, err
	}
	expansion, err := taylor.FromModel(result.Model)
	if err != nil {
		return nil, nil, err
	}
	q, err := expansion.Quadratic(ctx, make([]float64, expansion.Input.Size()), f.workers, nil)
	return result, &taylor.Weighed{Quadratic: q, Active: seen(data.Train)}, err
}

func (s *directStudy) classes() int { return len(s.data.Train.Classes) }

// add notes an order's results.
func (s *directStudy) add(order int, results []*train.Result) {
	o := report.DirectOrder{Order: order, Coefficients: results[0].Model.Net().NumParams() / s.classes()}
	out := directOrderOutput{Order: order, Coefficients: o.Coefficients}
	for _, r := range results {
		out.TestAccuracies = append(out.TestAccuracies, r.Test.Accuracy())
		o.Seconds += r.Seconds() / float64(len(results))
	}
	for epoch := range results[0].History {
		var mean float64
		for _, r := range results {
			mean += r.History[epoch].TestAccuracy / float64(len(results))
		}
		o.Curve = append(o.Curve, mean)
	}
	o.Accuracy = stats.Student(out.TestAccuracies)
	out.TestAccuracy, out.Curve, out.Seconds = o.Accuracy.Mean, o.Curve, o.Seconds
	s.page.Orders, s.out.Orders = append(s.page.Orders, o), append(s.out.Orders, out)
}

// seen reports which inputs are not zero in every image, [H,W,C].
func seen(set *dataset.Set) []bool {
	size := set.H * set.W * set.C
	active := make([]bool, size)
	for i, v := range set.Pixels {
		if v != 0 {
			active[i%size] = true
		}
	}
	return active
}

// finish writes the report and says how it went.
func (s *directStudy) finish() error {
	dir, set := s.flags.out, s.data.Train
	s.page.Title = fmt.Sprintf("Direct Taylor expansions of %s at %dx%d", s.data.Name, set.H, set.W)
	s.page.Command = s.command()
	for _, c := range s.page.Charts() {
		if err := writeChart(dir, c); err != nil {
			return err
		}
	}
	if s.page.Study != nil {
		if err := writeDistances(dir, s.page.Study, s.page.Control); err != nil {
			return err
		}
	}
	s.out.Data, s.out.Size, s.out.Seeds = s.source, [2]int{set.H, set.W}, s.flags.seeds
	s.out.Report = filepath.Join(dir, reportFile)
	if err := writeFile(s.out.Report, func(w io.Writer) error { return report.WriteDirect(w, s.page) }); err != nil {
		return err
	}
	if s.json {
		return s.writeJSON(s.out)
	}
	s.notef("")
	t := newTable(">order", ">coefficients a class", "test accuracy", ">seconds")
	for _, o := range s.page.Orders {
		t.add(strconv.Itoa(o.Order), count(o.Coefficients), report.Accuracy(o.Accuracy), fmt.Sprintf("%.1f", o.Seconds))
	}
	t.write(s.app.out)
	if s.out.Study != nil {
		s.printf("\n%s\n", s.out.Study.Text)
	}
	s.printf("\nreport  %s\n", s.out.Report)
	return nil
}

// command repeats the study, for a shell.
func (s *directStudy) command() string {
	f := s.flags
	orders := make([]string, len(f.orders))
	for i, k := range f.orders {
		orders[i] = strconv.Itoa(k)
	}
	return fmt.Sprintf("taylornet taylor --data %s --size %s --order %s --seeds %d --epochs %d --out %s",
		quoted(s.source), f.size.String(), strings.Join(orders, ","), f.seeds, f.epochs, quoted(f.out))
}

// writeChart writes a chart as SVG and as PNG.
func writeChart(dir string, c report.NamedChart) error {
	if err := writeFile(filepath.Join(dir, c.Name+".svg"), c.SVG); err != nil {
		return err
	}
	return writeFile(filepath.Join(dir, c.Name+".png"), c.PNG)
}

func writeDistances(dir string, study, control *taylor.Distances) error {
	if err := writeCSV(filepath.Join(dir, "distances.csv"), study.Records()); err != nil {
		return err
	}
	return writeCSV(filepath.Join(dir, "distances-shuffled.csv"), control.Records())
}

func writeCSV(path string, records [][]string) error {
	return writeFile(path, func(w io.Writer) error { return csv.NewWriter(w).WriteAll(records) })
}
