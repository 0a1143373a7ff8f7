package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/coarsegrain/taylornet/model"
	"github.com/coarsegrain/taylornet/taylor"
	"github.com/coarsegrain/taylornet/train"
)

// truncated is what is said of a model that was cut off.
type truncated struct {
	Model        string `json:"model"` // its file
	Of           string `json:"of"`
	Order        int    `json:"order"`
	Coefficients int    `json:"coefficients"` // per class
	Guarded      bool   `json:"guarded"`      // it knows its training images
}

// truncate cuts off the expansion of a model, and writes it as a model.
func (a *app) truncate(cmd *cobra.Command, f *taylorFlags) error {
	if err := f.checkOf(cmd.Flags()); err != nil {
		return err
	}
	m, err := a.loadModel(f.of, model.Options{})
	if err != nil {
		return err
	}
	a.noteHidden(f.of)
	out := truncated{Model: f.out, Of: f.of, Order: f.orders[0]}
	if out.Model == "" {
		name := strings.TrimSuffix(filepath.Base(strings.TrimPrefix(f.of, trainedPrefix)), filepath.Ext(train.ModelFile))
		out.Model = fmt.Sprintf("%s-order-%d%s", name, out.Order, filepath.Ext(train.ModelFile))
		if _, err := os.Lstat(out.Model); err == nil {
			return fmt.Errorf("%s is there already: choose another file with --out", out.Model)
		}
	}
	ctx := cmd.Context()
	progress, done := a.progress("second order", m.Net().Input.Size())
	short, err := taylor.Truncate(ctx, m, out.Order, taylor.Options{Workers: f.workers, Memory: a.memory.bytes}, progress)
	done()
	if err != nil {
		return fmt.Errorf("%s: %w", f.of, err)
	}
	if images, _ := a.trainingImages(ctx, m, 0); images != nil {
		if short, err = train.Measured(ctx, short, images, model.Options{Memory: a.left(bytesOf(images))}); err != nil {
			return err
		}
		out.Guarded = true
	}
	if err := short.Save(out.Model); err != nil {
		return err
	}
	out.Coefficients = short.Net().NumParams() / len(short.Classes())
	if a.json {
		return a.writeJSON(out)
	}
	if !out.Guarded {
		a.notef("note: the images that it was trained on are not at hand, so it does not notice pictures that are unlike them: see --data-dir")
	}
	a.printf("%s up to order %d: %s per class\n\nmodel  %s\n", f.of, out.Order, plural(out.Coefficients, "coefficient"), out.Model)
	return nil
}

// checkOf returns an error if a flag is given that has no meaning with --of.
func (f *taylorFlags) checkOf(flags *pflag.FlagSet) error {
	if len(f.orders) != 1 || f.orders[0] < 1 || f.orders[0] > 2 {
		return usagef("--of: want --order 1 or 2")
	}
	for _, name := range []string{"data", "size", "seeds", "epochs", "resume"} {
		if flags.Changed(name) {
			return usagef("--%s and --of do not go together: nothing is trained", name)
		}
	}
	return f.checkWorkers()
}
