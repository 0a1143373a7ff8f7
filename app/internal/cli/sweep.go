package cli

import (
	"slices"

	"github.com/spf13/cobra"

	"github.com/coarsegrain/taylornet/train"
)

// sweepFlags are the flags of sweep. Those of train hold for all runs, but that
// the seed is the first.
type sweepFlags struct {
	trainFlags
	seeds    int
	parallel int
	try      []string
	test     bool
	given    func(flag string) bool
}

func (a *app) sweepCommand() *cobra.Command {
	f := &sweepFlags{trainFlags: trainFlags{settings: trainSettings()}}
	for i := range f.settings {
		if s := &f.settings[i]; s.name == seedFlag {
			s.usage = "first random seed (default 1)"
		}
	}
	cmd := &cobra.Command{
		Use:   "sweep",
		Short: "Train with several seeds and settings, and compare them",
		Long: `Train one network after the other: the variations of the settings that --try names,
each with the same seeds. Each --try takes flags as train does (--net, --size, and
all settings but --seed), which are put on top of the others. Every run is a run
folder as train makes it, DIR/VARIATION/seed-N. A sweep that was interrupted goes on
with --resume and comes to the very figures that it would have come to. Several runs
at a time (--parallel) take less time than one after the other on many processors.

The table gives of each variation's validation accuracies, and then of the test
accuracies, the mean over its seeds, the standard deviation (sd), Student's 95 %
interval of the mean, and the mean difference from the first variation, seed by seed,
with its interval. Variations are for choosing by the validation images; so the test
accuracies are shown of a single variation, unless --test=false says that it is there
to choose by too, and of several only with --test, which also --resume takes.`,
		Example: `  taylornet sweep --data mnist --seeds 5             # five seeds of the recipe
  taylornet sweep --data mnist --try '' --try '--rate 0.005' --try '--net mnist-small --epochs 30'
  taylornet sweep --resume --out sweeps/mnist        # after Ctrl-C`,
		Args: atMost(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			f.given = cmd.Flags().Changed
			return a.sweep(cmd.Context(), f)
		},
	}
	flags := cmd.Flags()
	flags.IntVar(&f.seeds, "seeds", 3, "train each variation with `N` seeds")
	flags.IntVar(&f.parallel, "parallel", 1, "make `N` runs at a time, which does not change the outcome; they share the processors, unless --workers says how many each has")
	flags.StringArrayVar(&f.try, "try", nil, "a variation: `'FLAGS'` of train, '' for none (repeatable)")
	flags.BoolVar(&f.test, "test", false, "show the test accuracies of several variations too; --test=false, not even of one")
	flags.StringVar(&f.out, "out", "", "write the sweep to `DIR` (default sweeps/NAME, or sweeps/NAME-2 and so on)")
	flags.BoolVar(&f.resume, "resume", false, "go on with the sweep in --out")
	f.add(cmd)
	a.addEngine(cmd)
	return cmd
}

func (f *sweepFlags) validate() error {
	if err := checkSeeds(f.seeds); err != nil {
		return err
	}
	if f.parallel < 1 || f.parallel > maxWorkers {
		return usagef("--parallel %d: want 1 to %d", f.parallel, maxWorkers)
	}
	if err := checkResume(f.resume, f.out); err != nil {
		return err
	}
	return f.trainFlags.validate()
}

// with is the flags with others put on top of them, of those that tell one run on a
// data set from another, the seed aside.
func (f *trainFlags) with(words []string) (*trainFlags, error) {
	varied := *f
	varied.settings = slices.Clone(f.settings)
	var list settings[train.Config]
	for i := range varied.settings {
		s := &varied.settings[i]
		if s.value = s.clone(); s.name != seedFlag {
			list = append(list, *s)
		}
	}
	cmd := &cobra.Command{}
	varied.addVaried(cmd, list)
	err := cmd.ParseFlags(words)
	if err == nil {
		err = atMost(0)(cmd, cmd.Flags().Args())
	}
	return &varied, err
}
