package distill

import (
	"slices"
	"testing"

	"github.com/coarsegrain/taylornet/dataset"
	"github.com/coarsegrain/taylornet/internal/approx"
	"github.com/coarsegrain/taylornet/model"
	"github.com/coarsegrain/taylornet/train"
)

// found returns where an image of a set is among others, -1 if nowhere.
func found(image []uint8, in dataset.Subset) int {
	for i := range in.Len() {
		if slices.Equal(in.Image(i), image) {
			return i
		}
	}
	return -1
}

func TestRandom(t *testing.T) {
	all := someDigits(t, 300).All()
	images := all.Only(all.Index[100:])
	set := Random(images, 7, 1)
	if set.Len() != 70 || len(set.Pixels) != 70*64 {
		t.Fatalf("%d images", set.Len())
	}
	drawn := map[int]bool{}
	for i, label := range set.Labels {
		at := found(set.Image(i), images)
		if at < 0 || drawn[at] || int(label) != i/7 || images.Label(at) != int(label) {
			t.Errorf("image %d of class %d is number %d, or was drawn before", i, label, at)
		}
		drawn[at] = true
	}
	if !slices.Equal(Random(images, 7, 1).Pixels, set.Pixels) {
		t.Error("the same seed draws other images")
	}
	if slices.Equal(Random(images, 7, 2).Pixels, set.Pixels) {
		t.Error("another seed draws the same images")
	}
	if few := Random(images, 1000, 1); few.Len() != images.Len() {
		t.Errorf("%d images of %d", few.Len(), images.Len())
	}
}

// A medoid is, of the training images behind its reference, the one whose
// direction is most like their mean.
func TestMedoids(t *testing.T) {
	set, models := someDigits(t, 300), []*model.Model{trained(t), disturbed(t)}
	nets := ensemble(t, 1, models...)
	directions := nets.directions(set.All())
	for _, refs := range distilled(t, small(), set, models...) {
		medoids := refs.medoids(nets, set)
		if !slices.Equal(medoids.Labels, refs.Set.Labels) {
			t.Fatalf("labels %v, want %v", medoids.Labels, refs.Set.Labels)
		}
		for r := range refs.Len() {
			behind := refs.Behind(r)
			mean := make([]float32, nets.Dim())
			for _, i := range behind {
				for j, v := range directions[int(i)*nets.Dim():][:nets.Dim()] {
					mean[j] += v
				}
			}
			like := func(i int32) float64 { return dot(mean, directions[int(i)*nets.Dim():][:nets.Dim()]) }
			at := found(medoids.Image(r), set.All().Only(behind))
			if at < 0 {
				t.Errorf("the medoid of reference %d is not behind it", r)
				continue
			}
			for _, i := range behind {
				if !(like(i) <= like(behind[at])+1e-4) {
					t.Errorf("reference %d: image %d is more like the mean than the medoid", r, i)
				}
			}
		}
	}
}

// The centre of a class's only group is the plain mean, to rounding.
func TestClassMeans(t *testing.T) {
	images := someDigits(t, 300).All()
	set, err := pixelCentres(images, 1, 1, 1)
	if err != nil {
		t.Fatal(err)
	}
	for class := range 10 {
		members := images.OfClass(class)
		want := make([]float64, 64)
		for _, i := range members {
			for j, v := range images.Image(int(i)) {
				want[j] += float64(v) / float64(len(members))
			}
		}
		if set.Labels[class] != uint16(class) {
			t.Errorf("labels %v", set.Labels)
		}
		if err := approx.Slices(floats(set.Image(class)), want, func(int) float64 { return 0.5 + 1e-3 }); err != nil {
			t.Errorf("class %d: %v", class, err)
		}
	}
}

func TestControls(t *testing.T) {
	data, m := digits(t), trained(t)
	c := small()
	c.PerClass, c.Steps = []int{2}, []int{3}
	refs := distilled(t, c, data.Train, m)[0]
	list, err := Controls(refs, []*model.Model{m}, data.Train, data.Test.All(), DefaultRule(), 3, 2)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, control := range list {
		names = append(names, control.Name)
		for _, a := range control.Accuracies {
			if !(a >= 0.5 && a <= 1) {
				t.Errorf("%s: accuracy %v", control.Name, a)
			}
		}
	}
	if !slices.Equal(names, []string{RandomReal, Medoids, KMeans, ClassMeans}) {
		t.Fatalf("controls %q", names)
	}
	for i, control := range list {
		if want := []int{3, 1, 1, 1}[i]; len(control.Accuracies) != want {
			t.Errorf("%s: %d accuracies, want %d", control.Name, len(control.Accuracies), want)
		}
	}
	leaves, _, err := train.Split(m, data.Train)
	if err != nil {
		t.Fatal(err)
	}
	instead := func(set *dataset.Set) float64 {
		other := &References{Config: c, Set: set, Models: refs.Models, Embeddings: ensemble(t, 1, m).Embed(set.All())}
		e, err := newClassifier(t, other, DefaultRule(), m).Evaluate(data.Test.All())
		if err != nil {
			t.Fatal(err)
		}
		return e.Accuracy()
	}
	for i, got := range list[0].Accuracies {
		if want := instead(Random(leaves, 2, uint64(i+1))); got != want {
			t.Errorf("draw %d: accuracy %v, want %v", i, got, want)
		}
	}
	for i, perClass := range []int{2, 1} {
		centres, err := pixelCentres(leaves, perClass, c.Seed, 1)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := list[2+i].Accuracies[0], instead(centres); got != want {
			t.Errorf("%s: accuracy %v, of the centres it is %v", list[2+i].Name, got, want)
		}
	}
	_, err = Controls(refs, []*model.Model{m}, data.Test, data.Test.All(), DefaultRule(), 1, 1)
	oneLine(t, err, "other images")
}
