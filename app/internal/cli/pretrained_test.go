package cli

import (
	"errors"
	"fmt"
	"math"
	"os"
	"strings"
	"testing"

	"github.com/coarsegrain/taylornet/dataset"
	"github.com/coarsegrain/taylornet/pretrained"
	"github.com/coarsegrain/taylornet/train"
)

// Every trained model has a card, and the figures on it are those of the model's
// record, which the images of the data set confirm where they are at hand.
func TestModelCards(t *testing.T) {
	for _, name := range pretrained.Names() {
		t.Run(name, func(t *testing.T) {
			m, err := pretrained.Load(name)
			if err != nil {
				t.Fatal(err)
			}
			record := train.ReadRecord(m)
			card, err := os.ReadFile("../../../pretrained/" + name + ".md")
			if err != nil {
				t.Fatal(err)
			}
			j := &job{config: record.Config, net: m.Net(), data: &dataset.Data{Name: record.Config.Data}}
			for _, want := range []string{
				"# " + name + "\n",
				"`" + j.command() + "`",
				count(m.Net().NumParams()) + " parameters",
				"degree " + count(m.Net().Degree()),
				fmt.Sprintf("epoch %d of %d", record.Best, record.Epochs),
				"validation | " + percent(record.ValidationAccuracy),
				"test | " + percent(record.TestAccuracy),
			} {
				if !strings.Contains(string(card), want) {
					t.Errorf("%s.md does not say %q", name, want)
				}
			}
			data, err := dataset.Load(t.Context(), record.Config.Data, dataset.Options{Dirs: []string{os.Getenv("TAYLORNET_DATA")}})
			if errors.Is(err, dataset.ErrNotFound) {
				t.Skip(err)
			}
			if err != nil {
				t.Fatal(err)
			}
			validation, err := setAside(m, data)
			if err != nil {
				t.Fatal(err)
			}
			for _, part := range []struct {
				images *dataset.Set
				want   float64
			}{{data.Test, record.TestAccuracy}, {validation, record.ValidationAccuracy}} {
				e, err := m.Evaluate(t.Context(), part.images.All())
				if err != nil {
					t.Fatal(err)
				}
				// Other SIMD instructions round otherwise: an image or two may change sides.
				if images := math.Abs(e.Accuracy()-part.want) * float64(e.Total); images > 2.5 {
					t.Errorf("%s of %s are right, the record says %s", percent(e.Accuracy()), part.images.Name, percent(part.want))
				}
			}
		})
	}
}
