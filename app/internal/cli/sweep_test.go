package cli

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/coarsegrain/taylornet/internal/approx"
	"github.com/coarsegrain/taylornet/spec"
	"github.com/coarsegrain/taylornet/train"
)

func TestFolderName(t *testing.T) {
	for _, tt := range []struct {
		words []string
		want  string
	}{
		{nil, "recipe"},
		{[]string{"--rate", "0.005"}, "rate-0.005"},
		{[]string{"--net", "mnist-small", "--epochs=30"}, "net-mnist-small-epochs-30"},
		{[]string{"--net", "../A b/é"}, "net-..-a-b"},
		{[]string{"../.."}, "recipe"},
		{[]string{"--net", strings.Repeat("x", 35), "y"}, "net-" + strings.Repeat("x", 35)},
	} {
		if got := folderName(tt.words); got != tt.want {
			t.Errorf("%q: got %q, want %q", tt.words, got, tt.want)
		}
	}
}

// Folders that would have the same name are numbered; variations that are the same
// are refused.
func TestVariationsHaveFoldersOfTheirOwn(t *testing.T) {
	s := &sweep{app: &app{}, flags: &sweepFlags{trainFlags: trainFlags{settings: settings()}}, plan: &sweepPlan{}}
	s.load = s.loadGiven
	for i, want := range []string{"weight-decay-0.1-smoothing-0.1-momentum", "weight-decay-0.1-smoothing-0.1-momentum-2"} {
		if err := s.vary(fmt.Sprintf("--weight-decay 0.1 --smoothing 0.1 --momentum 0.%d", i)); err != nil {
			t.Fatal(err)
		}
		if got := s.plan.Variations[i].Folder; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	err := s.vary("--momentum=0 --smoothing=0.1 --weight-decay=0.1")
	if err == nil || err.Error() != "the same as --weight-decay 0.1 --smoothing 0.1 --momentum 0.0" {
		t.Errorf("the same variation again: %v", err)
	}
}

// finishedRun is a run with these accuracies, without validation images if that is 0.
func finishedRun(validation, test float64) *sweepRun {
	r := &sweepRun{TestAccuracy: &test}
	if validation > 0 {
		r.ValidationAccuracy = &validation
	}
	return r
}

func TestMeansOfASweep(t *testing.T) {
	diverged := &sweepRun{Diverged: true}
	runs := []*sweepRun{finishedRun(0.9, 0), diverged, finishedRun(0.8, 0), finishedRun(0.7, 0)}
	m := meanOf(runs, validationOf)
	tol := 1e-12
	// Student's for two degrees of freedom, 4.303.
	half := 4.303 * 0.1 / math.Sqrt(3)
	if !approx.Close(m.Mean, 0.8, tol) || !approx.Close(*m.SD, 0.1, tol) || !approx.Close(*m.Low, 0.8-half, tol) || !approx.Close(*m.High, 0.8+half, tol) {
		t.Errorf("got %s", asJSON(t, m))
	}
	others := []*sweepRun{finishedRun(0.8, 0), finishedRun(0.9, 0), finishedRun(0.6, 0), diverged}
	if d := difference(runs, others, validationOf); !approx.Close(d.Mean, 0.15, tol) || d.SD != nil || d.Low == nil {
		t.Errorf("the difference is %s", asJSON(t, d))
	}
	tested := []*sweepRun{finishedRun(0, 0.5), finishedRun(0, 0.75)}
	others = []*sweepRun{finishedRun(0.1, 0.25), finishedRun(0.1, 0.5)}
	if d := difference(tested, others, testOf); !approx.Close(d.Mean, 0.25, tol) {
		t.Errorf("on the test images the difference is %s", asJSON(t, d))
	}
	if d := difference(tested, others, validationOf); d != nil {
		t.Errorf("without validation images the difference is %s", asJSON(t, d))
	}
	if got := asJSON(t, meanOf(runs[:2], validationOf)); got != `{"mean":0.9}` {
		t.Errorf("of one run the mean is %s", got)
	}
	if m := meanOf([]*sweepRun{diverged}, validationOf); m != nil {
		t.Errorf("of no run the mean is %s", asJSON(t, m))
	}
}

func asJSON(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// examplePlan is a plan of two variations.
func examplePlan() *sweepPlan {
	c := train.Recipe("digits")
	return &sweepPlan{Data: "digits", Seed: 1, Seeds: 2, Variations: []*variation{
		{Folder: "recipe", Config: c}, {Flags: "--net digits", Folder: "net-digits", Config: c},
	}}
}

func TestDecodePlan(t *testing.T) {
	p, err := decodePlan([]byte(asJSON(t, examplePlan())))
	if err != nil || asJSON(t, p) != asJSON(t, examplePlan()) {
		t.Fatalf("%v: another plan than was written", err)
	}
	net, _ := spec.Preset("digits")
	if got := p.Variations[1].net; got == nil || got.String() != net.String() {
		t.Errorf("the network is %v", got)
	}
	for name, spoil := range map[string]func(p *sweepPlan){
		"seeds":      func(p *sweepPlan) { p.Seeds = 0 },
		"large seed": func(p *sweepPlan) { p.Seed = math.MaxUint64 },
		"none":       func(p *sweepPlan) { p.Variations = nil },
		"null":       func(p *sweepPlan) { p.Variations[0] = nil },
		"net":        func(p *sweepPlan) { p.Variations[0].Config.Net = "Input(8)" },
		"rate":       func(p *sweepPlan) { p.Variations[1].Config.Rate = -1 },
		"twice":      func(p *sweepPlan) { p.Variations[0].Folder = p.Variations[1].Folder },
		"no folder":  func(p *sweepPlan) { p.Variations[0].Folder = "" },
		"outside":    func(p *sweepPlan) { p.Variations[0].Folder = "../x" },
		"itself":     func(p *sweepPlan) { p.Variations[0].Folder = "." },
		"deep":       func(p *sweepPlan) { p.Variations[0].Folder = "a/b" },
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
		s := &sweep{plan: p, dir: "d"}
		if n := len(s.planned()); n != p.Seeds*len(p.Variations) {
			t.Errorf("%d runs are planned", n)
		}
		asJSON(t, p)
	})
}

// The seeds come one after the other, each with all variations.
func TestPlannedRuns(t *testing.T) {
	s := &sweep{plan: examplePlan(), dir: "d"}
	var got []string
	for _, p := range s.planned() {
		got = append(got, p.name+" "+strings.ReplaceAll(p.dir, `\`, "/"))
	}
	want := []string{
		"run 1 of 4 d/recipe/seed-1", "run 2 of 4 d/net-digits/seed-1", "run 3 of 4 d/recipe/seed-2", "run 4 of 4 d/net-digits/seed-2",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestBestOfASweep(t *testing.T) {
	run := func(seed uint64, validation float64) *sweepRun {
		return &sweepRun{Seed: seed, ValidationAccuracy: &validation}
	}
	diverged := &sweepRun{Seed: 9, Diverged: true}
	if got := best(nil, []*sweepRun{diverged}); got != nil {
		t.Errorf("the best of none is of seed %d", got.Seed)
	}
	first := best(nil, []*sweepRun{diverged, run(1, 0.5), run(2, 0.75), run(3, 0.75)})
	if first.Seed != 2 {
		t.Errorf("the best is of seed %d, want 2", first.Seed)
	}
	if got := best(first, []*sweepRun{run(4, 0.7)}); got != first {
		t.Errorf("the best of all is of seed %d, want 2", got.Seed)
	}
	if got := best(first, []*sweepRun{run(4, 0.8)}); got.Seed != 4 {
		t.Errorf("the best of all is of seed %d, want 4", got.Seed)
	}
}
