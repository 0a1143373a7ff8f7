package distill

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/coarsegrain/taylornet/dataset"
	"github.com/coarsegrain/taylornet/model"
)

// ErrModel is wrapped by the error about a model that the references were not made
// with.
var ErrModel = errors.New("the references were made with another model")

// References are a few images that stand for a data set, with the tree of groups that
// they were made from.
type References struct {
	Config Config
	// Set has the images, class by class, as many of each. A label is a class of the
	// models.
	Set *dataset.Set
	// Models has the hashes of the models that embed. The first is the one that
	// classifies.
	Models []string
	// Embeddings has the embeddings of the images, [R,Dim]: for each image one model's
	// after the other's.
	Embeddings []float32
	// Groups is the tree. Groups[0] has for each image of the training split the image
	// of the first level that it belongs to, or -1 for a validation image. Groups[1]
	// has the same for the images of the first level, and so on down to the references.
	Groups      [][]int32
	Fingerprint string // of the training split
}

// Len returns the number of references.
func (r *References) Len() int { return r.Set.Len() }

// PerClass returns the number of references of each class.
func (r *References) PerClass() int { return r.Len() / len(r.Set.Classes) }

// dim returns the length of an embedding.
func (r *References) dim() int { return len(r.Embeddings) / r.Len() }

// Of returns for each image of the training split the reference that it belongs to, or
// -1 for a validation image.
func (r *References) Of() []int32 {
	of := slices.Clone(r.Groups[0])
	for _, group := range r.Groups[1:] {
		for i, g := range of {
			if g >= 0 {
				of[i] = group[g]
			}
		}
	}
	return of
}

// Behind returns the images that a reference stands for, by their positions in the
// training split.
func (r *References) Behind(reference int) []int32 {
	var list []int32
	for i, g := range r.Of() {
		if int(g) == reference {
			list = append(list, int32(i))
		}
	}
	return list
}

// check returns an error unless the models are those that the references were made
// with, from the first on.
func (r *References) check(models []*model.Model) error {
	if len(models) == 0 || len(models) > len(r.Models) {
		return fmt.Errorf("%d models for references made with %d", len(models), len(r.Models))
	}
	for i, m := range models {
		hash, err := m.Hash()
		if err != nil {
			return err
		}
		if hash != r.Models[i] {
			return fmt.Errorf("%w: its hash is %.12s, theirs %.12s", ErrModel, hash, r.Models[i])
		}
	}
	return nil
}

// embeddedBy returns the same images embedded by other networks.
func (r *References) embeddedBy(nets ensemble) (*References, error) {
	other := *r
	other.Models = nil
	var err error
	if other.Embeddings, err = nets.embed(context.Background(), r.Set.All()); err != nil {
		return nil, err
	}
	for _, e := range nets {
		hash, err := e.model.Hash()
		if err != nil {
			return nil, err
		}
		other.Models = append(other.Models, hash)
	}
	return &other, nil
}

func hashes(models []*model.Model) ([]string, error) {
	var list []string
	for _, m := range models {
		hash, err := m.Hash()
		if err != nil {
			return nil, err
		}
		list = append(list, hash)
	}
	return list, nil
}
