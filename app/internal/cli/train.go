package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/coarsegrain/taylornet/app/internal/report"
	"github.com/coarsegrain/taylornet/internal/fsx"
	"github.com/coarsegrain/taylornet/train"
)

// trainFlags are the flags of train.
type trainFlags struct {
	data, net, out string
	resume         bool
	workers        int
	saveEvery      time.Duration
	size           sizeFlag
	settings       settings[train.Config]
	byPosition     bool
}

func (a *app) trainCommand() *cobra.Command {
	f := &trainFlags{settings: trainSettings()}
	cmd := &cobra.Command{
		Use:   "train",
		Short: "Train a network and write a run folder",
		Long: `Train a network on a data set. The run folder receives the settings, the metrics of
every epoch, the model with the best weights, a checkpoint, and a report for the
browser. --resume continues a run that was interrupted and produces bit-identical
weights. It finds the run by what its record says of the data. If their folder was moved,
name it with --data: the run continues if the images are the same.

A folder holds one folder of pictures for each class, or folders for training, testing
and, if there is one, validation, each with class folders. What was read is said, and
what was left out and why. A class or a picture that cannot be read is an error.

Settings that are not given come from the recipe of the preset that --net names, or
else from that of the data set: see taylornet net NAME --recipe.`,
		Example: `  taylornet train                                    # the embedded digits
  taylornet train --data mnist --epochs 3
  taylornet train --net mnist-small                  # a smaller network for MNIST, with its own recipe
  taylornet train --data mnist --resume              # after Ctrl-C
  taylornet train --data photos --size 32x32         # photos/cats/*.jpg, photos/dogs/*.jpg
  taylornet train --net 'Input(8,8,1) Conv(3,3,16,1,1,1) CG(2,2,16,2,2) Linear(10)'`,
		Args: atMost(0),
		RunE: func(cmd *cobra.Command, _ []string) error { return a.train(cmd.Context(), f) },
	}
	flags := cmd.Flags()
	flags.StringVar(&f.out, "out", "", "write the run to `DIR` (default runs/NAME, or the next free of runs/NAME-2, runs/NAME-3, ...)")
	flags.BoolVar(&f.resume, "resume", false, "resume the run in --out, or else the latest run on these images")
	addByPosition(cmd, &f.byPosition, "those of the teacher")
	f.add(cmd)
	a.addEngine(cmd)
	return cmd
}

// add gives a command the flags that say what to train, on what and how.
func (f *trainFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.data, "data", "", "data set: a known `NAME`, or a folder of class folders (default: that of the preset in --net, or digits)")
	flags.IntVar(&f.workers, "workers", 0, "`N` parallel workers, which do not change the outcome; 0 means one per CPU")
	flags.DurationVar(&f.saveEvery, "save-every", train.DefaultSaveEvery, "time between checkpoints within an epoch")
	f.addVaried(cmd, f.settings)
	completeFlag(cmd, "data", completeData)
	completeFlag(cmd, "net", completeNet)
	completeFlag(cmd, teacherFlag, completeModel)
	completeFlag(cmd, "optimiser", completeOf("adamw", "sgd", "muon"))
	completeFlag(cmd, "schedule", completeOf("onecycle", "cosine", "linear", "constant"))
}

// network returns the network that was named, the zero value if none was.
func (f *trainFlags) network() (network, error) {
	if f.net == "" {
		return network{}, nil
	}
	n, err := readNetwork(f.net)
	if err != nil {
		return network{}, err
	}
	return *n, nil
}

// addVaried gives a command the flags by which runs on a data set can differ. They keep
// their present values until they are given.
func (f *trainFlags) addVaried(cmd *cobra.Command, list settings[train.Config]) {
	flags := cmd.Flags()
	flags.StringVar(&f.net, "net", f.net, "train this `NETWORK`: a preset, a file, a model, or the notation itself; with :relu-avg, :relu-max, :linear or :undilated after it, an ablation of it (default: the data set's)")
	flags.Var(&f.size, "size", "resize images to this size")
	list.add(cmd)
}

// maxWorkers bounds the memory that workers take.
const maxWorkers = 1024

func (f *trainFlags) validate() error {
	if f.workers < 0 || f.workers > maxWorkers {
		return usagef("--workers %d: want 0 to %d", f.workers, maxWorkers)
	}
	if f.saveEvery <= 0 {
		return usagef("--save-every %v: want a time above 0, as in 30s", f.saveEvery)
	}
	return nil
}

func (a *app) train(ctx context.Context, f *trainFlags) error {
	if err := f.validate(); err != nil {
		return err
	}
	j, err := a.prepare(ctx, f)
	if err != nil {
		return err
	}
	p := a.trainProgress(1)
	heading := append(readLines(j.data), j.heading())
	result, err := a.runJob(ctx, j, f, p.run(0, heading, ""))
	p.clear()
	switch {
	case errors.Is(err, train.ErrInterrupted):
		return fmt.Errorf("%w: resume with: taylornet train --resume --out %s", err, quoted(j.dir))
	case errors.Is(err, train.ErrExists):
		return fmt.Errorf("%w: resume it with --resume, or choose another folder with --out", err)
	case err != nil:
		return adviseClasses(err)
	}
	return a.summarise(j, result)
}

// runJob makes a run, which ends with its report.
func (a *app) runJob(ctx context.Context, j *job, f *trainFlags, show func(train.Progress)) (*train.Result, error) {
	return train.Run(ctx, j.config, j.data, train.Options{
		Dir: j.dir, Resume: f.resume, Finished: j.writeReport, Teacher: j.teacher, Match: match(f.byPosition), Engine: a.engine.Engine, Workers: f.workers, Memory: a.forTraining(j.bytes, j.data.Bytes()), SaveEvery: f.saveEvery, Progress: show,
	})
}

// reportFile is the report's name in the run folder.
const reportFile = "report.html"

func (j *job) writeReport(r *train.Result) error {
	return fsx.WriteFile(fsx.OS{}, filepath.Join(j.dir, reportFile), func(w io.Writer) error {
		return report.Write(w, report.Input{
			Title: "TaylorNet on " + j.data.Name, Command: j.command(), Model: r.Model, History: r.History, Best: r.Best,
			Seconds: r.Seconds(), Test: r.Test, Images: j.data.Test.All(),
		})
	})
}
