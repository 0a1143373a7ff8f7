package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/coarsegrain/taylornet/dataset"
	"github.com/coarsegrain/taylornet/distill"
	"github.com/coarsegrain/taylornet/model"
	"github.com/coarsegrain/taylornet/train"
)

// distillFlags are the flags of distill.
type distillFlags struct {
	data, out               string
	evaluate, split         string
	size                    sizeFlag
	resume, byPosition      bool
	workers, draws, retrain int
	others                  []string
	rule                    distill.Rule
	settings                settings[distill.Config]
	given                   func(flag string) bool
	command                 []string // that repeats it, the settings and the data aside
}

// What --evaluate takes: nothing, the baselines, or the baselines and fresh networks
// trained on the images.
const (
	evaluateNone     = "none"
	evaluateControls = "controls"
	evaluateRetrain  = "retrain"
)

const defaultDraws, defaultRetrain = 5, 3

func evaluations() []string { return []string{evaluateControls, evaluateRetrain, evaluateNone} }

func (a *app) distillCommand() *cobra.Command {
	f := &distillFlags{settings: distillSettings()}
	cmd := &cobra.Command{
		Use:   "distill MODEL [MODEL...]",
		Short: "Coarse-grain a data set into a few reference images",
		Long: `Distil the training images of a data set, level by level, into fewer and fewer
images of each class. Similar images form a group, and each group becomes one new
image whose embedding stands for theirs. The last level's few images then serve as
references, which classify: see taylornet classify.

The first MODEL embeds and classifies. Further models, trained on the same images,
vote with it on groups and images, which then depend less on one network.

The folder receives each level's references, copies of the models, and a report with
all images. The report compares the references with baselines: as many random real
images, medoids, k-means centres, and class means. Validation images, which the
model's training set aside, are not distilled. Accuracies are of the test images,
which choose nothing. To choose settings, use --split validation.

With --resume, models and data set that are not named are taken from the folder.`,
		Example: `  taylornet distill runs/digits
  taylornet distill runs/mnist --levels 250,50,10,1 --out refs
  taylornet distill runs/mnist runs/mnist-2 runs/mnist-3    # an ensemble
  taylornet distill runs/mnist --objective distribution --evaluate retrain   # images for training fresh networks
  taylornet distill --resume --out refs                      # after Ctrl-C`,
		ValidArgsFunction: completeModel,
		RunE: func(cmd *cobra.Command, args []string) error {
			f.given = cmd.Flags().Changed
			f.command = repeat(cmd, nil, append(f.settings.names(), "data")...)
			return a.distill(cmd.Context(), args, f)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.data, "data", "", "data set: a known `NAME`, or a folder (default: the one that the model was trained on)")
	flags.Var(&f.size, "size", "resize images to this size")
	addByPosition(cmd, &f.byPosition, "those of the models")
	flags.StringVar(&f.out, "out", "", "write to `DIR` (default distilled, or the next free of distilled-2, distilled-3, ...)")
	flags.BoolVar(&f.resume, "resume", false, "resume the distillation in --out")
	flags.IntVar(&f.workers, "workers", 0, "`N` parallel workers, which do not change the outcome; 0 means one per CPU")
	flags.StringVar(&f.evaluate, "evaluate", evaluateControls, "what to measure besides the references' accuracy: controls (the baselines), retrain (the baselines, and fresh networks trained on the images) or none")
	flags.StringVar(&f.split, "split", "test", "images to measure on: `test`, or validation, which the first model's training set aside")
	flags.IntVar(&f.draws, "draws", defaultDraws, "draw the baseline of random real images `N` times")
	flags.IntVar(&f.retrain, "retrain-seeds", defaultRetrain, "train fresh networks with random seeds 1 to `N`")
	flags.StringSliceVar(&f.others, "other", nil, "also embed the references by another `MODEL`, to see how far they depend on their own; may be given several times")
	f.settings.add(cmd)
	completeFlag(cmd, "objective", completeOf(distill.Similarity, distill.Distribution))
	addRule(cmd, &f.rule)
	completeFlag(cmd, "data", completeData)
	completeFlag(cmd, "evaluate", completeOf(evaluations()...))
	completeFlag(cmd, "split", completeOf("test", "validation"))
	return cmd
}

// defaultRule returns the rule without flags, by the names that the flags take.
func defaultRule() distill.Rule { return distill.Rule{Similarity: "cosine", Choice: "soft"} }

// addRule gives a command the flags of a rule.
func addRule(cmd *cobra.Command, r *distill.Rule) {
	cmd.Flags().StringVar(&r.Similarity, "similarity", defaultRule().Similarity, "similarity of embeddings: cosine or euclidean")
	cmd.Flags().StringVar(&r.Choice, "choice", defaultRule().Choice, "choose the class of the nearest reference, the class nearest in the mean, or soft: between the two")
	completeFlag(cmd, "similarity", completeOf("cosine", "euclidean"))
	completeFlag(cmd, "choice", completeOf("nearest", "mean", "soft"))
}

func (f *distillFlags) validate() error {
	switch {
	case f.workers < 0 || f.workers > maxWorkers:
		return usagef("--workers %d: want 0 to %d", f.workers, maxWorkers)
	case !slices.Contains(evaluations(), f.evaluate):
		return usagef("--evaluate %q: want %s", f.evaluate, strings.Join(evaluations(), ", "))
	case f.split != "test" && f.split != "validation":
		return usagef("--split %q: want test or validation", f.split)
	case f.draws < 1 || f.draws > maxSeeds:
		return usagef("--draws %d: want 1 to %d", f.draws, maxSeeds)
	case f.retrain < 1 || f.retrain > maxSeeds:
		return usagef("--retrain-seeds %d: want 1 to %d", f.retrain, maxSeeds)
	}
	if err := f.rule.Validate(); err != nil {
		return &usageError{err}
	}
	return checkResume(f.resume, f.out)
}

func (a *app) distill(ctx context.Context, args []string, f *distillFlags) error {
	if err := f.validate(); err != nil {
		return err
	}
	d := &distillation{app: a, flags: f, start: time.Now()}
	var err error
	if f.resume {
		if args, err = d.takeUp(args); err != nil {
			return err
		}
	}
	if len(args) == 0 {
		return usagef("missing MODEL")
	}
	if d.models, err = a.loadModels(args, model.Options{}); err != nil {
		return err
	}
	if d.others, err = a.loadModels(f.others, model.Options{}); err != nil {
		return err
	}
	d.noteHidden(slices.Concat(args, f.others)...)
	if err := d.load(ctx); err != nil {
		return err
	}
	all := slices.Concat(d.models, d.others)
	for i, arg := range slices.Concat(args, f.others) {
		if err := all[i].CheckFits(d.data.Train); err != nil {
			return d.explained(fmt.Errorf("%s: %w", arg, err))
		}
	}
	if d.leaves, d.validation, err = train.Split(d.models[0], d.data.Train); err != nil {
		return err
	}
	if d.data.Validation != nil {
		d.validation = d.data.Validation.All()
	}
	if f.split == "validation" {
		if d.data.Test, err = setAside(d.models[0], d.data); err != nil {
			return err
		}
	}
	if err := d.configure(); err != nil {
		return err
	}
	d.command = d.repeated(args)
	return d.run(ctx)
}

// load loads the data set that is named, or else that of the distillation to resume,
// or else the first model's.
func (d *distillation) load(ctx context.Context) (err error) {
	f, m := d.flags, d.models[0]
	name := f.data
	if f.resume && name == "" && d.config.Data != train.ReadRecord(m).Config.Data {
		name = d.config.Data
	}
	d.data, err = d.evalData(ctx, m, &evalFlags{data: name, size: f.size, byPosition: f.byPosition})
	if err != nil {
		return err
	}
	for _, models := range [][]*model.Model{d.models, d.others} {
		for i, m := range models {
			models[i] = m.Within(d.left(d.data.Bytes()))
		}
	}
	return nil
}

func (a *app) loadModels(args []string, opts model.Options) ([]*model.Model, error) {
	var list []*model.Model
	for _, arg := range args {
		m, err := a.loadModel(arg, opts)
		if err != nil {
			return nil, err
		}
		list = append(list, m)
	}
	return list, nil
}

// distillSettings lists the flags that change the outcome.
func distillSettings() settings[distill.Config] {
	type config = distill.Config
	return settings[config]{
		{"objective", "what the images are for: similarity (to be compared with, the default) or distribution (to train fresh networks)", word("NAME", distill.Similarity, func(c *config) *string { return &c.Objective })},
		{"levels", "images per class at each level, falling, `N,N,...` (default 250,50,10,1; for distribution 50,10,1)", wholes(func(c *config) *[]int { return &c.PerClass })},
		{"steps", "optimisation steps for the images of each level, `N,N,...`", wholes(func(c *config) *[]int { return &c.Steps })},
		{seedFlag, "random seed (default 1)", seed(func(c *config) *uint64 { return &c.Seed })},
		{"layer", "use the output of operation `N` as the embedding, counted as by taylornet net (default: the input of the last linear layer)", word("N", "", func(c *config) *string { return &c.Layer })},
		{"grouping", "group images that are nearest, or at random as a baseline", word("NAME", "", func(c *config) *string { return &c.Grouping })},
		{"target", "what an image stands for: leaves (the training images behind it) or level (the images of the level below)", word("NAME", "", func(c *config) *string { return &c.Target })},
		{"refine", "`N` passes over training images that refine the targets to separate the classes", whole(func(c *config) *int { return &c.Refine })},
		{"start", "start from the nearest member of the group, the nearest leaf (training image), a hard leaf (near other classes), or the mean of the members", word("NAME", "", func(c *config) *string { return &c.Start })},
		{"rate", "learning rate `X`, as a fraction of the range of pixels", number(func(c *config) *float64 { return &c.Paint.Rate })},
		{"smooth", "weight `X` of the smoothness term", number(func(c *config) *float64 { return &c.Paint.Smooth })},
		{"keep", "weight `X` of the term that keeps an image near its start", number(func(c *config) *float64 { return &c.Paint.Keep })},
		{augmentFlag, "augment the images while they are optimised: a `LIST` as for train", augmentation(func(c *config) *dataset.Augment { return &c.Paint.Augment })},
	}
}

// recipe returns the settings for an objective without flags.
func (d *distillation) recipe(objective string) distill.Config {
	return distill.Recipe(objective, knownAs(d.data), slices.Min(d.leaves.Counts()))
}

// takeUp reads the settings of the distillation to resume. It returns the models to
// use: those given, or else those in the folder.
func (d *distillation) takeUp(args []string) (models []string, err error) {
	f := d.flags
	if !distill.Exists(f.out) {
		return nil, fmt.Errorf("nothing to resume in %s: name the folder with --out, or start without --resume", f.out)
	}
	if d.config, models, err = distill.ReadConfig(f.out); err != nil {
		return nil, err
	}
	if len(args) > 0 {
		models = args
	}
	return models, nil
}

// configure makes the settings: the recipe's with the changes of the flags, or those
// of the distillation to resume.
func (d *distillation) configure() (err error) {
	f := d.flags
	if f.resume {
		d.usual = d.recipe(d.config.Objective)
		return cannotChange(f.settings.changed(&d.config), "distillation", f.out, distill.ConfigFile)
	}
	var given distill.Config
	f.settings.apply(&given)
	d.usual = d.recipe(given.Objective)
	d.config = d.usual
	if d.config.Data = train.ReadRecord(d.models[0]).Config.Data; f.data != "" {
		if d.config.Data, err = dataSource(f.data); err != nil {
			return err
		}
	}
	f.settings.apply(&d.config)
	if !f.given("steps") {
		d.config.Steps = distill.StepsFor(d.config.Objective, d.config.PerClass)
	}
	if err := d.config.Validate(); err != nil {
		return &usageError{err}
	}
	if f.out == "" {
		f.out, err = d.newDir("distilled")
	}
	return err
}

// repeated returns the command that repeats the distillation, even if it was resumed, for
// a shell.
func (d *distillation) repeated(args []string) string {
	usual := d.usual
	usual.Objective, usual.Steps = "", distill.StepsFor(d.config.Objective, d.config.PerClass)
	words := slices.Concat(d.flags.command, d.flags.settings.words(&d.config, &usual))
	if d.config.Data != train.ReadRecord(d.models[0]).Config.Data {
		words = append(words, "--data", d.config.Data)
	}
	return joinWords(slices.Insert(words, 2, args...)) // models after the command's name
}

// distillation is a distillation in progress.
type distillation struct {
	*app
	flags          *distillFlags
	config, usual  distill.Config // the settings, and the objective's where no flag is given
	models, others []*model.Model
	data           *dataset.Data
	leaves         dataset.Subset // the training images that are distilled
	validation     dataset.Subset // and the others
	command        string
	start          time.Time
}

// explained adds to an error of a run what to do about it.
func (d *distillation) explained(err error) error {
	switch {
	case errors.Is(err, distill.ErrInterrupted):
		return fmt.Errorf("%w: resume with --resume --out %s and the same models", err, quoted(d.flags.out))
	case errors.Is(err, distill.ErrExists):
		return fmt.Errorf("%w: resume it with --resume, or choose another folder with --out", err)
	case errors.Is(err, dataset.ErrClasses):
		return adviseClasses(err)
	case errors.Is(err, model.ErrShape):
		return fmt.Errorf("%w: choose other data with --data", err)
	}
	return err
}
