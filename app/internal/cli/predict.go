package cli

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/coarsegrain/taylornet/model"
)

func (a *app) predictCommand() *cobra.Command {
	var pictures pictureFlags
	var show string
	cmd := &cobra.Command{
		Use:   "predict MODEL IMAGE...",
		Short: "Classify pictures",
		Long: `Classify pictures of any size and colour. MODEL is a model file, a run folder, or the
name of a trained model that comes with the program, such as mnist.

A picture is prepared as the model's training images were. If these are drawings, light
on dark, such as MNIST's digits, the drawing is found on its ground, cropped, scaled and
centred. A picture that is like the training images already passes unchanged. What was
done is said beside the answer; --prepare none leaves it out.

A picture that is unlike the training images gets a warning instead of an answer: a
network is sure of anything, even of noise. With --json it is marked "outside", with the
reason, and has no class if the logits overflow.`,
		Example: `  taylornet predict runs/mnist seven.png
  taylornet predict runs/mnist scans/*.jpg --json
  taylornet predict mnist photo.jpg --show taken     # the picture as the network takes it
  taylornet predict runs/mnist seven.png --invert no`,
		Args:              atLeast("MODEL", "IMAGE"),
		ValidArgsFunction: completeModel,
		RunE: func(cmd *cobra.Command, args []string) error {
			files, err := expand(args[1:])
			if err != nil {
				return err
			}
			return a.predict(cmd.Context(), args[0], files, &pictures, show)
		},
	}
	pictures.add(cmd)
	cmd.Flags().StringVar(&show, "show", "", "write each picture as the network takes it to `DIR`")
	a.addEngine(cmd)
	return cmd
}

func (a *app) predict(ctx context.Context, arg string, files []string, pictures *pictureFlags, show string) error {
	opts := pictures.options()
	opts.Engine = a.engine.Engine
	m, err := a.loadModel(arg, opts)
	if err != nil {
		return err
	}
	a.noteHidden(arg)
	var see func(model.FilePrediction) error
	if show != "" {
		if see, err = shower(show, m); err != nil {
			return err
		}
	}
	out, ended := m.PredictFiles(ctx, files, see)
	if out == nil || ended != nil && len(out.Predictions) == 0 {
		return ended
	}
	if a.json {
		err = a.writeJSON(out)
	} else if len(out.Predictions) > 0 {
		a.writePredictions(out)
	}
	if err = cmp.Or(ended, err); err != nil {
		return err
	}
	return unreadable(out.Unreadable, len(files))
}

func (a *app) writePredictions(out *model.Predictions) {
	t := newTable("file", "class", ">probability", "runner-up", "")
	inverted, outside := 0, 0
	for _, p := range out.Predictions {
		cells := []string{p.File, p.Class, percent(float64(p.Probability)), runnerUp(p, out.Classes), strings.Join(p.Prepared, ", ")}
		if p.Inverted {
			inverted++
		}
		if p.Outside { // its answer means nothing, however sure it looks
			outside++
			cells = []string{p.File, "?", "-", "-", p.Reason}
		}
		t.add(cells...)
	}
	t.write(a.out)
	a.warnOutside(outside)
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
