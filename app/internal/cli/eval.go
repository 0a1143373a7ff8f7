package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/coarsegrain/taylornet/dataset"
	"github.com/coarsegrain/taylornet/model"
	"github.com/coarsegrain/taylornet/train"
)

// evalFlags are the flags of eval.
type evalFlags struct {
	data, split string
	size        sizeFlag
	robustness  bool
	mirror      bool
	orders      int
	control     string // a model
	out         string // folder for charts
	measures    bool   // the data, so what cannot be read in a folder is left out
	pictures    pictureFlags
	byPosition  bool
}

func (a *app) evalCommand() *cobra.Command {
	f := &evalFlags{measures: true}
	cmd := &cobra.Command{
		Use:   "eval MODEL",
		Short: "Measure a model's accuracy on a data set",
		Long: `Classify the images of a data set and compare the answers with their labels. MODEL is
a model file, a run folder, or the name of a trained model that comes with the program,
such as mnist. The default data set is the one that the model was trained on.

The classes of the data are matched with the model's by their names; the data may have
some of them only. With --by-position the first class is the model's first, and so on.

With --split validation the images are those that training set aside to choose the
best epoch. Choose settings by these, not by the test images.
With --robustness the model is also evaluated on images that are shifted, noisy, or
have less or more contrast.
With --mirror the logits are averaged over an image and its mirror image: test-time
augmentation, for objects that are as likely to face either way.
With --orders K the network is also cut off after each order up to K of its Taylor
expansion about the mean of the training images. At most 1,000 images, spread evenly,
are expanded to the last order. Of these it is also said how large the orders are, how
far they cancel, and what each adds to the margin, which is the largest logit less the
next. --out draws the accuracy up to each order (orders.svg) and the orders' sizes
(sizes.svg). --control has the same of another model beside it, on the same images.`,
		Example: `  taylornet eval runs/mnist
  taylornet eval runs/mnist --split train
  taylornet eval runs/mnist --robustness
  taylornet eval runs/mnist --split validation --orders 3
  taylornet eval runs/graded --orders 3 --control runs/plain --out orders
  taylornet eval digits.safetensors --data my-digits --size 8x8 --json`,
		Args:              exactly("MODEL"),
		ValidArgsFunction: completeModel,
		RunE:              func(cmd *cobra.Command, args []string) error { return a.eval(cmd.Context(), args[0], f) },
	}
	flags := cmd.Flags()
	flags.StringVar(&f.data, "data", "", "data set: a known `NAME`, or a folder (default: the one that the model was trained on)")
	flags.StringVar(&f.split, "split", "test", "part of the data: `test`, train, or validation (set aside from train)")
	flags.Var(&f.size, "size", "resize images to this size")
	flags.BoolVar(&f.robustness, "robustness", false, "also measure the accuracy on disturbed images")
	flags.BoolVar(&f.mirror, "mirror", false, "average the logits of each image and its mirror image")
	flags.IntVar(&f.orders, "orders", 0, "also measure the accuracy of the orders up to `K` of the expansion")
	flags.StringVar(&f.control, "control", "", "with --orders, have the same of this `MODEL` beside it")
	flags.StringVar(&f.out, "out", "", "with --orders, write charts to `DIR`")
	f.pictures.add(cmd)
	addByPosition(cmd, &f.byPosition, "those of the model")
	a.addEngine(cmd)
	completeFlag(cmd, "control", completeModel)
	completeFlag(cmd, "data", completeData)
	completeFlag(cmd, "split", completeOf(splits()...))
	return cmd
}

func (a *app) eval(ctx context.Context, arg string, f *evalFlags) error {
	if err := cmp.Or(f.checkSplit(), f.checkOrders()); err != nil {
		return err
	}
	opts := f.pictures.options()
	opts.Engine = a.engine.Engine
	m, err := a.loadModel(arg, opts)
	if err != nil {
		return err
	}
	a.noteHidden(arg)
	data, err := a.evalData(ctx, m, f)
	if err != nil {
		return err
	}
	m = m.Within(a.left(data.Bytes()))
	set, err := f.part(m, data)
	if err != nil {
		return err
	}
	e, err := m.Evaluate(ctx, set.All(), f.views()...)
	if errors.Is(err, model.ErrShape) {
		return fmt.Errorf("%w: choose other data with --data, or resize with --size %dx%d", err, m.Net().Input.H, m.Net().Input.W)
	}
	if err != nil {
		return adviseClasses(err)
	}
	var disturbed []model.Disturbed
	if f.robustness {
		if disturbed, err = m.Robustness(ctx, set.All(), e, f.views()...); err != nil {
			return err
		}
	}
	orders, err := a.evalOrders(ctx, arg, m, data, set, f)
	if err != nil {
		return err
	}
	a.sayRead(data)
	if a.json {
		err := a.writeJSON(struct {
			model.Report
			*evaluatedOrders
			Read dataset.Read `json:"read"`
		}{m.Report(e, data.Name, f.split, disturbed), orders, data.Read})
		return cmp.Or(err, unreadableOf(data.Read))
	}
	a.printf("%s right: %s of %s of %s\n", percent(e.Accuracy()), count(e.Correct), plural(e.Total, "image"), set.Name)
	a.printf("%s; mean cross-entropy %.4f\n\n", describe(m.Net()), e.Loss)
	a.writeClasses(m.Classes(), e.Confusion)
	if e.Overflow > 0 {
		a.printf("\nno answer for %s, whose logits overflow; counted as wrong\n", plural(e.Overflow, "image"))
	}
	if e.Outside > 0 {
		a.printf("\n%s unlike the training images: an answer there means nothing\n", plural(e.Outside, "image"))
	}
	if f.robustness {
		a.printf("\n")
		a.writeDisturbed(disturbed)
	}
	if orders != nil {
		a.writeOrders(orders, e, m.Classes())
	}
	return unreadableOf(data.Read)
}

// views are the ways in which an image is seen besides the one that it is given in.
func (f *evalFlags) views() []model.View {
	if f.mirror {
		return []model.View{(*dataset.Set).Mirrored}
	}
	return nil
}

func splits() []string { return []string{"test", "train", "validation"} }

func (f *evalFlags) checkSplit() error {
	if !slices.Contains(splits(), f.split) {
		return usagef("--split %q: want test, train or validation", f.split)
	}
	return nil
}

// part returns the part of the data that --split names.
func (f *evalFlags) part(m *model.Model, data *dataset.Data) (*dataset.Set, error) {
	switch f.split {
	case "train":
		return measured(data.Train)
	case "validation":
		if !train.TrainedOn(m, data) {
			return nil, fmt.Errorf("--split validation: the model was trained on %s, not on %s: their images differ", train.ReadRecord(m).Config.Data, data.Name)
		}
		return setAside(m, data)
	}
	return measured(data.Test)
}

// measured returns the set, or an error if it has no images.
func measured(set *dataset.Set) (*dataset.Set, error) {
	if set.Len() == 0 {
		return nil, fmt.Errorf("no image to measure in %s: choose other data with --data, or another part with --split", set.Name)
	}
	return set, nil
}

// setAside returns the training images that the best epoch of a model was chosen by.
func setAside(m *model.Model, data *dataset.Data) (*dataset.Set, error) {
	if data.Validation != nil {
		return measured(data.Validation)
	}
	_, images, err := train.Split(m, data.Train)
	if err != nil {
		return nil, err
	}
	if images.Len() == 0 {
		return nil, errors.New("--split validation: the model's training set no images aside")
	}
	return images.Copy(data.Name + " validation"), nil
}

func (a *app) writeDisturbed(list []model.Disturbed) {
	t := newTable("images", ">right", ">unlike the training images")
	for _, d := range list {
		t.add(d.Name, percent(d.Accuracy), percent(d.Outside))
	}
	t.write(a.out)
}

// writeClasses writes the accuracy for each class, and which class it was most often
// taken for.
func (a *app) writeClasses(classes []string, confusion [][]int) {
	t := newTable("class", ">images", ">right", "most often taken for")
	for k, row := range confusion {
		total, worst := 0, -1
		for other, n := range row {
			total += n
			if other != k && n > 0 && (worst < 0 || n > row[worst]) {
				worst = other
			}
		}
		cells := []string{classes[k], count(total), "-"}
		if total > 0 {
			cells[2] = percent(float64(row[k]) / float64(total))
		}
		if worst >= 0 {
			cells = append(cells, fmt.Sprintf("%s (%s)", classes[worst], count(row[worst])))
		}
		t.add(cells...)
	}
	t.write(a.out)
}
