package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/coarsegrain/taylornet/app/internal/report"
	"github.com/coarsegrain/taylornet/dataset"
	"github.com/coarsegrain/taylornet/internal/memory"
	"github.com/coarsegrain/taylornet/model"
	"github.com/coarsegrain/taylornet/spec"
	"github.com/coarsegrain/taylornet/taylor"
	"github.com/coarsegrain/taylornet/tensor"
	"github.com/coarsegrain/taylornet/train"
)

// explainFlags are the flags of explain.
type explainFlags struct {
	about, out        string
	pictures          pictureFlags
	monomials, second bool
	command           string // that repeats it
	images            []string
}

func (a *app) explainCommand() *cobra.Command {
	f := &explainFlags{}
	cmd := &cobra.Command{
		Use:   "explain MODEL [IMAGE...]",
		Short: "Read a model's polynomial: by order, by pixel, by scale",
		Long: `Write out exactly what a model computes. For an image: what the monomials of
each order contribute to the logits, what each pixel contributes, the pairs of
pixels that matter most, and the feature maps at each scale. Without an image:
what each coarse-graining does; with --second-order, what each class compares images
with, as templates. The report and its pictures go to a folder, with
everything as JSON beside them.

The orders are those of the Taylor expansion about a point: the mean grey or colour
of the training images, black, or an image. If the degree is over 1,024, all orders
would take more than --memory, or they cancel so far that they do not add up to the
logits, orders 0 to 2 are written by themselves and all higher ones as one. What each
pixel contributes over all orders is then an integral, exact to a millionth of the
change of the logits.`,
		Example: `  taylornet explain runs/mnist                       # by scale
  taylornet explain runs/mnist seven.png
  taylornet explain pretrained/mnist-paper.safetensors *.png --about black --out why
  taylornet explain pretrained/mnist-paper.safetensors --second-order
  taylornet explain small.safetensors --monomials    # the polynomial itself`,
		Args:              atLeast("MODEL"),
		ValidArgsFunction: completeModel,
		RunE: func(cmd *cobra.Command, args []string) error {
			var err error
			if f.images, err = expand(args[1:]); err != nil {
				return err
			}
			f.command = joinWords(repeat(cmd, args))
			return a.explain(cmd.Context(), args[0], f)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.about, "about", "mean", "expansion point: mean, black, or an image `FILE`")
	flags.StringVar(&f.out, "out", "", "write the report to `DIR` (default explain, or explain-2 and so on; with --json no files unless it is given)")
	f.pictures.add(cmd)
	flags.BoolVar(&f.monomials, "monomials", false, "write the whole polynomial in monomials, for small networks")
	flags.BoolVar(&f.second, "second-order", false, "write all second-order coefficients, compare them with the distance of the pixels, and draw each class's templates")
	return cmd
}

const explainFile = "explain.json"

// maxMonomials bounds the expansion that --monomials writes.
const maxMonomials = 1_000_000

// The number of training images that the levels' flow is measured on, without and
// with images to explain. An image should be explained at once. All together have at most
// sampleValues values in the feature maps, where a layer counts as layerValues at least: a
// large network, or one of thousands of layers, is measured on fewer images.
const (
	sampleImages = 256
	fewImages    = 32
	sampleValues = 1 << 28
	layerValues  = 1 << 10
)

// sampleOf returns the number of training images for a network.
func sampleOf(n *spec.Net) int {
	values := 1
	for _, l := range n.Layers() {
		values += max(layerValues, l.Out.Size())
	}
	return min(sampleImages, max(1, sampleValues/values))
}

func (a *app) explain(ctx context.Context, arg string, f *explainFlags) error {
	m, err := a.loadModel(arg, f.pictures.options())
	if err != nil {
		return err
	}
	a.noteHidden(arg)
	request := taylor.Request{Sample: sampleOf(m.Net()), SecondOrder: f.second}
	if request.About, err = expansionPoint(m, f.about); err != nil {
		return err
	}
	if f.monomials {
		request.Monomials = maxMonomials
	}
	bad := f.read(m, &request)
	if len(f.images) > 0 && len(request.Pictures) == 0 {
		return unreadable(bad, len(f.images))
	}
	var sample string
	if request.Training, sample = a.trainingImages(ctx, m, request.Sample); request.Training != nil && !f.second {
		all := request.Training.All()
		all.Index = all.Index[:min(request.Sample, all.Len())]
		request.Training = all.Copy(request.Training.Name) // the others are not held
	}
	request.Memory = a.left(bytesOf(request.Training))
	m = m.Within(request.Memory)
	if f.out == "" && !a.json {
		if f.out, err = a.newDir("explain"); err != nil {
			return err
		}
	}
	done := func() {}
	if f.second {
		request.Progress, done = a.progress("second order", m.Net().Input.Size())
	}
	analysis, err := taylor.Analyse(ctx, m, request)
	done()
	switch {
	case errors.Is(err, taylor.ErrTooLong):
		return fmt.Errorf("--monomials: %w", err)
	case errors.Is(err, taylor.ErrTooLarge):
		return fmt.Errorf("--second-order: %w", err)
	case err != nil:
		return fmt.Errorf("%s: %w", arg, err)
	}
	analysis.Model, analysis.About, analysis.Sample = modelPath(arg), f.about, sample
	analysis.Unreadable = slices.Concat(bad, analysis.Unreadable)
	if analysis.Study != nil {
		analysis.Study.Text = report.StudyText(analysis.Study)
	}
	if err := a.deliver(m, analysis, f); err != nil {
		return err
	}
	return unreadable(analysis.Unreadable, len(f.images))
}

// deliver writes the folder, if one is wanted, and prints the analysis.
func (a *app) deliver(m *model.Model, analysis *taylor.Analysis, f *explainFlags) error {
	if f.out != "" {
		analysis.Report = filepath.Join(f.out, reportFile)
		if err := writeAnalysis(f.out, m, analysis, f.command); err != nil {
			return err
		}
	}
	if a.json {
		return a.writeJSON(analysis.Brief())
	}
	a.showAnalysis(analysis)
	return nil
}

// read adds the pictures to a request and returns those that could not be read.
func (f *explainFlags) read(m *model.Model, request *taylor.Request) (bad []model.UnreadableFile) {
	for _, file := range f.images {
		picture, err := m.ReadPicture(file)
		if err != nil {
			bad = append(bad, model.UnreadableFile{File: file, Error: err.Error()})
			continue
		}
		request.Pictures = append(request.Pictures, taylor.Picture{File: file, Prepared: picture})
		request.Sample = min(request.Sample, fewImages)
	}
	return bad
}

// expansionPoint returns the point that --about means, nil for the mean.
func expansionPoint(m *model.Model, name string) ([]float64, error) {
	switch name {
	case "mean":
		return nil, nil
	case "black":
		size := m.Net().Input.Size()
		if err := memory.Check(m.Memory(), 8*float64(size), "the expansion point"); err != nil {
			return nil, err
		}
		return make([]float64, size), nil
	}
	picture, err := m.ReadPicture(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, usagef("--about %q: want mean, black or an image file", name)
	}
	if err != nil {
		return nil, fmt.Errorf("--about %s: %w", name, err)
	}
	return taylor.Point(picture.Pixels), nil
}

// trainingImages returns those that a model was trained on, and says in words what the
// first of them are. It returns nil if they are not at hand.
func (a *app) trainingImages(ctx context.Context, m *model.Model, sample int) (*dataset.Set, string) {
	name := train.ReadRecord(m).Config.Data
	if name == "" {
		return nil, ""
	}
	data, err := a.loadRecorded(ctx, name, dataset.Options{Size: sizeOf(m.Net()), Fixed: true})
	if err != nil || data.Train.C != m.Net().Input.C || !train.TrainedOn(m, data) {
		return nil, ""
	}
	return data.Train, fmt.Sprintf("the first %s of %s", plural(min(sample, data.Train.Len()), "training image"), data.Name)
}

// bytesOf returns the number of bytes that a set takes, 0 if there is none.
func bytesOf(set *dataset.Set) float64 { return (&dataset.Data{Train: set}).Bytes() }

// shownClasses is the number of classes in a table of orders.
const shownClasses = 4

func (a *app) showAnalysis(out *taylor.Analysis) {
	if out.Limited != "" {
		a.notef("note: %s%s", out.Limited, moreMemory(tensor.ErrMemory))
	}
	for _, p := range out.Monomials {
		a.printf("%s = %s\n\n", p.Class, long(p.Terms.Text(6)))
	}
	outside := 0
	for _, e := range out.Images {
		a.showExplanation(e, out.Classes)
		if e.Outside {
			outside++
		}
	}
	a.warnOutside(outside)
	if len(out.Levels) > 0 && len(out.Images) == 0 {
		a.showLevels(out)
	}
	if out.Study != nil {
		a.printf("%s\n\n", long(out.Study.Text))
		a.showTemplates(out.Templates)
	}
	if out.Report != "" {
		a.printf("report  %s\n", out.Report)
	}
}

func (a *app) showExplanation(e *taylor.Explanation, classes []string) {
	if e.Outside {
		a.printf("%s: ?, %s\n\n", e.File, e.Reason)
	} else {
		a.printf("%s: %s, %s\n\n", e.File, e.Class, percent(e.Probability))
	}
	ranked := e.Ranked()
	ranked = ranked[:min(shownClasses, len(ranked))]
	headings := []string{">order"}
	for _, k := range ranked {
		headings = append(headings, ">"+classes[k])
	}
	t := newTable(headings...)
	row := func(name string, logits []float64) {
		cells := []string{name}
		for _, k := range ranked {
			cells = append(cells, fmt.Sprintf("%.3f", logits[k]))
		}
		t.add(cells...)
	}
	for _, o := range e.ByOrder {
		row(report.OrderName(o), o.Logits)
	}
	row("logit", e.Logits)
	t.write(a.out)
	a.printf("\n%s\n\n", report.PartialText(e))
}

// showTemplates writes the eigenvalues of each class's quadratic form, and what its patterns
// add.
func (a *app) showTemplates(list []taylor.Templates) {
	values := newTable("class", ">of all squares", "largest eigenvalues of its second order")
	patterns := newTable("class", ">of all squares", "what its largest patterns add on average")
	row := func(t *table, class string, share float64, values []float64) {
		var text []string
		for _, v := range values {
			text = append(text, fmt.Sprintf("%+.3g", v))
		}
		t.add(class, percent(share), strings.Join(text, " "))
	}
	found := false
	for _, c := range list {
		row(values, c.Class, c.Share, c.Eigenvalues)
		if p := c.Patterns; p != nil {
			found = true
			row(patterns, c.Class, p.Share, p.Values)
		}
	}
	values.write(a.out)
	a.printf("\n")
	if found {
		patterns.write(a.out)
		a.printf("\n")
	}
}

func (a *app) showLevels(out *taylor.Analysis) {
	t := newTable(">level", "coarse-graining", "lattice", ">order", ">coupling", ">share")
	for i, l := range out.Levels {
		name, op, lattice := fmt.Sprint(i+1), l.Op, fmt.Sprintf("%dx%d to %dx%d", l.In[0], l.In[1], l.Out[0], l.Out[1])
		for k := range max(1, len(l.Share)) {
			cells := []string{name, op, lattice}
			if l.Share != nil {
				cells = append(cells, fmt.Sprint(k+1), fmt.Sprintf("%.3f", l.Couplings[k]), percent(l.Share[k]))
			}
			t.add(cells...)
			name, op, lattice = "", "", ""
		}
	}
	t.write(a.out)
	if out.Sample == "" {
		a.notef("note: the images that it was trained on are not at hand, so what flows through each level was not measured: see --data-dir")
	} else {
		a.printf("\nCouplings and shares by order, measured on %s.\n", out.Sample)
	}
	a.printf("\n")
}
