package cli

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"image/png"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/coarsegrain/taylornet/app/internal/report"
	"github.com/coarsegrain/taylornet/dataset"
	"github.com/coarsegrain/taylornet/distill"
	"github.com/coarsegrain/taylornet/internal/fsx"
	"github.com/coarsegrain/taylornet/model"
)

// classifyFlags are the flags of classify.
type classifyFlags struct {
	evalFlags
	out            string
	models, others []string
	ensemble       bool
	nearest, real  int
	rule           distill.Rule
	command        string // that repeats it
}

const defaultNearest, defaultReal = 3, 8

func (a *app) classifyCommand() *cobra.Command {
	f := &classifyFlags{evalFlags: evalFlags{measures: true}}
	cmd := &cobra.Command{
		Use:   "classify REFS [IMAGE...]",
		Short: "Classify by similarity to reference images, and show them",
		Long: `Classify pictures by the similarity of their embeddings to those of reference
images, which taylornet distill makes. The page that is written shows the nearest
references and the real training images behind them. With --data, measure the
accuracy on a data set instead. The model that embeds is found in the folder of the
references, by its hash.`,
		Example: `  taylornet classify distilled/refs-1.safetensors seven.png
  taylornet classify distilled/refs-10.safetensors --data mnist
  taylornet classify distilled/refs-10.safetensors --data mnist --other runs/mnist-2   # embedded by another model`,
		Args:              atLeast("REFS"),
		ValidArgsFunction: completeModel,
		RunE: func(cmd *cobra.Command, args []string) error {
			if (len(args) > 1) == cmd.Flags().Changed("data") {
				return usagef("want images, or --data: see %s --help", cmd.CommandPath())
			}
			f.command = joinWords(repeat(cmd, args))
			images, err := expand(args[1:])
			if err != nil {
				return err
			}
			return a.classify(cmd.Context(), args[0], images, f)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.data, "data", "", "measure on a data set: a known `NAME`, or a folder")
	flags.Var(&f.size, "size", "resize the images of --data to this size")
	addByPosition(cmd, &f.byPosition, "those of the model")
	flags.StringVar(&f.split, "split", "test", "split of the data: `test`, train, or validation, which the model's training set aside")
	flags.StringVar(&f.out, "out", "", "write the page and pictures to `DIR` (default classified, or the next free of classified-2, classified-3, ...; with --json nothing is written by default)")
	f.pictures.add(cmd)
	flags.StringSliceVar(&f.models, "model", nil, "the `MODEL` that the references were made with, if it is not in their folder")
	flags.StringSliceVar(&f.others, "other", nil, "embed references and images by another `MODEL` than their own")
	flags.BoolVar(&f.ensemble, "ensemble", false, "embed by all models that the references were made with, not only the first")
	flags.IntVar(&f.nearest, "nearest", defaultNearest, "show the `N` nearest references")
	flags.IntVar(&f.real, "real", defaultReal, "show `N` training images behind each reference")
	addRule(cmd, &f.rule)
	completeFlag(cmd, "data", completeData)
	completeFlag(cmd, "split", completeOf(splits()...))
	return cmd
}

func (f *classifyFlags) validate() error {
	if err := f.rule.Validate(); err != nil {
		return &usageError{err}
	}
	switch {
	case f.nearest < 1:
		return usagef("--nearest %d: want 1 or more", f.nearest)
	case f.real < 0:
		return usagef("--real %d: want 0 or more", f.real)
	case len(f.others) > 0 && (f.ensemble || len(f.models) > 0):
		return usagef("--other takes the place of the references' own models: leave out --model and --ensemble")
	}
	return f.checkSplit()
}

func (a *app) classify(ctx context.Context, path string, images []string, f *classifyFlags) error {
	if err := f.validate(); err != nil {
		return err
	}
	refs, err := distill.Load(path)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w: give a file of references, as taylornet distill makes them", err)
	}
	if err != nil {
		return err
	}
	models, err := a.embedders(path, refs, f)
	if err != nil {
		return err
	}
	if len(images) == 0 {
		return a.classifyData(ctx, refs, models, f)
	}
	return a.classifyImages(ctx, refs, models, images, f)
}

// embedders returns the models that the flags ask for.
func (a *app) embedders(path string, refs *distill.References, f *classifyFlags) ([]*model.Model, error) {
	if len(f.others) > 0 {
		return a.loadModels(f.others, f.pictures.options())
	}
	wanted := refs.Models[:1]
	if f.ensemble {
		wanted = refs.Models
	}
	models, err := a.loadModels(f.models, f.pictures.options())
	if err == nil && len(models) == 0 {
		models, err = a.modelsBeside(path, wanted, f.pictures.options())
	}
	if err == nil && f.ensemble && len(models) < len(wanted) {
		err = usagef("--ensemble: name all %d models with --model, not %d", len(wanted), len(models))
	}
	return models, err
}

// classifier returns the classifier that the flags ask for, in so many bytes, 0 meaning
// those of the models.
func (f *classifyFlags) classifier(refs *distill.References, models []*model.Model, left int64) (*distill.Classifier, error) {
	for i, m := range models {
		models[i] = m.Within(left)
	}
	c, err := distill.NewClassifier(refs, models, distill.ClassifierOptions{Rule: f.rule, Memory: left, Reembed: len(f.others) > 0})
	if errors.Is(err, distill.ErrModel) {
		err = fmt.Errorf("%w: name theirs with --model, or embed by another with --other", err)
	}
	return c, err
}

// modelsBeside finds models in the folder of a file by their hashes.
func (a *app) modelsBeside(path string, hashes []string, opts model.Options) ([]*model.Model, error) {
	dir := filepath.Dir(path)
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("looking for the model of %s: %w", path, err)
	}
	found := make(map[string]string)
	for _, e := range entries {
		if filepath.Ext(e.Name()) != ".safetensors" {
			continue
		}
		file := filepath.Join(dir, e.Name())
		if hash, err := hashOf(file); err == nil { // if this was the model, its absence is reported below
			found[hash] = file
		}
	}
	var paths []string
	for _, hash := range hashes {
		file, ok := found[hash]
		if !ok {
			return nil, fmt.Errorf("the model that %s was made with is not in %s (its hash begins with %.12s): name it with --model", path, dir, hash)
		}
		paths = append(paths, file)
	}
	return a.loadModels(paths, opts)
}

// hashOf returns the SHA-256 of a file in hexadecimal.
func hashOf(file string) (string, error) {
	f, err := fsx.Open(file)
	if err != nil {
		return "", err
	}
	defer f.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

func (a *app) classifyData(ctx context.Context, refs *distill.References, models []*model.Model, f *classifyFlags) error {
	data, err := a.evalData(ctx, models[0], &f.evalFlags)
	if err != nil {
		return err
	}
	set, err := f.part(models[0], data)
	if err != nil {
		return err
	}
	c, err := f.classifier(refs, models, a.left(data.Bytes()))
	if err != nil {
		return err
	}
	e, err := c.Evaluate(ctx, set.All())
	if errors.Is(err, model.ErrShape) {
		return fmt.Errorf("%w: choose other data with --data", err)
	}
	if err != nil {
		return adviseClasses(err)
	}
	a.sayRead(data)
	if a.json {
		e.Data, e.Split = data.Name, f.split
		err := a.writeJSON(struct {
			*distill.Evaluation
			Read dataset.Read `json:"read"`
		}{e, data.Read})
		return cmp.Or(err, unreadableOf(data.Read))
	}
	a.printf("%s right: %s of %s of %s\n", percent(e.Accuracy), count(e.Correct), plural(e.Total, "image"), set.Name)
	a.printf("%s, distilled from %s\n\n", plural(refs.Len(), "reference"), refs.Config.Data)
	a.writeClasses(refs.Set.Classes, e.Confusion)
	return unreadableOf(data.Read)
}

// classifiedOutput is what classify writes of images with --json.
type classifiedOutput struct {
	distill.Classification
	Report string `json:"report,omitempty"`
}

func (a *app) classifyImages(ctx context.Context, refs *distill.References, models []*model.Model, files []string, f *classifyFlags) error {
	behind := a.trainingBehind(ctx, refs, models[0])
	left := a.left(bytesOf(behind))
	c, err := f.classifier(refs, models, left)
	if err != nil {
		return err
	}
	if behind == nil {
		a.notef("note: the images that the references were distilled from are not at hand, so those behind them are not shown: see --data-dir")
	}
	page := report.Classified{Title: "Classified by references", Command: f.command, References: c.References, Train: behind}
	var bad []model.UnreadableFile
	for i, file := range files {
		if ctx.Err() != nil {
			return fmt.Errorf("interrupted after %d of %d pictures: %w", i, len(files), context.Cause(ctx))
		}
		one, err := classifyImage(c, page.Train, file, f, left)
		if err != nil {
			bad = append(bad, model.UnreadableFile{File: file, Error: err.Error()})
			continue
		}
		page.Images = append(page.Images, *one)
	}
	if len(page.Images) == 0 {
		return unreadable(bad, len(files))
	}
	out := classifiedOutput{Classification: distill.Classification{Classes: c.References.Set.Classes, Images: []distill.ClassifiedImage{}, Unreadable: bad}}
	for _, one := range page.Images {
		out.Images = append(out.Images, one.ClassifiedImage)
	}
	if _, err = encode(out); err != nil {
		return err
	}
	if f.out == "" && !a.json {
		if f.out, err = a.newDir("classified"); err != nil {
			return err
		}
	}
	if f.out != "" {
		if out.Report, err = writeClassified(ctx, f.out, page); err != nil {
			return err
		}
	}
	if a.json {
		err = a.writeJSON(out)
	} else {
		a.writeClassification(&out)
	}
	if err != nil {
		return err
	}
	return unreadable(bad, len(files))
}

func (a *app) writeClassification(out *classifiedOutput) {
	t := newTable("file", "class", ">similarity", "nearest references")
	outside := 0
	for _, one := range out.Images {
		if one.Outside {
			outside++
			t.add(one.File, "?", "-", one.Reason)
			continue
		}
		var near []string
		for _, n := range one.Nearest {
			near = append(near, fmt.Sprintf("%s no. %d (%.3f)", n.Class, n.Reference, n.Similarity))
		}
		t.add(one.File, one.Class, fmt.Sprintf("%.3f", one.Similarity), strings.Join(near, ", "))
	}
	t.write(a.out)
	a.printf("\nreport  %s\n", out.Report)
	a.warnOutside(outside)
}

// trainingBehind returns the training split that references were distilled from, nil
// if it is not at hand.
func (a *app) trainingBehind(ctx context.Context, refs *distill.References, m *model.Model) *dataset.Set {
	data, err := a.givenData(ctx, m, &evalFlags{data: refs.Config.Data, size: sizeFlag{dataset.Size{H: refs.Set.H, W: refs.Set.W}}})
	if err == nil && data.Train.Fingerprint() == refs.Fingerprint {
		return data.Train
	}
	return nil
}

func classifyImage(c *distill.Classifier, train *dataset.Set, file string, f *classifyFlags, budget int64) (*report.ClassifiedImage, error) {
	img, err := dataset.ReadImage(file, budget)
	if err != nil {
		return nil, err
	}
	answer, err := c.Classify(img)
	if err != nil {
		return nil, err
	}
	one, err := c.Describe(&answer, distill.DescribeOptions{Nearest: f.nearest, Train: train, Behind: f.real})
	if err != nil {
		return nil, err
	}
	one.File = file
	set := c.References.Set
	picture := &dataset.Set{H: set.H, W: set.W, C: set.C, Pixels: answer.Prediction.Pixels}
	return &report.ClassifiedImage{ClassifiedImage: *one, Picture: picture.Picture(0)}, nil
}

// writeClassified writes the folder: a picture for each image, and the page, whose
// name it returns.
func writeClassified(ctx context.Context, dir string, page report.Classified) (string, error) {
	if err := makeDir(dir); err != nil {
		return "", err
	}
	for i := range page.Images {
		if ctx.Err() != nil {
			return "", fmt.Errorf("interrupted after %d of %d pictures were written: %w", i, len(page.Images), context.Cause(ctx))
		}
		path := filepath.Join(dir, pictureName(i, page.Images[i].File, "")+".png")
		sheet, err := page.Sheet(i)
		if err == nil {
			err = writeFile(path, func(w io.Writer) error { return png.Encode(w, sheet) })
		}
		if err != nil {
			return "", err
		}
	}
	path := filepath.Join(dir, reportFile)
	return path, writeFile(path, func(w io.Writer) error { return report.WriteClassified(ctx, w, page) })
}
