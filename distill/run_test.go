package distill

import (
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"

	"github.com/coarsegrain/taylornet/dataset"
	"github.com/coarsegrain/taylornet/internal/approx"
	"github.com/coarsegrain/taylornet/model"
	"github.com/coarsegrain/taylornet/train"
)

// long is a distillation whose first level takes several chunks.
func long() Config {
	c := small()
	c.PerClass, c.Steps = []int{30, 3, 1}, []int{4, 3, 2}
	return c
}

// levelFiles are the bytes of the references of every level in a folder.
func levelFiles(t testing.TB, dir string, c Config) map[string]string {
	t.Helper()
	files := map[string]string{}
	for _, k := range c.PerClass {
		data, err := os.ReadFile(filepath.Join(dir, LevelFile(k)))
		if err != nil {
			t.Fatal(err)
		}
		files[LevelFile(k)] = string(data)
	}
	return files
}

// ran are the level files of a run without interruption.
func ran(t testing.TB, c Config, models []*model.Model, set *dataset.Set, workers int) map[string]string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "run")
	levels, err := Run(t.Context(), c, models, set, Options{Dir: dir, Workers: workers})
	if err != nil {
		t.Fatal(err)
	}
	files := levelFiles(t, dir, c)
	for i, k := range c.PerClass {
		if files[LevelFile(k)] != string(fileOf(t, levels[i])) {
			t.Errorf("%s is not what the run returned", LevelFile(k))
		}
	}
	return files
}

// pixelsIn are those of the references of the last level of long.
func pixelsIn(t testing.TB, files map[string]string) []uint8 {
	t.Helper()
	refs, err := Decode([]byte(files[LevelFile(1)]))
	if err != nil {
		t.Fatal(err)
	}
	return refs.Set.Pixels
}

func squares(v []float64) (sum float64) {
	for _, x := range v {
		sum += x * x
	}
	return sum
}

// checkTree holds references against the images that they were made of.
func checkTree(t *testing.T, refs *References, perClass int, m *model.Model, set *dataset.Set) {
	t.Helper()
	classes := len(set.Classes)
	if refs.Len() != perClass*classes || len(refs.Set.Pixels) != refs.Len()*set.H*set.W*set.C {
		t.Fatalf("%d references with %d pixels, want %d per class", refs.Len(), len(refs.Set.Pixels), perClass)
	}
	for i, label := range refs.Set.Labels {
		if int(label) != i/perClass {
			t.Fatalf("labels %v are not class by class", refs.Set.Labels)
		}
	}
	leaves, aside, err := train.Split(m, set)
	if err != nil {
		t.Fatal(err)
	}
	of := refs.Of()
	behind := map[int32]int32{}
	for r := range refs.Len() {
		list := refs.Behind(r)
		if len(list) == 0 {
			t.Errorf("no image is behind reference %d", r)
		}
		for _, i := range list {
			if _, twice := behind[i]; twice || of[i] != int32(r) || set.Labels[i] != refs.Set.Labels[r] {
				t.Fatalf("image %d of class %d is behind reference %d of class %d, and belongs to %d", i, set.Labels[i], r, refs.Set.Labels[r], of[i])
			}
			behind[i] = int32(r)
		}
	}
	if got := slices.Sorted(maps.Keys(behind)); !slices.Equal(got, leaves.Index) {
		t.Errorf("%d images are behind references, of %d that were distilled", len(got), leaves.Len())
	}
	if aside.Len() == 0 {
		t.Error("no image was set aside: that is not tested")
	}
	for _, i := range aside.Index {
		if of[i] != -1 || refs.Groups[0][i] != -1 {
			t.Errorf("image %d was set aside, and belongs to %d", i, of[i])
		}
	}
}

func TestRun(t *testing.T) {
	m, set, c := trained(t), digits(t).Train, small()
	levels := distilled(t, c, set, m)
	if len(levels) != len(c.PerClass) {
		t.Fatalf("%d levels, want %d", len(levels), len(c.PerClass))
	}
	for i, refs := range levels {
		if len(refs.Groups) != i+1 || refs.Fingerprint != set.Fingerprint() || !slices.Equal(refs.Models, []string{hashOf(t, m)}) {
			t.Errorf("level %d: %d groups, fingerprint %s, models %v", i+1, len(refs.Groups), refs.Fingerprint, refs.Models)
		}
		checkTree(t, refs, c.PerClass[i], m, set)
		if !slices.Equal(refs.Embeddings, embed(t, testEnsemble(t, 1, m), refs.Set.All())) {
			t.Errorf("level %d: the embeddings are not the images'", i+1)
		}
		for j, group := range refs.Groups[:i] {
			if !slices.Equal(group, levels[j].Groups[j]) {
				t.Errorf("level %d has other groups of level %d", i+1, j+1)
			}
		}
		e, err := newClassifier(t, refs, Rule{}, m).Evaluate(t.Context(), digits(t).Test.All())
		if err != nil {
			t.Fatal(err)
		}
		if !(e.Accuracy >= 0.9) {
			t.Errorf("level %d: accuracy %.3f", i+1, e.Accuracy)
		}
	}
}

// Every way to group, aim and start, and an ensemble, gives a tree.
func TestRunSettings(t *testing.T) {
	set := someDigits(t, 400)
	seen := map[string]string{}
	for _, grouping := range groupings {
		for _, target := range targets {
			for _, start := range starts {
				c := small()
				c.Grouping, c.Target, c.Start = grouping, target, start
				name := fmt.Sprintf("%s %s %s", grouping, target, start)
				levels := distilled(t, c, set, trained(t), disturbed(t))
				pixels := ""
				for i, refs := range levels {
					checkTree(t, refs, c.PerClass[i], trained(t), set)
					pixels += string(refs.Set.Pixels)
				}
				if other, ok := seen[pixels]; ok {
					t.Errorf("%s gives the references of %s", name, other)
				}
				seen[pixels] = name
			}
		}
	}
}

// Without steps an image stays what it starts as: a member of its group, or
// their mean.
func TestNoSteps(t *testing.T) {
	set := someDigits(t, 300)
	c := small()
	c.PerClass, c.Steps = []int{4, 2}, []int{0, 0}
	for _, start := range []string{"nearest", "leaf", "hard"} {
		c.Start = start
		for _, refs := range distilled(t, c, set, trained(t)) {
			for r := range refs.Len() {
				if !slices.ContainsFunc(refs.Behind(r), func(i int32) bool { return slices.Equal(set.Image(int(i)), refs.Set.Image(r)) }) {
					t.Errorf("%s: reference %d of %d is none of the images behind it", start, r, refs.Len())
				}
			}
		}
	}
	c.Start = "mean"
	for depth, refs := range distilled(t, c, set, trained(t)) {
		for r := range refs.Len() {
			list := refs.Behind(r)
			want := make([]float64, 64)
			for _, i := range list {
				for j, v := range set.Image(int(i)) {
					want[j] += float64(v) / float64(len(list))
				}
			}
			// Half a grey level of rounding at each level.
			if err := approx.Slices(floats(refs.Set.Image(r)), want, func(int) float64 { return 0.5*float64(depth+1) + 1e-3 }); err != nil {
				t.Errorf("level %d, reference %d is not the mean of the images behind it: %v", depth+1, r, err)
			}
		}
	}
}

// With steps, one level's images are not real any more; the next begin with
// training images all the same if they begin with leaves: of those behind, the one
// most like the target.
func TestStartWithLeaves(t *testing.T) {
	set, m := someDigits(t, 300), trained(t)
	c := small()
	c.PerClass, c.Steps, c.Start, c.Refine = []int{8, 2}, []int{5, 0}, "leaf", 0
	levels := distilled(t, c, set, m)
	nets := testEnsemble(t, 1, m)
	for r, refs := 0, levels[1]; r < refs.Len(); r++ {
		behind := set.All().Only(refs.Behind(r))
		p := points{directions(t, nets, behind), nets.dim(), ones(behind.Len())}
		group := make([]int32, behind.Len())
		best := mostLike(p, group, means(p, group, 1))[0]
		if !slices.Equal(behind.Image(int(best)), refs.Set.Image(r)) {
			t.Errorf("reference %d is not the training image behind it that is most like their mean", r)
		}
	}
}

// The targets of a level are the mean directions of the training images behind
// each group, or of the images of the level below, by how many those stand for.
func TestTargets(t *testing.T) {
	set, m := someDigits(t, 300), trained(t)
	nets := testEnsemble(t, 1, m)
	for _, target := range targets {
		c := small()
		c.Target, c.Refine = target, 0
		r, err := newRun(c, []*model.Model{m}, set, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if err := r.level(t.Context()); err != nil {
			t.Fatal(err)
		}
		p, err := r.plan(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		first := r.results[0]
		images, group := set.All(), make([]int32, set.Len())
		for i, g := range first.Of() {
			if group[i] = -1; g >= 0 {
				group[i] = p.group[g]
			}
		}
		weight := ones(set.Len())
		if target == "level" {
			images, group, weight = first.Set.All(), p.group, nil
			for i := range first.Len() {
				weight = append(weight, float64(len(first.Behind(i))))
			}
		}
		want := make([]float64, p.set.Len()*nets.dim())
		for i, y := range slices.Collect(slices.Chunk(directions(t, nets, images), nets.dim())) {
			for j, v := range y {
				if group[i] >= 0 {
					want[int(group[i])*nets.dim()+j] += weight[i] * float64(v)
				}
			}
		}
		for v := range slices.Chunk(want, nets.dim()) {
			scale := math.Sqrt(squares(v))
			for j := range v {
				v[j] /= scale
			}
		}
		if err := approx.Slices(p.targets, want, func(int) float64 { return 1e-5 }); err != nil {
			t.Errorf("target %s: %v", target, err)
		}
	}
}

func TestRunWorkersGiveIdenticalBytes(t *testing.T) {
	set, models := someDigits(t, 400), []*model.Model{trained(t), disturbed(t)}
	want := ran(t, long(), models, set, allWorkers[0])
	for _, workers := range allWorkers[1:] {
		if !maps.Equal(ran(t, long(), models, set, workers), want) {
			t.Errorf("%d workers: other references than with 1", workers)
		}
	}
	other := long()
	other.Seed++
	if slices.Equal(pixelsIn(t, ran(t, other, models, set, 2)), pixelsIn(t, want)) {
		t.Error("another seed gives the same images")
	}
}

func TestProgress(t *testing.T) {
	c := long()
	var total, done, steps, finished int
	_, err := Run(t.Context(), c, []*model.Model{trained(t)}, someDigits(t, 400), Options{Progress: func(p Progress) {
		if p.Done < done || p.Level != finished+1 || p.Levels != 3 {
			t.Errorf("level %d of %d, %d done after level %d with %d", p.Level, p.Levels, p.Done, finished, done)
		}
		if p.PerClass != c.PerClass[p.Level-1] {
			t.Errorf("level %d: %d images per class", p.Level, p.PerClass)
		}
		total, done = p.Total, p.Done
		if p.Finished == nil {
			steps++
		} else if finished++; p.Finished.Len() != 10*p.PerClass {
			t.Errorf("level %d has %d references", p.Level, p.Finished.Len())
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	if want := 300*4 + 30*3 + 10*2; total != want || done != want || steps != 3*4+3+2 || finished != 3 {
		t.Errorf("%d of %d done in %d steps, want %d in 17", done, total, steps, want)
	}
}

func TestRunRefuses(t *testing.T) {
	set, m := someDigits(t, 100), trained(t)
	leaves, _, err := train.Split(m, set)
	if err != nil {
		t.Fatal(err)
	}
	smallest := slices.Min(leaves.Counts())
	few := small()
	few.PerClass[0] = smallest
	attempt := func(c Config, set *dataset.Set, models ...*model.Model) error {
		dir := filepath.Join(t.TempDir(), "run")
		_, err := Run(t.Context(), c, models, set, Options{Dir: dir})
		if Exists(dir) {
			t.Errorf("a run that was refused left a folder: %v", err)
		}
		return err
	}
	oneLine(t, attempt(few, set, m), fmt.Sprintf("has %d training images: the first level must have fewer per class, not %d", smallest, smallest))
	few.PerClass[0]--
	distilled(t, few, set, m)
	oneLine(t, attempt(small(), set), "no model")
	oneLine(t, attempt(small(), set, rgb(t)), "8x8x1")
	oneLine(t, attempt(small(), set, m, rgb(t)), "model 2: the model takes other images")
	layer := small()
	layer.Layer = "9"
	oneLine(t, attempt(layer, set, m), `embedding layer "9"`)
	two := *set
	two.Classes = two.Classes[:9]
	oneLine(t, attempt(small(), &two, m), "has 9 classes, the model 10")
	wrong := small()
	wrong.Start = "middle"
	oneLine(t, attempt(wrong, set, m), "settings: start")
	_, _, err = ReadConfig(t.TempDir())
	oneLine(t, err, ConfigFile)
}

func TestValidateReportsEveryFault(t *testing.T) {
	c := Config{
		PerClass: []int{5, 7, 7, 0}, Steps: []int{1, -2}, Grouping: "near", Target: "roots", Start: "middle", Refine: -4,
		Paint: Painting{Rate: -1, Smooth: -3, Augment: dataset.Augment{Shift: -1, Cutout: 3}},
	}
	err := c.Validate()
	if err == nil {
		t.Fatal("no error")
	}
	for _, part := range []string{
		`grouping "near"`, `target "roots"`, `start "middle"`, "refine -4", "rate -1", "smoothness -3", "shift -1", "cutout",
		"level 2 has 7 images per class after 5", "level 3 has 7 images per class after 7", "images per class 0: want 1",
		"2 numbers of steps for 4 levels", "steps -2",
	} {
		if !contains(err, part) {
			t.Errorf("the error does not speak of %q: %v", part, err)
		}
	}
	c.PerClass = nil
	if err := c.Validate(); err == nil || !contains(err, "no levels") {
		t.Errorf("no levels: error %v", err)
	}
}

// Empty strings and steps are the recipe's, and stand in the file as if they were given.
func TestDefaults(t *testing.T) {
	set, m := someDigits(t, 200), trained(t)
	for _, objective := range objectives {
		given := Recipe(objective, "digits", 100)
		given.PerClass, given.Refine = []int{3, 1}, 0
		given.Steps = StepsFor(objective, given.PerClass)
		empty := given
		empty.Objective, empty.Grouping, empty.Target, empty.Start, empty.Steps = objective, "", "", "", nil
		if err := empty.Validate(); err != nil {
			t.Error(err)
		}
		if got := empty.withDefaults(); !reflect.DeepEqual(got, given) {
			t.Errorf("settings %+v, want %+v", got, given)
		}
		empty.PerClass, empty.Steps = []int{2}, nil
		if objective == Distribution {
			continue // many steps
		}
		refs := distilled(t, empty, set, m)[0]
		if c := refs.Config; c.Objective != "" || c.Start != "nearest" || len(c.Steps) != 1 {
			t.Errorf("the references have the settings %+v", c)
		}
	}
}

func TestRecipe(t *testing.T) {
	for _, name := range []string{"digits", "mnist", "fashion-mnist", "cifar-10", "another"} {
		for _, smallest := range []int{1, 2, 20, 60, 130, 300, 6000} {
			for _, objective := range objectives {
				c := Recipe(objective, name, smallest)
				if err := c.Validate(); err != nil {
					t.Errorf("recipe for %s, %s with %d images per class: %v", objective, name, smallest, err)
				}
				if first := c.PerClass[0]; first > 1 && 2*first > smallest {
					t.Errorf("recipe for %s, %d images per class begins with %d", objective, smallest, first)
				}
			}
		}
	}
	if c := Recipe(Similarity, "mnist", 5421); !slices.Equal(c.PerClass, []int{250, 50, 10, 1}) {
		t.Errorf("levels %v", c.PerClass)
	}
}
