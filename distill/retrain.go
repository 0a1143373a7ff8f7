package distill

import (
	"context"
	"fmt"

	"github.com/coarsegrain/taylornet/dataset"
	"github.com/coarsegrain/taylornet/train"
)

// Retrained is how fresh networks do that saw nothing but a few images, on the
// test images: the field's own measure of distilled data. Accuracies are 0 to 1,
// by seed.
type Retrained struct {
	Name      string // of the network
	Net       string // in the notation
	Distilled []float64
	Random    []float64 // trained on as many random real images by the same recipe
}

// ConvNet is the network that distilled data are commonly measured with: three
// times convolution with 128 channels, norm, ReLU and average pooling (Zhao, Mopuri
// and Bilen, arXiv 2006.05929), here with batch norms.
func ConvNet(set *dataset.Set) string {
	text := fmt.Sprintf("Input(%d,%d,%d)\n", set.H, set.W, set.C)
	for range 3 {
		text += "Conv(3,3,128,1,1,1) Norm ReLU AvgPool(2,2,2,2)\n"
	}
	return text + fmt.Sprintf("Linear(%d)\n", len(set.Classes))
}

// Steps and images a step of retraining.
const (
	retrainSteps = 500
	retrainBatch = 64
)

// RetrainRecipe is the settings that a network is trained with on n images of a
// data set: the data set's augmentation, and otherwise plain choices that were not
// searched for.
func RetrainRecipe(data, net string, n int, seed uint64) train.Config {
	c := train.Recipe(data)
	c.Net, c.Seed, c.Validation = net, seed, 0
	c.Batch = min(n, retrainBatch)
	c.Epochs = max(1, retrainSteps/(n/c.Batch))
	c.Rate, c.WeightDecay, c.Average = 0.003, 0.05, 0.99
	return c
}

// Retrain trains a fresh network on a set of images alone and returns its accuracy
// on the test images, 0 to 1.
func Retrain(ctx context.Context, images, test *dataset.Set, c train.Config, workers int) (float64, error) {
	data := &dataset.Data{Name: images.Name, Train: images, Test: test}
	result, err := train.Run(ctx, c, data, train.Options{Workers: workers})
	if err != nil {
		return 0, err
	}
	return result.Test.Accuracy(), nil
}
