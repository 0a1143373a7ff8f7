package cli

import (
	"errors"
	"fmt"
	"image"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/coarsegrain/taylornet/dataset"
	"github.com/coarsegrain/taylornet/model"
)

func (a *app) predictCommand() *cobra.Command {
	var invert string
	cmd := &cobra.Command{
		Use:   "predict MODEL IMAGE...",
		Short: "Classify pictures",
		Long: `Classify PNG or JPEG pictures of any size and colour; they are converted as the
model expects. MODEL is a model file, a run folder, or the name of a trained
model that comes with the program, as mnist. A picture that is dark on light is
inverted if the model was trained on grey images that are light on dark, as MNIST's
are.

A network is a polynomial of high degree and grows fast outside the range that it was
trained on. A picture that is answered there with logits more than twice as far apart
as those of training images gets no answer but a warning; with --json it is marked
"outside", and has no class if they overflow. Models from before the range was
measured warn of those alone.`,
		Example: `  taylornet predict runs/mnist seven.png
  taylornet predict runs/mnist scans/*.jpg --json
  taylornet predict runs/mnist seven.png --invert no`,
		Args:              atLeast("MODEL", "IMAGE"),
		ValidArgsFunction: completeModel,
		RunE:              func(_ *cobra.Command, args []string) error { return a.predict(args[0], args[1:], invert) },
	}
	cmd.Flags().StringVar(&invert, "invert", "auto", "exchange light and dark: `auto`, yes or no")
	completeFlag(cmd, "invert", completeOf(inversions()...))
	return cmd
}

// predictOutput is what predict writes with --json.
type predictOutput struct {
	Classes     []string          `json:"classes"`
	Predictions []predictedImage  `json:"predictions"`
	Unreadable  []unreadableImage `json:"unreadable,omitempty"`
}

type predictedImage struct {
	File          string    `json:"file"`
	Class         string    `json:"class"`
	Probability   float32   `json:"probability"`
	Probabilities []float32 `json:"probabilities"` // in the order of classes; none if the logits overflow
	Inverted      bool      `json:"inverted"`
	Outside       bool      `json:"outside"` // far outside the range of the training images
}

type unreadableImage struct {
	File  string `json:"file"`
	Error string `json:"error"`
}

func (a *app) predict(arg string, files []string, invert string) error {
	if err := checkInvert(invert); err != nil {
		return err
	}
	m, err := loadModel(arg)
	if err != nil {
		return err
	}
	out := predictOutput{Classes: m.Classes, Predictions: []predictedImage{}}
	const atOnce = 64 // pictures in memory
	for some := range slices.Chunk(files, atOnce) {
		if err := out.add(m, some, invert); err != nil {
			return err
		}
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

// add classifies some files.
func (out *predictOutput) add(m *model.Model, files []string, invert string) error {
	var images []image.Image
	first := len(out.Predictions)
	for _, file := range files {
		img, inverted, err := readUpright(m, file, invert)
		if err != nil {
			out.Unreadable = append(out.Unreadable, unreadableImage{file, err.Error()})
			continue
		}
		images = append(images, img)
		out.Predictions = append(out.Predictions, predictedImage{File: file, Inverted: inverted})
	}
	list, err := m.PredictBatch(images)
	if err != nil {
		return err
	}
	for i, p := range list {
		at := &out.Predictions[first+i]
		at.Class, at.Outside, at.Probabilities = p.Class, p.Outside, []float32{}
		if p.Label >= 0 {
			at.Probability, at.Probabilities = p.Probabilities[p.Label], p.Probabilities
		}
	}
	return nil
}

// inversions are the values of --invert.
func inversions() []string { return []string{"auto", "yes", "no"} }

func checkInvert(value string) error {
	if !slices.Contains(inversions(), value) {
		return usagef("--invert %q: want auto, yes or no", value)
	}
	return nil
}

// readUpright reads a picture and exchanges light and dark where --invert says.
func readUpright(m *model.Model, file, invert string) (img image.Image, inverted bool, err error) {
	if img, err = readImage(file); err != nil {
		return nil, false, err
	}
	if inverted = invert == "yes" || invert == "auto" && m.Inverted(img); inverted {
		img = model.Negative(img)
	}
	return img, inverted, nil
}

func readImage(file string) (image.Image, error) {
	content, err := os.ReadFile(file)
	if err != nil {
		var cause *fs.PathError
		if errors.As(err, &cause) { // the file is named by the caller
			return nil, cause.Err
		}
		return nil, err
	}
	return dataset.Decode(content)
}

func (a *app) writePredictions(out predictOutput) {
	t := newTable("file", "class", ">probability", "runner-up", "")
	inverted, outside := 0, 0
	for _, p := range out.Predictions {
		cells := []string{p.File, p.Class, percent(float64(p.Probability)), runnerUp(p, out.Classes), ""}
		if p.Inverted {
			inverted++
			cells[4] = "inverted"
		}
		if p.Outside { // no answer that anybody may take for a sure one
			outside++
			cells = []string{p.File, "?", "-", "-", "unlike the training images"}
		}
		t.add(cells...)
	}
	t.write(a.out)
	if outside > 0 {
		fmt.Fprintf(a.err, "warning: %s far outside the range that the network was trained on: an answer there means nothing\n", plural(outside, "picture"))
	}
	if inverted > 0 {
		a.notef("note: light and dark were exchanged in %s; --invert no leaves them as they are", plural(inverted, "picture"))
	}
}

// runnerUp is the second likeliest class with its probability.
func runnerUp(p predictedImage, classes []string) string {
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
