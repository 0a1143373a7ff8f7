package distill

import (
	"context"
	"fmt"

	"github.com/coarsegrain/taylornet/dataset"
	"github.com/coarsegrain/taylornet/engine"
	"github.com/coarsegrain/taylornet/internal/rng"
	"github.com/coarsegrain/taylornet/internal/stats"
)

// Baselines has the accuracies, 0 to 1, of other images in the references' place, as
// many of each class. Those that were not measured are nil.
type Baselines struct {
	// RandomReal is the mean over RandomRealDraws, each of random training images.
	RandomReal      *float64  `json:"random_real_accuracy,omitempty"`
	RandomRealDraws []float64 `json:"random_real_accuracies,omitempty"`
	// Medoid is that of real images: of the training images behind each reference the
	// one that is most similar to their mean direction.
	Medoid *float64 `json:"medoid_accuracy,omitempty"`
	// KMeans is that of the centres of groups in the space of pixels, ClassMean that
	// of a single mean per class.
	KMeans    *float64 `json:"k_means_accuracy,omitempty"`
	ClassMean *float64 `json:"class_mean_accuracy,omitempty"`
}

// baselines measures the baselines on the test images.
func (a *assessor) baselines(ctx context.Context, r *References) (b Baselines, err error) {
	if a.data.Train.Fingerprint() != r.Fingerprint {
		return b, fmt.Errorf("the references were made of other images than %s", a.data.Train.Name)
	}
	nets, err := newEnsemble(a.models, a.data.Train, r.Config.Layer, engine.Options{Workers: a.Workers, Memory: a.Memory})
	if err != nil {
		return b, err
	}
	centres, err := pixelCentres(ctx, a.leaves, r.PerClass(), r.Config.Seed, a.Workers)
	if err != nil {
		return b, err
	}
	means, err := pixelCentres(ctx, a.leaves, 1, r.Config.Seed, a.Workers)
	if err != nil {
		return b, err
	}
	medoids, err := r.medoids(ctx, nets, a.data.Train)
	if err != nil {
		return b, err
	}
	sets := []*dataset.Set{medoids, centres, means}
	for seed := range a.Draws {
		sets = append(sets, randomImages(a.leaves, r.PerClass(), uint64(seed+1)))
	}
	accuracies, err := a.instead(ctx, r, nets, sets)
	if err != nil {
		return b, err
	}
	draws := accuracies[3:]
	mean := stats.Mean(draws)
	return Baselines{RandomReal: &mean, RandomRealDraws: draws, Medoid: &accuracies[0], KMeans: &accuracies[1], ClassMean: &accuracies[2]}, nil
}

// instead returns the accuracy of each set in the references' place.
func (a *assessor) instead(ctx context.Context, r *References, nets ensemble, sets []*dataset.Set) ([]float64, error) {
	var classifiers []*Classifier
	for _, set := range sets {
		other := *r
		other.Set = set
		var err error
		if other.Embeddings, err = nets.embed(ctx, set.All()); err != nil {
			return nil, err
		}
		c, err := classifierWith(&other, nets, a.Rule, a.Workers)
		if err != nil {
			return nil, err
		}
		classifiers = append(classifiers, c)
	}
	evaluated, err := evaluate(ctx, classifiers, a.data.Test.All())
	if err != nil {
		return nil, err
	}
	var list []float64
	for _, e := range evaluated {
		list = append(list, e.Accuracy)
	}
	return list, nil
}

// randomImages draws images of each class.
func randomImages(images dataset.Subset, perClass int, seed uint64) *dataset.Set {
	var list []int32
	for class := range images.Set.Classes {
		members := images.OfClass(class)
		order := make([]int32, len(members))
		rng.Permutation(order, seed, "random", uint64(class))
		for _, i := range order[:min(perClass, len(order))] {
			list = append(list, members[i])
		}
	}
	return images.Only(list).Copy("random real images")
}

// medoids returns real images: of those behind each reference the one whose
// embedding is most like their mean direction.
func (r *References) medoids(ctx context.Context, nets ensemble, train *dataset.Set) (*dataset.Set, error) {
	all, of := train.All(), r.Of()
	var list []int32
	for class := range train.Classes {
		var members, group []int32
		first := int32(class * r.PerClass())
		for _, m := range all.OfClass(class) {
			if of[m] >= 0 && int(r.Set.Labels[of[m]]) == class {
				members, group = append(members, m), append(group, of[m]-first)
			}
		}
		x, err := nets.directions(ctx, all.Only(members))
		if err != nil {
			return nil, err
		}
		p := points{x, nets.dim(), ones(len(members))}
		targets := means(p, group, r.PerClass())
		for _, m := range mostLike(p, group, targets) {
			list = append(list, members[m])
		}
	}
	return all.Only(list).Copy("medoids"), nil
}

// pixelCentres returns the centres of groups of each class's images in the space of
// pixels.
func pixelCentres(ctx context.Context, images dataset.Subset, perClass int, seed uint64, workers int) (*dataset.Set, error) {
	set := *images.Set
	set.Name, set.Pixels, set.Labels = "k-means centres", nil, nil
	for class := range set.Classes {
		members := images.Only(images.OfClass(class))
		p := points{unitPixels(members), set.H * set.W * set.C, ones(members.Len())}
		_, centres, err := kMeans(ctx, p, perClass, seed, "pixels", []uint64{uint64(class)}, workers)
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
