package cli

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// unrepeated are flags that the outcome does not depend on.
func unrepeated() []string {
	return []string{"out", "resume", "json", "quiet", "workers", "parallel", "save-every"}
}

// repeat returns the words of the command that repeats one: its arguments, and all flags
// that were given, except those that the outcome does not depend on and others named. The
// command writes to a new folder. For a shell, see joinWords.
func repeat(cmd *cobra.Command, args []string, except ...string) []string {
	words := append(strings.Fields(cmd.CommandPath()), args...)
	except = append(except, unrepeated()...)
	cmd.Flags().Visit(func(f *pflag.Flag) {
		if !slices.Contains(except, f.Name) {
			words = append(words, flagWords(f)...)
		}
	})
	return words
}

// flagWords returns the words that give a flag its value.
func flagWords(f *pflag.Flag) []string {
	text := f.Value.String()
	if _, ok := f.Value.(pflag.SliceValue); ok {
		text = text[1 : len(text)-1] // brackets about what the flag takes
	}
	if f.NoOptDefVal == text { // as --monomials
		return []string{"--" + f.Name}
	}
	if f.NoOptDefVal != "" {
		return []string{"--" + f.Name + "=" + text}
	}
	return []string{"--" + f.Name, text}
}

// generalWords returns the words of flags of train and sweep that say where data are, what
// computes, and in how much memory.
func (a *app) generalWords() (words []string) {
	if a.dataDir != "" {
		words = append(words, "--data-dir", a.dataDir)
	}
	if a.memory.bytes > 0 {
		words = append(words, "--"+memoryName, a.memory.text)
	}
	if a.engine.Engine != nil {
		words = append(words, "--"+engineName, a.engine.Name())
	}
	return words
}
