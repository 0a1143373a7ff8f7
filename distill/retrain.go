package distill

import (
	"context"
	"fmt"

	"github.com/coarsegrain/taylornet/dataset"
	"github.com/coarsegrain/taylornet/model"
	"github.com/coarsegrain/taylornet/spec"
	"github.com/coarsegrain/taylornet/train"
)

// Retrained reports how well fresh networks classify the test images after training on
// nothing but the images of a level. This is the usual measure of distilled data.
// Accuracies are fractions, 0 to 1, one per random seed.
type Retrained struct {
	Name      string    `json:"name"` // TaylorNet (the network of the model) or ConvNet
	Net       string    `json:"net"`  // in the notation
	Distilled []float64 `json:"distilled"`
	Random    []float64 `json:"random"` // after training on as many random real images
}

// RetrainProgress reports the accuracies of a pair of fresh networks.
type RetrainProgress struct {
	Name              string // of the network
	PerClass          int
	Seed              int
	Distilled, Random float64
}

// Settings of retraining: the number of steps, the images per step, and the largest
// number of images per class that fresh networks are trained on.
const (
	retrainSteps    = 500
	retrainBatch    = 64
	retrainPerClass = 50
)

// convNet returns, in the notation, the network that distilled data are commonly measured
// with: three blocks of convolution with 128 channels, norm, ReLU and average pooling
// (Zhao, Mopuri and Bilen, arXiv 2006.05929), here with batch normalisation. For tiny
// images it does not parse, because three poolings leave nothing.
func convNet(set *dataset.Set) string {
	text := fmt.Sprintf("Input(%d,%d,%d)\n", set.H, set.W, set.C)
	for range 3 {
		text += "Conv(3,3,128,1,1,1) Norm ReLU AvgPool(2,2,2,2)\n"
	}
	return text + fmt.Sprintf("Linear(%d)\n", len(set.Classes))
}

// retrainConfig returns the settings for training a network on n images of a data set:
// the augmentation of the data set, and otherwise plain choices without a search.
func retrainConfig(data, net string, n int, seed uint64) train.Config {
	c := train.Recipe(data)
	c.Net, c.Seed, c.Validation = net, seed, 0
	c.Batch = min(n, retrainBatch)
	c.Epochs = max(1, retrainSteps/(n/c.Batch))
	c.Rate, c.WeightDecay, c.Average = 0.003, 0.05, 0.99
	return c
}

// freshNetworks returns the networks to train on a set of images, without accuracies.
func freshNetworks(m *model.Model, images *dataset.Set) []Retrained {
	list := []Retrained{{Name: "TaylorNet", Net: m.Net().String()}}
	net := convNet(images)
	if _, err := spec.Parse(net); err == nil {
		list = append(list, Retrained{Name: "ConvNet", Net: net})
	}
	return list
}

// retrain trains fresh networks on the images of a level and on as many real ones.
func (a *assessor) retrain(ctx context.Context, refs *References) ([]Retrained, error) {
	perClass := refs.PerClass()
	if perClass > retrainPerClass {
		return nil, nil
	}
	list := freshNetworks(a.models[0], refs.Set)
	for i := range list {
		r := &list[i]
		for seed := 1; seed <= a.Seeds; seed++ {
			c := retrainConfig(a.data.Name, r.Net, refs.Len(), uint64(seed))
			distilled, err := a.trainOn(ctx, refs.Set, c)
			if err != nil {
				return nil, fmt.Errorf("training a fresh %s on %d images per class: %w", r.Name, perClass, err)
			}
			random, err := a.trainOn(ctx, randomImages(a.leaves, perClass, uint64(seed)), c)
			if err != nil {
				return nil, fmt.Errorf("training a fresh %s on random images: %w", r.Name, err)
			}
			r.Distilled, r.Random = append(r.Distilled, distilled), append(r.Random, random)
			if a.Progress != nil {
				a.Progress(RetrainProgress{Name: r.Name, PerClass: perClass, Seed: seed, Distilled: distilled, Random: random})
			}
		}
	}
	return list, nil
}

// trainOn trains a fresh network on a set of images alone and returns its accuracy
// on the test images, 0 to 1.
func (a *assessor) trainOn(ctx context.Context, images *dataset.Set, c train.Config) (float64, error) {
	data := &dataset.Data{Name: images.Name, Train: images, Test: a.data.Test}
	result, err := train.Run(ctx, c, data, train.Options{Workers: a.Workers, Memory: a.Memory})
	if err != nil {
		return 0, err
	}
	return result.Test.Accuracy(), nil
}
