package cli

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"

	"github.com/spf13/cobra"

	"github.com/coarsegrain/taylornet/internal/cpu"
)

// dataEnv is the environment variable with the folder of data sets.
const dataEnv = "TAYLORNET_DATA"

// app holds what the subcommands share: where they write, and the flags that all of them
// take.
type app struct {
	out     *sink
	stderr  io.Writer
	json    bool
	quiet   bool
	dataDir string
	engine  engineFlag
	memory  memoryFlag
	started bool     // the arguments have been parsed
	made    []string // folders that newDir has made

	resumable atomic.Bool // the command can take up what it has saved
}

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "taylornet",
		Short: "Train and use image classifiers that are polynomials",
		Long: `Taylornet trains image classifiers without activation functions. Their non-linear
operation is coarse-graining, a second-order polynomial of the pixels in a small window.
Deep networks add gain control, which is a polynomial, too. So the whole network is one
polynomial of the image.`,
		Example: `  taylornet train                        # the embedded digits, a few seconds
  taylornet train --data mnist --epochs 3
  taylornet eval runs/mnist
  taylornet predict runs/mnist seven.png
  taylornet explain runs/mnist seven.png
  taylornet net mnist`,
		SilenceUsage:  true,
		SilenceErrors: true,
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			a.started = true
			a.resumable.Store(cmd.Flags().Lookup("resume") != nil)
			a.memory.limitMemory()
			if err := cpu.EnvError(); err != nil {
				return &usageError{err}
			}
			return nil
		},
	}
	root.Args = func(_ *cobra.Command, args []string) error { return knownCommand(root, args) }
	root.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
	flags := root.PersistentFlags()
	flags.BoolVar(&a.json, "json", false, "write one JSON object to standard output")
	flags.BoolVar(&a.quiet, "quiet", false, "show no progress and no notes")
	flags.StringVar(&a.dataDir, "data-dir", "", "look for data sets in `DIR` first (also $"+dataEnv+")")
	flags.Var(&a.memory, memoryName, "hold at most about `SIZE` in memory, as in 300MB or 1.5GiB (default: half of the machine's, less for small files that ask for much)")
	root.AddCommand(a.trainCommand(), a.sweepCommand(), a.evalCommand(), a.predictCommand(), a.explainCommand(), a.taylorCommand(), a.distillCommand(), a.classifyCommand(), a.netCommand(), a.dataCommand(), a.benchCommand(), a.versionCommand())
	root.SuggestionsMinimumDistance = 2
	root.SetHelpCommand(helpCommand(root))
	root.InitDefaultCompletionCmd()
	if completion, _, err := root.Find([]string{"completion"}); err == nil {
		completion.RunE = root.RunE // so that unknown words after it are errors
	}
	for _, cmd := range root.Commands() {
		if !cmd.HasSubCommands() {
			cmd.SetHelpTemplate(helpText)
		}
	}
	return root
}

// helpText is the template of a subcommand's help: first what it is called with, then
// how it works.
const helpText = `{{.Short}}.

Usage:
  {{.UseLine}}
{{with .LocalFlags.FlagUsages | trimTrailingWhitespaces}}
Flags:
{{.}}
{{end}}{{with .InheritedFlags.FlagUsages | trimTrailingWhitespaces}}
Global flags:
{{.}}
{{end}}{{with .Long | trimTrailingWhitespaces}}
{{.}}
{{end}}{{with .Example}}
Examples:
{{.}}
{{end}}`

func helpCommand(root *cobra.Command) *cobra.Command {
	return &cobra.Command{
		Use:   "help [COMMAND]",
		Short: "Show what a command does, with its flags and examples",
		RunE: func(_ *cobra.Command, args []string) error {
			cmd, rest, err := root.Find(args)
			if err == nil {
				err = knownCommand(cmd, rest)
			}
			if err != nil {
				return misused(root, err)
			}
			return cmd.Help()
		},
	}
}

// knownCommand returns an error if there are words that do not name a subcommand.
func knownCommand(cmd *cobra.Command, words []string) error {
	if len(words) == 0 {
		return nil
	}
	hint := ""
	const longest = 40 // the distance to a long word takes long
	if near := cmd.SuggestionsFor(words[0][:min(longest, len(words[0]))]); len(near) > 0 {
		hint = ", did you mean " + strings.Join(near, " or ") + "?"
	}
	return fmt.Errorf("unknown command %q%s", words[0], hint)
}

// dirs returns the folders to look for data sets in, in order. Package dataset adds those
// of the system.
func (a *app) dirs() []string {
	dirs := []string{a.dataDir, os.Getenv(dataEnv)}
	if cache, err := os.UserCacheDir(); err == nil {
		dirs = append(dirs, filepath.Join(cache, "taylornet"))
	}
	return dirs
}
