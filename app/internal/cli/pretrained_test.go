package cli

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/coarsegrain/taylornet/dataset"
	"github.com/coarsegrain/taylornet/model"
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

var writeRecords = flag.Bool("records", false, "write what is recorded of training images into the trained models again")

// The models of drawings record how their training images were made, and a guard. With
// -records, both are measured on these images again and written; the weights stay. The
// references that were made with these models then name the new files.
func TestRecords(t *testing.T) {
	for _, name := range []string{"digits", "mnist", "mnist-paper", "mnist-readable", "mnist-readable-small", "mnist-small", "mnist-tiny"} {
		t.Run(name, func(t *testing.T) {
			m, err := pretrained.Load(name)
			if err != nil {
				t.Fatal(err)
			}
			data, err := dataset.Load(t.Context(), train.ReadRecord(m).Config.Data, dataset.Options{Dirs: []string{os.Getenv("TAYLORNET_DATA")}})
			if errors.Is(err, dataset.ErrNotFound) {
				t.Skip(err)
			}
			if err != nil {
				t.Fatal(err)
			}
			again, err := train.Measured(t.Context(), m, data.Train)
			if err != nil {
				t.Fatal(err)
			}
			want, got := m.Config(), again.Config()
			want.Guard, want.Preparation = got.Guard, got.Preparation
			recorded, err := model.New(want) // the range of logits stays, too
			if err != nil {
				t.Fatal(err)
			}
			if *writeRecords {
				writeRecorded(t, m, recorded, name)
				return
			}
			sameRecord(t, m, recorded)
		})
	}
}

// sameRecord compares records; other SIMD instructions round otherwise.
func sameRecord(t *testing.T, m, again *model.Model) {
	t.Helper()
	got, want := m.Config(), again.Config()
	if got.Preparation != want.Preparation || got.Guard == nil {
		t.Fatalf("preparation %+v, want %+v; guard %v", got.Preparation, want.Preparation, got.Guard)
	}
	for k := range want.Guard.Mean {
		for j := range want.Guard.Limit {
			for _, v := range [][2]float32{{got.Guard.Mean[k][j], want.Guard.Mean[k][j]}, {got.Guard.Std[k][j], want.Guard.Std[k][j]}, {got.Guard.Limit[j], want.Guard.Limit[j]}} {
				if !(math.Abs(float64(v[0]-v[1])) <= 1e-2*math.Max(1, math.Abs(float64(v[1])))) {
					t.Errorf("class %d, trait %d of the guard: %v, want %v", k, j, v[0], v[1])
				}
			}
		}
	}
}

func writeRecorded(t *testing.T, old, recorded *model.Model, name string) {
	t.Helper()
	const folder = "../../../pretrained/"
	before, err := old.Hash()
	if err != nil {
		t.Fatal(err)
	}
	after, err := recorded.Hash()
	if err != nil {
		t.Fatal(err)
	}
	if err := recorded.Save(folder + name + ".safetensors"); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(folder + "*-refs-*.safetensors")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, bytes.ReplaceAll(content, []byte(before), []byte(after)), 0o666); err != nil {
			t.Fatal(err)
		}
	}
}
