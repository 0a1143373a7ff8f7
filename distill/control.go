package distill

import (
	"fmt"
	"slices"

	"github.com/coarsegrain/taylornet/dataset"
	"github.com/coarsegrain/taylornet/internal/rng"
	"github.com/coarsegrain/taylornet/model"
	"github.com/coarsegrain/taylornet/train"
)

// Control is how other images do in the place of references.
type Control struct {
	Name       string
	Accuracies []float64 // 0 to 1, one for each draw
}

// The names of controls.
const (
	RandomReal = "random real images"   // as many
	Medoids    = "medoids"              // of each reference's images the one that is most like their mean direction
	KMeans     = "k-means centres"      // of as many groups in the space of pixels
	ClassMeans = "class means, a class" // in the space of pixels, one a class
)

// Controls evaluates the controls of references made with models from a training
// split, which must be theirs, on test images. Random images are drawn so many times.
func Controls(r *References, models []*model.Model, set *dataset.Set, test dataset.Subset, rule Rule, draws, workers int) ([]Control, error) {
	if set.Fingerprint() != r.Fingerprint {
		return nil, fmt.Errorf("the references were made of other images than %s", set.Name)
	}
	leaves, _, err := train.Split(models[0], set)
	if err != nil {
		return nil, err
	}
	nets, err := NewEnsemble(models, set, r.Config.Layer, workers)
	if err != nil {
		return nil, err
	}
	perClass := r.Len() / len(r.Set.Classes)
	centres, err := pixelCentres(leaves, perClass, r.Config.Seed, workers)
	if err != nil {
		return nil, err
	}
	means, err := pixelCentres(leaves, 1, r.Config.Seed, workers)
	if err != nil {
		return nil, err
	}
	var random []*dataset.Set
	for seed := range draws {
		random = append(random, Random(leaves, perClass, uint64(seed+1)))
	}
	list := []Control{{Name: RandomReal}, {Name: Medoids}, {Name: KMeans}, {Name: ClassMeans}}
	images := [][]*dataset.Set{random, {r.medoids(nets, set)}, {centres}, {means}}
	var classifiers []*Classifier
	for _, set := range slices.Concat(images...) {
		instead := *r
		instead.Set, instead.Embeddings = set, nets.Embed(set.All())
		c, err := classifierWith(&instead, nets, rule, workers)
		if err != nil {
			return nil, err
		}
		classifiers = append(classifiers, c)
	}
	evaluated, err := evaluate(classifiers, test)
	if err != nil {
		return nil, err
	}
	for i, sets := range images {
		for _, e := range evaluated[:len(sets)] {
			list[i].Accuracies = append(list[i].Accuracies, e.Accuracy())
		}
		evaluated = evaluated[len(sets):]
	}
	return list, nil
}

// Random draws images of each class.
func Random(images dataset.Subset, perClass int, seed uint64) *dataset.Set {
	var list []int32
	for class := range images.Set.Classes {
		members := images.OfClass(class)
		order := make([]int32, len(members))
		rng.Permutation(order, seed, "random", uint64(class))
		for _, i := range order[:min(perClass, len(order))] {
			list = append(list, members[i])
		}
	}
	return images.Only(list).Copy(RandomReal)
}

// medoids are real images, of those behind each reference the one whose embedding
// is most like their mean direction.
func (r *References) medoids(nets Ensemble, train *dataset.Set) *dataset.Set {
	all, of := train.All(), r.Of()
	var list []int32
	for class := range train.Classes {
		var members, group []int32
		first := r.firstOf(class)
		for _, m := range all.OfClass(class) {
			if of[m] >= 0 && int(r.Set.Labels[of[m]]) == class {
				members, group = append(members, m), append(group, of[m]-first)
			}
		}
		p := points{nets.directions(all.Only(members)), nets.Dim(), ones(len(members))}
		targets := means(p, group, r.Len()/len(train.Classes))
		for _, m := range mostLike(p, group, targets) {
			list = append(list, members[m])
		}
	}
	return all.Only(list).Copy(Medoids)
}

// firstOf is the first reference of a class.
func (r *References) firstOf(class int) int32 {
	return int32(class * (r.Len() / len(r.Set.Classes)))
}

// pixelCentres are the centres of groups of each class's images in the space of
// pixels.
func pixelCentres(images dataset.Subset, perClass int, seed uint64, workers int) (*dataset.Set, error) {
	set := *images.Set
	set.Name, set.Pixels, set.Labels = KMeans, nil, nil
	for class := range set.Classes {
		members := images.Only(images.OfClass(class))
		p := points{unitPixels(members), set.H * set.W * set.C, ones(members.Len())}
		_, centres, err := kMeans(p, perClass, seed, "pixels", []uint64{uint64(class)}, workers)
		if err != nil {
			return nil, err
		}
		set.Pixels = append(set.Pixels, bytesOf(centres)...)
		for range perClass {
			set.Labels = append(set.Labels, uint16(class))
		}
	}
	return &set, nil
}

func ones(n int) []float64 {
	list := make([]float64, n)
	for i := range list {
		list[i] = 1
	}
	return list
}

// bytesOf rounds pixels 0 to 1.
func bytesOf(x []float32) []uint8 {
	pixels := make([]uint8, len(x))
	for i, v := range x {
		pixels[i] = uint8(v*255 + 0.5)
	}
	return pixels
}
