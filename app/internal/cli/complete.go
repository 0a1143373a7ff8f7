package cli

import (
	"github.com/spf13/cobra"

	"github.com/coarsegrain/taylornet/spec"
)

// completion returns the words that may follow, as cobra wants them.
type completion = func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective)

// completeData offers the known data sets, besides folders.
func completeData(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return dataNames(), cobra.ShellCompDirectiveDefault
}

// completeNet offers the presets, besides files.
func completeNet(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return spec.Presets(), cobra.ShellCompDirectiveDefault
}

// completeModel offers model files and folders for the first argument, and any files
// for the arguments after it.
func completeModel(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveDefault
	}
	return []string{"safetensors"}, cobra.ShellCompDirectiveFilterFileExt
}

// completeOf offers a fixed choice.
func completeOf(words ...string) completion {
	return func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return words, cobra.ShellCompDirectiveNoFileComp
	}
}

// completeFlag sets how a flag's value is completed.
func completeFlag(cmd *cobra.Command, name string, f completion) {
	if err := cmd.RegisterFlagCompletionFunc(name, f); err != nil {
		panic("cli.completeFlag: " + err.Error())
	}
}
