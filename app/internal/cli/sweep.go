package cli

import (
	"slices"

	"github.com/spf13/cobra"

	"github.com/coarsegrain/taylornet/train"
)

// sweepFlags are the flags of sweep. Those of train hold for all runs; --seed is the first
// seed.
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
		Long: `Train variations of the settings, each with the same random seeds. Each --try describes
a variation: flags of train (--net, --size, and all settings except --seed) that are added
to the other flags. Every run is a run folder as train makes it, DIR/VARIATION/seed-N.
--resume continues a sweep that was interrupted and produces the same figures. With many
CPUs, several runs at a time (--parallel) are faster than one after the other.

For each variation the table gives the mean over its seeds, the standard deviation (sd),
Student's 95 % interval of the mean, and the mean difference from the first variation,
seed by seed, with its interval. With --orders a second table has the same for the
networks cut off after each order of their Taylor expansions. Choose between variations
by the validation accuracies. Test accuracies are therefore shown only for a single
variation. With --test they are shown for several, also when a finished sweep is
resumed; with --test=false, for none.`,
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
	flags.IntVar(&f.parallel, "parallel", 1, "make `N` runs at a time, which does not change the outcome; they share the CPUs unless --workers says how many each has")
	flags.StringArrayVar(&f.try, "try", nil, "a variation: `'FLAGS'` of train, or '' for none; may be given several times")
	flags.BoolVar(&f.test, "test", false, "show test accuracies even for several variations; --test=false, not even for one")
	flags.StringVar(&f.out, "out", "", "write the sweep to `DIR` (default sweeps/NAME, or the next free of sweeps/NAME-2, sweeps/NAME-3, ...)")
	flags.BoolVar(&f.resume, "resume", false, "resume the sweep in --out")
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

// with returns the flags with others added to them: those by which runs on a data set can
// differ, except the seed.
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
