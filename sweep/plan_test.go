package sweep

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/coarsegrain/taylornet/dataset"
	"github.com/coarsegrain/taylornet/train"
)

func TestFolderName(t *testing.T) {
	for _, tt := range []struct {
		name string
		want string
	}{
		{"", "recipe"},
		{"--rate 0.005", "rate-0.005"},
		{"--net mnist-small --epochs=30", "net-mnist-small-epochs-30"},
		{"--net '../A b/é'", "net-..-a-b"},
		{"../..", "recipe"},
		{"--net " + strings.Repeat("x", 35) + " y", "net-" + strings.Repeat("x", 35)},
	} {
		if got := folderName(tt.name); got != tt.want {
			t.Errorf("%q: got %q, want %q", tt.name, got, tt.want)
		}
	}
}

// Folders that would have the same name are numbered; variations that are the same are
// refused.
func TestVariationsHaveFoldersOfTheirOwn(t *testing.T) {
	p := &Plan{}
	c := train.Recipe("digits")
	for i, want := range []string{"weight-decay-0.1-smoothing-0.1-momentum", "weight-decay-0.1-smoothing-0.1-momentum-2"} {
		c.Momentum = float64(i) / 10
		if err := p.Add(fmt.Sprintf("--weight-decay 0.1 --smoothing 0.1 --momentum %.1f", c.Momentum), dataset.Size{}, c); err != nil {
			t.Fatal(err)
		}
		if got := p.Variations[i].Folder; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	c.Momentum = 0
	err := p.Add("--momentum=0 --smoothing=0.1 --weight-decay=0.1", dataset.Size{}, c)
	if err == nil || err.Error() != "the same as --weight-decay 0.1 --smoothing 0.1 --momentum 0.0" {
		t.Errorf("the same variation again: %v", err)
	}
}

// examplePlan is a plan of two variations.
func examplePlan() *Plan {
	c := train.Recipe("digits")
	return &Plan{Data: "digits", Seed: 1, Seeds: 2, Variations: []*Variation{
		{Folder: "recipe", Config: c}, {Name: "--net digits", Folder: "net-digits", Config: c},
	}}
}

func TestDecodePlan(t *testing.T) {
	p, err := decodePlan([]byte(asJSON(t, examplePlan())))
	if err != nil || asJSON(t, p) != asJSON(t, examplePlan()) {
		t.Fatalf("%v: another plan than was written", err)
	}
	for name, spoil := range map[string]func(p *Plan){
		"seeds":      func(p *Plan) { p.Seeds = 0 },
		"large seed": func(p *Plan) { p.Seed = math.MaxUint64 },
		"none":       func(p *Plan) { p.Variations = nil },
		"null":       func(p *Plan) { p.Variations[0] = nil },
		"net":        func(p *Plan) { p.Variations[0].Config.Net = "Input(8)" },
		"rate":       func(p *Plan) { p.Variations[1].Config.Rate = -1 },
		"twice":      func(p *Plan) { p.Variations[0].Folder = p.Variations[1].Folder },
		"no folder":  func(p *Plan) { p.Variations[0].Folder = "" },
		"outside":    func(p *Plan) { p.Variations[0].Folder = "../x" },
		"itself":     func(p *Plan) { p.Variations[0].Folder = "." },
		"deep":       func(p *Plan) { p.Variations[0].Folder = "a/b" },
	} {
		p := examplePlan()
		spoil(p)
		if _, err := decodePlan([]byte(asJSON(t, p))); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// FuzzDecodePlan checks that what is read of a plan can be listed and written.
func FuzzDecodePlan(f *testing.F) {
	text, err := json.Marshal(examplePlan())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add([]byte(`{"seeds":1,"variations":[null]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		p, err := decodePlan(text)
		if err != nil {
			return
		}
		if n := len(p.Runs("d")); n != p.Seeds*len(p.Variations) {
			t.Errorf("%d runs are planned", n)
		}
		asJSON(t, p)
	})
}

// The seeds come one after the other, each with all variations.
func TestPlannedRuns(t *testing.T) {
	var got []string
	for _, p := range examplePlan().Runs("d") {
		got = append(got, p.String()+" "+strings.ReplaceAll(p.Dir, `\`, "/"))
	}
	want := []string{
		"run 1 of 4 d/recipe/seed-1", "run 2 of 4 d/net-digits/seed-1", "run 3 of 4 d/recipe/seed-2", "run 4 of 4 d/net-digits/seed-2",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
