package distill

import (
	"slices"
	"testing"

	"github.com/coarsegrain/taylornet/dataset"
	"github.com/coarsegrain/taylornet/internal/approx"
	"github.com/coarsegrain/taylornet/model"
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
	set := randomImages(images, 7, 1)
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
	if !slices.Equal(randomImages(images, 7, 1).Pixels, set.Pixels) {
		t.Error("the same seed draws other images")
	}
	if slices.Equal(randomImages(images, 7, 2).Pixels, set.Pixels) {
		t.Error("another seed draws the same images")
	}
	if few := randomImages(images, 1000, 1); few.Len() != images.Len() {
		t.Errorf("%d images of %d", few.Len(), images.Len())
	}
}

// A medoid is, of the training images behind its reference, the one whose
// direction is most like their mean.
func TestMedoids(t *testing.T) {
	set, models := someDigits(t, 300), []*model.Model{trained(t), disturbed(t)}
	nets := testEnsemble(t, 1, models...)
	directions := directions(t, nets, set.All())
	for _, refs := range distilled(t, small(), set, models...) {
		medoids := ok(refs.medoids(t.Context(), nets, set))
		if !slices.Equal(medoids.Labels, refs.Set.Labels) {
			t.Fatalf("labels %v, want %v", medoids.Labels, refs.Set.Labels)
		}
		for r := range refs.Len() {
			behind := refs.Behind(r)
			mean := make([]float32, nets.dim())
			for _, i := range behind {
				for j, v := range directions[int(i)*nets.dim():][:nets.dim()] {
					mean[j] += v
				}
			}
			like := func(i int32) float64 { return dot(mean, directions[int(i)*nets.dim():][:nets.dim()]) }
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
	set, err := pixelCentres(t.Context(), images, 1, 1, 1)
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
