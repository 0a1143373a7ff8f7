package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/png"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/coarsegrain/taylornet/app/internal/report"
	"github.com/coarsegrain/taylornet/dataset"
	"github.com/coarsegrain/taylornet/internal/fsx"
	"github.com/coarsegrain/taylornet/model"
	"github.com/coarsegrain/taylornet/taylor"
	"github.com/coarsegrain/taylornet/train"
)

// explainFlags are the flags of explain.
type explainFlags struct {
	about, out        string
	invert            model.Invert
	monomials, second bool
	images            []string
}

func (a *app) explainCommand() *cobra.Command {
	f := &explainFlags{}
	cmd := &cobra.Command{
		Use:   "explain MODEL [IMAGE...]",
		Short: "Read a model's polynomial: by order, by pixel, by scale",
		Long: `Write out what a model computes, exactly. For an image: what the monomials of
each order contribute to the logits, what each pixel contributes, the pairs of
pixels that matter most, and the feature maps at each scale. Without an image:
what each coarse-graining does. The report and its pictures go to a folder, with
everything as JSON beside them.

Orders are those of the Taylor expansion about a point: the training images' mean
grey or colour, black, or an image. Of a polynomial of a degree over 1,024, and where
the orders cancel so far that they do not add up to the logits, orders 0 to 2 are
written and all higher ones as one; what each pixel contributes over all orders is
then an integral, exact to a millionth of what the logits change by.`,
		Example: `  taylornet explain runs/mnist                       # by scale
  taylornet explain runs/mnist seven.png
  taylornet explain pretrained/mnist-paper.safetensors *.png --about black --out why
  taylornet explain pretrained/mnist-paper.safetensors --second-order
  taylornet explain small.safetensors --monomials    # the polynomial itself`,
		Args:              atLeast("MODEL"),
		ValidArgsFunction: completeModel,
		RunE: func(cmd *cobra.Command, args []string) error {
			f.images = args[1:]
			return a.explain(cmd.Context(), args[0], f)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.about, "about", "mean", "expansion point: mean, black, or an image `FILE`")
	flags.StringVar(&f.out, "out", "", "write the report to `DIR` (default explain, or explain-2 and so on; with --json nothing is written by default)")
	invertFlag(cmd, &f.invert)
	flags.BoolVar(&f.monomials, "monomials", false, "write the whole polynomial in monomials; for small networks")
	flags.BoolVar(&f.second, "second-order", false, "write all second-order coefficients, and study them against distance")
	return cmd
}

// explainOutput is what explain writes with --json, and to a file.
type explainOutput struct {
	Model    string             `json:"model"`
	Classes  []string           `json:"classes"`
	Params   int                `json:"params"`
	Degree   int                `json:"degree"`
	About    string             `json:"about"`
	Levels   []levelOutput      `json:"levels"`
	Sample   string             `json:"sample,omitempty"` // what the levels' flow is of
	Images   []explainedOutput  `json:"images"`
	Monomial []polynomialOutput `json:"monomials,omitempty"`
	Study    *studyOutput       `json:"study,omitempty"`
	Report   string             `json:"report,omitempty"`

	study, control *taylor.Distances
	maps           []taylor.Map // of the first training image, where no image is given
}

type levelOutput struct {
	Op           string      `json:"op"`
	In           [3]int      `json:"in"`
	Out          [3]int      `json:"out"`
	Coefficients [][]float64 `json:"coefficients"`        // [terms][C]
	Couplings    []float64   `json:"couplings,omitempty"` // by order from 1
	Share        []float64   `json:"share,omitempty"`     // by order from 1
}

type explainedOutput struct {
	File         string        `json:"file"`
	Class        string        `json:"class"`
	Probability  float64       `json:"probability"`
	Inverted     bool          `json:"inverted"`
	Logits       []float64     `json:"logits"`
	ByOrder      []orderOutput `json:"by_order"`
	Attribution  []float64     `json:"attribution"` // to the class, [H,W,C], over all orders
	Pairs        []pairOutput  `json:"pairs"`
	Attributions [][][]float64 `json:"attributions,omitempty"` // [K][order][H,W,C]
	Maps         []mapOutput   `json:"maps,omitempty"`
	explanation  *taylor.Explanation
	picture      image.Image
}

// orderOutput is what an order contributes, or it and all higher ones together.
type orderOutput struct {
	Order     int       `json:"order"`
	AndHigher bool      `json:"and_higher,omitempty"`
	Logits    []float64 `json:"logits"`
}

func (o orderOutput) name() string {
	if o.AndHigher {
		return "higher"
	}
	return fmt.Sprint(o.Order)
}

type pairOutput struct {
	Pixels [2][3]int `json:"pixels"` // row, column, channel
	Value  float64   `json:"value"`
}

type mapOutput struct {
	Op     string    `json:"op"`
	Shape  [3]int    `json:"shape"`
	Values []float64 `json:"values"`
}

type polynomialOutput struct {
	Class string          `json:"class"`
	Terms json.RawMessage `json:"terms"`
	text  string
}

const explainFile = "explain.json"

func (a *app) explain(ctx context.Context, arg string, f *explainFlags) error {
	ctx, stop := interruptible(ctx)
	defer stop()
	m, err := loadModel(arg, model.Options{Invert: f.invert})
	if err != nil {
		return err
	}
	net, err := taylor.FromModel(m)
	if err != nil {
		return fmt.Errorf("%s: %w", arg, err)
	}
	about, err := expansionPoint(m, f.about)
	if err != nil {
		return err
	}
	out := &explainOutput{
		Model: modelPath(arg), Classes: m.Classes(), Params: m.Net().NumParams(), Degree: net.Degree, About: f.about, Images: []explainedOutput{},
	}
	if f.monomials {
		if err := out.expand(net, about); err != nil {
			return err
		}
	}
	if err := out.explainImages(ctx, m, net, about, f); err != nil {
		return err
	}
	sample := sampleImages
	if len(f.images) > 0 {
		sample = fewImages
	}
	training := a.trainingImages(m, out, sample)
	levels := out.describe(net, training, sample)
	if f.out == "" && !a.json {
		if f.out, err = freeDir("explain"); err != nil {
			return err
		}
	}
	if f.second {
		if err := a.secondOrder(ctx, net, about, training, f.out, out); err != nil {
			return err
		}
	}
	if training != nil && len(f.images) == 0 {
		out.maps = net.Maps(unit(training.Image(0)))
	}
	if f.out != "" {
		out.Report = filepath.Join(f.out, reportFile)
		if err := out.write(f.out, m, levels, f.command(arg)); err != nil {
			return err
		}
	}
	if a.json {
		return a.writeJSON(out)
	}
	a.showExplained(out)
	return nil
}

func (out *explainOutput) explainImages(ctx context.Context, m *model.Model, net *taylor.Net, about []float64, f *explainFlags) error {
	for _, file := range f.images {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		image, err := explainImage(m, net, about, file)
		if err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		out.Images = append(out.Images, *image)
	}
	return nil
}

// expansionPoint is the point that --about means, in pixels 0 to 1.
func expansionPoint(m *model.Model, name string) ([]float64, error) {
	switch name {
	case "mean":
		return taylor.Mean(m), nil
	case "black":
		return make([]float64, m.Net().Input.Size()), nil
	}
	img, err := dataset.ReadImage(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, usagef("--about %q: want mean, black or an image file", name)
	}
	if err != nil {
		return nil, fmt.Errorf("--about %s: %w", name, err)
	}
	return pixels(m, img)
}

// pixels are a picture's values as a model takes them, 0 to 1.
func pixels(m *model.Model, img image.Image) ([]float64, error) {
	taken, _, err := m.Pixels(img)
	if err != nil {
		return nil, err
	}
	return unit(taken), nil
}

// unit scales pixels to 0 to 1.
func unit(pixels []uint8) []float64 {
	x := make([]float64, len(pixels))
	for i, v := range pixels {
		x[i] = float64(v) / 255
	}
	return x
}

func explainImage(m *model.Model, net *taylor.Net, about []float64, file string) (*explainedOutput, error) {
	img, err := dataset.ReadImage(file)
	if err != nil {
		return nil, err
	}
	taken, inverted, err := m.Pixels(img)
	if err != nil {
		return nil, err
	}
	e, err := net.Explain(about, unit(taken), 0)
	if err != nil {
		return nil, err
	}
	in := m.Net().Input
	set := dataset.Set{H: in.H, W: in.W, C: in.C, Pixels: taken}
	out := &explainedOutput{
		File: file, Class: m.Classes()[e.Label], Probability: e.Probabilities[e.Label], Inverted: inverted,
		Logits: e.Logits, Attribution: e.Totals[e.Label], Pairs: []pairOutput{}, explanation: e, picture: set.Picture(0),
	}
	for k, logits := range e.ByOrder {
		out.ByOrder = append(out.ByOrder, orderOutput{Order: k, Logits: logits})
	}
	if higher := e.Higher(); higher != nil {
		out.ByOrder = append(out.ByOrder, orderOutput{Order: len(e.ByOrder), AndHigher: true, Logits: higher})
	}
	at := func(i int) [3]int { return [3]int{i / in.C / in.W, i / in.C % in.W, i % in.C} }
	for _, p := range e.Pairs {
		out.Pairs = append(out.Pairs, pairOutput{[2][3]int{at(p.I), at(p.J)}, p.Value})
	}
	return out, nil
}

// maxMonomials bounds the expansion that --monomials writes.
const maxMonomials = 1_000_000

func (out *explainOutput) expand(net *taylor.Net, about []float64) error {
	list, err := net.Expand(about, maxMonomials)
	if err != nil {
		return fmt.Errorf("--monomials: %w", err)
	}
	for k, p := range list {
		terms, err := json.Marshal(p)
		if err != nil {
			return err
		}
		out.Monomial = append(out.Monomial, polynomialOutput{out.Classes[k], terms, p.Text(6)})
	}
	return nil
}

// The number of training images that the levels' flow is measured on, without and
// with images to explain, who are to have their answer at once.
const (
	sampleImages = 256
	fewImages    = 32
)

// trainingImages are those that a model was trained on; nil if they are not at
// hand.
func (a *app) trainingImages(m *model.Model, out *explainOutput, sample int) *dataset.Set {
	name := train.ReadRecord(m).Config.Data
	if name == "" {
		return nil
	}
	data, err := a.loadRecorded(name, sizeOf(m.Net()))
	if err != nil || data.Train.C != m.Net().Input.C {
		return nil
	}
	out.Sample = fmt.Sprintf("the first %s of %s", plural(min(sample, data.Train.Len()), "training image"), data.Name)
	return data.Train
}

// describe describes the coarse-grainings, with the flow of training images where
// there are any.
func (out *explainOutput) describe(net *taylor.Net, training *dataset.Set, sample int) []taylor.Level {
	var images [][]float64
	if training != nil {
		for i := range min(sample, training.Len()) {
			images = append(images, unit(training.Image(i)))
		}
	}
	list := net.Levels(images, 0)
	for _, l := range list {
		out.Levels = append(out.Levels, levelOutput{
			Op: l.Op, In: [3]int{l.In.H, l.In.W, l.In.C}, Out: [3]int{l.Out.H, l.Out.W, l.Out.C},
			Coefficients: l.Coefs, Couplings: l.Flow.Couplings, Share: l.Flow.Share,
		})
	}
	return list
}

// write writes the folder: the page, the pictures and everything as JSON.
func (out *explainOutput) write(dir string, m *model.Model, levels []taylor.Level, command string) error {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return fmt.Errorf("making the folder: %w", err)
	}
	page := report.Explained{
		Title: "What " + filepath.Base(out.Model) + " computes", Command: command, Model: m, About: out.About, Levels: levels, Sample: out.Sample,
		Study: out.study, Control: out.control, Maps: out.maps,
	}
	for i, sheet := range report.MapPictures(out.maps) {
		path := filepath.Join(dir, fmt.Sprintf("%s-%d.png", report.MapsPicture, i+1))
		if err := writeFile(path, func(w io.Writer) error { return png.Encode(w, sheet) }); err != nil {
			return err
		}
	}
	full := *out
	full.Images = nil
	for i, image := range out.Images {
		shown := report.ExplainedImage{Name: filepath.Base(image.File), Picture: image.picture, Explanation: image.explanation}
		page.Images = append(page.Images, shown)
		stem := strings.TrimSuffix(shown.Name, filepath.Ext(shown.Name))
		for name, picture := range shown.Pictures(m) {
			path := filepath.Join(dir, fmt.Sprintf("%d-%s-%s.png", i+1, stem, name))
			if err := writeFile(path, func(w io.Writer) error { return png.Encode(w, picture) }); err != nil {
				return err
			}
		}
		image.Attributions = image.explanation.Attributions
		for _, f := range image.explanation.Maps {
			image.Maps = append(image.Maps, mapOutput{f.Op, [3]int{f.Shape.H, f.Shape.W, f.Shape.C}, f.Values})
		}
		full.Images = append(full.Images, image)
	}
	if err := writeFile(filepath.Join(dir, explainFile), func(w io.Writer) error { return json.NewEncoder(w).Encode(full) }); err != nil {
		return err
	}
	return writeFile(out.Report, func(w io.Writer) error { return report.WriteExplained(w, page) })
}

func writeFile(path string, write func(w io.Writer) error) error {
	return fsx.WriteFile(fsx.OS{}, path, write)
}

// command repeats the explanation, for a shell.
func (f *explainFlags) command(model string) string {
	words := []string{"taylornet", "explain", quoted(model)}
	for _, file := range f.images {
		words = append(words, quoted(file))
	}
	if f.second {
		words = append(words, "--second-order")
	}
	if f.about != "mean" {
		words = append(words, "--about", quoted(f.about))
	}
	if f.invert != "auto" {
		words = append(words, "--invert", string(f.invert))
	}
	return strings.Join(words, " ")
}

// shownClasses is the number of classes in a table of orders.
const shownClasses = 4

func (a *app) showExplained(out *explainOutput) {
	for _, p := range out.Monomial {
		a.printf("%s = %s\n\n", p.Class, p.text)
	}
	for _, image := range out.Images {
		e := image.explanation
		a.printf("%s: %s, %s\n\n", image.File, image.Class, percent(image.Probability))
		ranked := e.Ranked()
		ranked = ranked[:min(shownClasses, len(ranked))]
		headings := []string{">order"}
		for _, k := range ranked {
			headings = append(headings, ">"+out.Classes[k])
		}
		t := newTable(headings...)
		row := func(name string, logits []float64) {
			cells := []string{name}
			for _, k := range ranked {
				cells = append(cells, fmt.Sprintf("%.3f", logits[k]))
			}
			t.add(cells...)
		}
		for _, o := range image.ByOrder {
			row(o.name(), o.Logits)
		}
		row("logit", image.Logits)
		t.write(a.out)
		a.printf("\n")
	}
	if len(out.Levels) > 0 && len(out.Images) == 0 {
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
			a.printf("\nCouplings and shares by order, of %s.\n", out.Sample)
		}
		a.printf("\n")
	}
	if out.Study != nil {
		a.printf("%s\n\n", out.Study.Text)
	}
	if out.Report != "" {
		a.printf("report  %s\n", out.Report)
	}
}
