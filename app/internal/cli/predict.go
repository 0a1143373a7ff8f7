package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/coarsegrain/taylornet/model"
)

func (a *app) predictCommand() *cobra.Command {
	var invert model.Invert
	cmd := &cobra.Command{
		Use:   "predict MODEL IMAGE...",
		Short: "Classify pictures",
		Long: `Classify PNG or JPEG pictures of any size and colour; they are converted to what the
model expects. MODEL is a model file, a run folder, or the name of a trained model
that comes with the program, such as mnist. A picture that is dark on light is
inverted if the model was trained on grey images that are light on dark, like those
of MNIST.

A network is a polynomial of high degree, and grows fast outside the range that it was
trained on. If the logits of a picture are more than twice as far apart as those of
training images, it gets a warning instead of an answer. With --json it is marked
"outside", and has no class if the logits overflow.`,
		Example: `  taylornet predict runs/mnist seven.png
  taylornet predict runs/mnist scans/*.jpg --json
  taylornet predict runs/mnist seven.png --invert no`,
		Args:              atLeast("MODEL", "IMAGE"),
		ValidArgsFunction: completeModel,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.predict(cmd.Context(), args[0], args[1:], invert)
		},
	}
	invertFlag(cmd, &invert)
	a.addEngine(cmd)
	return cmd
}

// invertFlag gives a command the flag --invert.
func invertFlag(cmd *cobra.Command, value *model.Invert) {
	cmd.Flags().TextVar(value, "invert", model.InvertAuto, "exchange light and dark: `auto`, yes or no")
	completeFlag(cmd, "invert", completeOf(string(model.InvertAuto), string(model.InvertYes), string(model.InvertNo)))
}

func (a *app) predict(ctx context.Context, arg string, files []string, invert model.Invert) error {
	m, err := loadModel(arg, model.Options{Invert: invert, Engine: a.engine.Engine})
	if err != nil {
		return err
	}
	out, err := m.PredictFiles(ctx, files)
	if err != nil {
		return err
	}
	if a.json {
		err = a.writeJSON(out)
	} else if len(out.Predictions) > 0 {
		a.writePredictions(out)
	}
	if err != nil || len(out.Unreadable) == 0 {
		return err
	}
	var faults []string
	for _, u := range out.Unreadable {
		faults = append(faults, u.File+": "+u.Error)
	}
	return fmt.Errorf("%d of %s could not be read: %s", len(faults), plural(len(files), "picture"), strings.Join(faults, "; "))
}

func (a *app) writePredictions(out *model.Predictions) {
	t := newTable("file", "class", ">probability", "runner-up", "")
	inverted, outside := 0, 0
	for _, p := range out.Predictions {
		cells := []string{p.File, p.Class, percent(float64(p.Probability)), runnerUp(p, out.Classes), ""}
		if p.Inverted {
			inverted++
			cells[4] = "inverted"
		}
		if p.Outside { // its answer means nothing, however sure it looks
			outside++
			cells = []string{p.File, "?", "-", "-", "unlike the training images"}
		}
		t.add(cells...)
	}
	t.write(a.out)
	if outside > 0 {
		fmt.Fprintf(a.stderr, "warning: %s far outside the range that the network was trained on: an answer there means nothing\n", plural(outside, "picture"))
	}
	if inverted > 0 {
		a.notef("note: light and dark were exchanged in %s; --invert no leaves them as they are", plural(inverted, "picture"))
	}
}

// runnerUp returns the second most likely class with its probability.
func runnerUp(p model.FilePrediction, classes []string) string {
	second := -1
	for k, q := range p.Probabilities {
		if classes[k] != p.Class && (second < 0 || q > p.Probabilities[second]) {
			second = k
		}
	}
	if second < 0 {
		return "-"
	}
	return fmt.Sprintf("%s (%s)", classes[second], percent(float64(p.Probabilities[second])))
}
