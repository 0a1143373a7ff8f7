package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/coarsegrain/taylornet/spec"
	"github.com/coarsegrain/taylornet/train"
)

func (a *app) netCommand() *cobra.Command {
	var recipe bool
	cmd := &cobra.Command{
		Use:   "net [NAME|FILE|MODEL|NOTATION]",
		Short: "Show a network's layers, shapes, parameters, multiply-adds and degree",
		Long: `Show a network layer by layer: its lattice and channels, and so the degrees of
freedom at each scale; its parameters; the multiply-adds per image; and the degree of
the polynomial so far. Without an argument, list the presets.

NAME:ABLATION is a network with its coarse-grainings replaced, for comparison:
` + strings.Join(spec.Ablations(), ", ") + `.`,
		Example: `  taylornet net
  taylornet net mnist
  taylornet net mnist --recipe                       # the settings that train uses
  taylornet net my.net
  taylornet net mnist:relu-max                       # an ablation
  taylornet net runs/digits
  taylornet net 'Input(8,8,1) CG(2,2,1,2,2) CG(2,2,1,2,2) Linear(10)'`,
		Args:              atMost(1),
		ValidArgsFunction: completeNet,
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 && !recipe {
				return a.listNets()
			}
			if len(args) == 0 {
				return usagef("--recipe needs a preset: %s", strings.Join(spec.Presets(), ", "))
			}
			n, err := readNetwork(args[0])
			if err != nil {
				return err
			}
			if recipe && n.preset == "" {
				return usagef("%s has no recipe: want %s", n.name, strings.Join(spec.Presets(), ", "))
			}
			if a.json {
				out := netOutput{Description: n.Describe()}
				if recipe {
					out.Recipe = n.recipe()
				}
				return a.writeJSON(out)
			}
			a.showNet(n)
			if recipe {
				a.showRecipe(n)
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&recipe, "recipe", false, "also show the settings that train uses for a preset, as flags of train")
	return cmd
}

// recipe returns the settings that train uses for a preset or an ablation of one.
func (n *network) recipe() *train.Config {
	c := train.Recipe(n.preset)
	c.Net = n.source
	return &c
}

// showRecipe writes the settings that train uses, as its flags.
func (a *app) showRecipe(n *network) {
	c := n.recipe()
	a.printf("\n")
	t := newTable("train", "")
	t.add("--data", c.Data)
	for _, s := range trainSettings() {
		t.add("--"+s.name, s.show(c))
	}
	t.write(a.out)
}

// netOutput is what net writes with --json.
type netOutput struct {
	spec.Description
	Recipe *train.Config `json:"recipe,omitempty"`
}

func (a *app) showNet(n *network) {
	a.printf("%s: %s\n", n.name, describe(n.Net))
	if n.model != nil {
		if r := train.ReadRecord(n.model); r.Config.Data != "" {
			a.printf("trained on %s: %s, %s of the test images right\n", r.Config.Data, plural(r.Epochs, "epoch"), percent(r.TestAccuracy))
		}
	}
	a.printf("\n")
	t := newTable("", "layer", ">lattice", ">channels", ">freedom", ">parameters", ">multiply-adds", ">degree")
	row := func(path, layer string, s spec.Shape, params, macs, degree int) {
		t.add(path, layer, fmt.Sprintf("%dx%d", s.H, s.W), count(s.C), count(s.Size()), count(params), count(macs), formatDegree(degree))
	}
	row("", "Input", n.Input, 0, 0, 1)
	for _, l := range n.Layers() {
		row(l.Path, strings.Repeat("  ", l.Depth)+l.String(), l.Out, l.NumParams, l.MACs, l.Degree)
	}
	t.add("", "total", "", "", "", count(n.NumParams()), count(n.MACs()), formatDegree(n.Degree()))
	t.write(a.out)
}

// describe returns a phrase about a network.
func describe(n *spec.Net) string {
	params := plural(n.NumParams(), "parameter")
	if !n.Polynomial() {
		return "not a polynomial of the image, with " + params
	}
	return fmt.Sprintf("a polynomial of degree %s of the image, with %s", formatDegree(n.Degree()), params)
}

func formatDegree(degree int) string {
	switch degree {
	case 0:
		return "-"
	case spec.MaxDegree:
		return "≥ " + count(degree)
	}
	return count(degree)
}

// presetOutput is a preset in the output of net without an argument.
type presetOutput struct {
	Name   string `json:"name"`
	Input  [3]int `json:"input"`
	Params int    `json:"params"`
	MACs   int    `json:"macs"`
	Degree int    `json:"degree"`
}

func (a *app) listNets() error {
	list := []presetOutput{}
	t := newTable("preset", ">input", ">parameters", ">multiply-adds", ">degree")
	for _, name := range spec.Presets() {
		n, _ := spec.Preset(name)
		in := n.Input
		list = append(list, presetOutput{name, [3]int{in.H, in.W, in.C}, n.NumParams(), n.MACs(), n.Degree()})
		t.add(name, fmt.Sprintf("%dx%dx%d", in.H, in.W, in.C), count(n.NumParams()), count(n.MACs()), formatDegree(n.Degree()))
	}
	if a.json {
		return a.writeJSON(map[string]any{"presets": list})
	}
	t.write(a.out)
	return nil
}
