package distill

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/coarsegrain/taylornet/dataset"
	"github.com/coarsegrain/taylornet/internal/approx"
	"github.com/coarsegrain/taylornet/model"
	"github.com/coarsegrain/taylornet/train"
)

// assessed assesses a distillation of the digits into two images per class.
func assessed(t *testing.T, opts AssessOptions) (*References, *Assessment) {
	t.Helper()
	data, m := digits(t), trained(t)
	c := small()
	c.PerClass, c.Steps = []int{2}, []int{3}
	levels := distilled(t, c, data.Train, m)
	a, err := Assess(t.Context(), levels, m, data, opts)
	if err != nil {
		t.Fatal(err)
	}
	return levels[0], a
}

// accuracyOf is the accuracy of a set of images as references.
func accuracyOf(t *testing.T, set *dataset.Set, images dataset.Subset, m *model.Model) float64 {
	t.Helper()
	refs := &References{Config: small(), Set: set, Models: []string{hashOf(t, m)}, Embeddings: embed(t, testEnsemble(t, 1, m), set.All())}
	e, err := newClassifier(t, refs, Rule{}, m).Evaluate(t.Context(), images)
	if err != nil {
		t.Fatal(err)
	}
	return e.Accuracy
}

func TestAssess(t *testing.T) {
	data, m, other := digits(t), trained(t), disturbed(t)
	refs, a := assessed(t, AssessOptions{Draws: 3, Others: []*model.Model{other}, Workers: 2})
	leaves, validation, err := train.Split(m, data.Train)
	if err != nil {
		t.Fatal(err)
	}
	if a.Data != "digits" || a.Test != data.Test.Name || a.Leaves != leaves.Len() || len(a.Levels) != 1 || !(a.FullAccuracy >= 0.9 && a.FullAccuracy <= 1) {
		t.Errorf("the assessment is %+v", a)
	}
	l := a.Levels[0]
	want := accuracyOf(t, refs.Set, data.Test.All(), m)
	if l.Level != 1 || l.PerClass != 2 || l.Accuracy != want || l.Total != data.Test.Len() || !approx.Close(want, float64(l.Correct)/float64(l.Total), 1e-15) {
		t.Errorf("level %d, %d per class: %d of %d, accuracy %v, want %v", l.Level, l.PerClass, l.Correct, l.Total, l.Accuracy, want)
	}
	if want := accuracyOf(t, refs.Set, validation, m); *l.ValidationAccuracy != want {
		t.Errorf("validation accuracy %v, want %v", *l.ValidationAccuracy, want)
	}
	if want := accuracyOf(t, refs.Set, data.Test.All(), other); !slices.Equal(l.Others, []float64{want}) {
		t.Errorf("embedded by the other model %v, want %v", l.Others, want)
	}
	if l.References != refs || l.Evaluation.Correct != l.Correct || l.Retrained != nil {
		t.Error("the level has other references, another evaluation, or was trained on")
	}
}

func TestBaselines(t *testing.T) {
	data, m := digits(t), trained(t)
	refs, a := assessed(t, AssessOptions{Draws: 3, Workers: 2})
	b := a.Levels[0].Baselines
	for _, accuracy := range append(slices.Clone(b.RandomRealDraws), *b.RandomReal, *b.Medoid, *b.KMeans, *b.ClassMean) {
		if !(accuracy >= 0.5 && accuracy <= 1) {
			t.Errorf("accuracy %v in %+v", accuracy, b)
		}
	}
	if len(b.RandomRealDraws) != 3 {
		t.Fatalf("%d draws, want 3", len(b.RandomRealDraws))
	}
	leaves, _, err := train.Split(m, data.Train)
	if err != nil {
		t.Fatal(err)
	}
	var mean float64
	for i, got := range b.RandomRealDraws {
		if want := accuracyOf(t, randomImages(leaves, 2, uint64(i+1)), data.Test.All(), m); got != want {
			t.Errorf("draw %d: accuracy %v, want %v", i, got, want)
		}
		mean += got / 3
	}
	if !approx.Close(*b.RandomReal, mean, 1e-12) {
		t.Errorf("the mean over draws is %v, want %v", *b.RandomReal, mean)
	}
	medoids := ok(refs.medoids(t.Context(), testEnsemble(t, 1, m), data.Train))
	if want := accuracyOf(t, medoids, data.Test.All(), m); *b.Medoid != want {
		t.Errorf("medoids: accuracy %v, want %v", *b.Medoid, want)
	}
	for perClass, got := range map[int]*float64{2: b.KMeans, 1: b.ClassMean} {
		centres, err := pixelCentres(t.Context(), leaves, perClass, refs.Config.Seed, 1)
		if err != nil {
			t.Fatal(err)
		}
		if want := accuracyOf(t, centres, data.Test.All(), m); *got != want {
			t.Errorf("%d centres per class: accuracy %v, want %v", perClass, *got, want)
		}
	}
	_, err = Assess(t.Context(), []*References{refs}, m, &dataset.Data{Name: "digits", Train: data.Test, Test: data.Test}, AssessOptions{Draws: 1})
	oneLine(t, err, "other images")
}

// Fresh networks are trained on the references of small levels, with every seed.
func TestRetrain(t *testing.T) {
	m, images := rgb(t), colours(120, 1)
	for i, label := range images.Labels { // each colour is mostly itself
		images.Image(i)[label] = 255
	}
	c := small()
	c.PerClass, c.Steps = []int{retrainPerClass/2 + 1, 2}, []int{0, 0}
	data := &dataset.Data{Name: "colours", Train: images, Test: images}
	var seen []RetrainProgress
	opts := AssessOptions{Seeds: 2, Workers: 2, Progress: func(p RetrainProgress) { seen = append(seen, p) }}
	a, err := Assess(t.Context(), distilled(t, c, images, m), m, data, opts)
	if err != nil {
		t.Fatal(err)
	}
	for i, l := range a.Levels {
		if l.RandomReal != nil || len(l.Retrained) != 1 {
			t.Fatalf("%d networks, baselines %+v", len(l.Retrained), l.Baselines)
		}
		r := l.Retrained[0]
		if r.Name != "TaylorNet" || r.Net != m.Net().String() || len(r.Distilled) != 2 || len(r.Random) != 2 {
			t.Fatalf("the network is %+v", r)
		}
		for k, accuracy := range r.Distilled {
			if !(accuracy > 0.5 && r.Random[k] > 0.5) {
				t.Errorf("accuracies %v and %v", accuracy, r.Random[k])
			}
			if want := (RetrainProgress{Name: r.Name, PerClass: c.PerClass[i], Seed: k + 1, Distilled: accuracy, Random: r.Random[k]}); seen[2*i+k] != want {
				t.Errorf("reported %+v, want %+v", seen[2*i+k], want)
			}
		}
	}
	large := &assessor{AssessOptions: opts}
	set := &dataset.Set{Classes: images.Classes, Labels: make([]uint16, 3*(retrainPerClass+1))}
	if list, err := large.retrain(t.Context(), &References{Set: set}); list != nil || err != nil {
		t.Errorf("a large level: networks %v, error %v", list, err)
	}
}

// ConvNet is trained too, unless the images are too small for it.
func TestFreshNetworkKinds(t *testing.T) {
	if list := freshNetworks(rgb(t), colours(3, 1)); len(list) != 1 || list[0].Name != "TaylorNet" {
		t.Errorf("networks %+v", list)
	}
	set := digits(t).Train
	list := freshNetworks(trained(t), set)
	if len(list) != 2 || list[0].Net != trained(t).Net().String() || list[1].Name != "ConvNet" || list[1].Net != convNet(set) {
		t.Errorf("networks %+v", list)
	}
}

// The JSON of a level has the keys that scripts rely on, in their order, and none for
// what was not measured.
func TestAssessmentJSON(t *testing.T) {
	half := 0.5
	for _, tt := range []struct {
		level LevelAssessment
		want  string
	}{
		{LevelAssessment{File: "f"}, `{"level":0,"per_class":0,"accuracy":0,"correct":0,"total":0,"references":"f"}`},
		{
			LevelAssessment{
				ValidationAccuracy: &half, Others: []float64{1},
				Baselines: Baselines{RandomReal: &half, RandomRealDraws: []float64{half}, Medoid: &half, KMeans: &half, ClassMean: &half},
				Retrained: []Retrained{{Name: "n", Net: "x", Distilled: []float64{1}, Random: []float64{0}}},
			},
			`{"level":0,"per_class":0,"accuracy":0,"correct":0,"total":0,"validation_accuracy":0.5,"random_real_accuracy":0.5,` +
				`"random_real_accuracies":[0.5],"medoid_accuracy":0.5,"k_means_accuracy":0.5,"class_mean_accuracy":0.5,"other_accuracies":[1],` +
				`"retrained":[{"name":"n","net":"x","distilled":[1],"random":[0]}],"references":""}`,
		},
	} {
		got, err := json.Marshal(tt.level)
		if err != nil || string(got) != tt.want {
			t.Errorf("got %s (%v)\nwant %s", got, err, tt.want)
		}
	}
}

// Whatever Assess is at, it ends when its context does, and says why.
func TestAssessInterrupted(t *testing.T) {
	data, m := digits(t), trained(t)
	refs, _ := assessed(t, AssessOptions{})
	why := errors.New("the test is over")
	ctx, cancel := context.WithCancelCause(t.Context())
	opts := AssessOptions{Seeds: 5, Workers: 2, Progress: func(RetrainProgress) { cancel(why) }}
	_, err := Assess(ctx, []*References{refs}, m, data, opts)
	if !errors.Is(err, ErrInterrupted) || !errors.Is(err, why) || strings.Contains(err.Error(), "\n") {
		t.Errorf("error %v, want one that wraps %v and %v", err, ErrInterrupted, why)
	}
	c := newClassifier(t, refs, Rule{}, m)
	if _, err := c.Evaluate(ctx, data.Test.All()); !errors.Is(err, why) {
		t.Errorf("error %v, want one that wraps %v", err, why)
	}
	if _, err := pixelCentres(ctx, data.Train.All(), 2, 1, 1); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want %v", err, context.Canceled)
	}
}
