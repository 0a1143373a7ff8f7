package train

import (
	"github.com/coarsegrain/taylornet/dataset"
	"github.com/coarsegrain/taylornet/spec"
)

// DirectRecipe returns the settings for a direct Taylor expansion of the given order;
// the network is left empty. There is no augmentation, and the last epoch is kept. The
// learning rates were chosen on validation images of MNIST at 7x7.
func DirectRecipe(data string, order int) Config {
	c := Recipe("")
	c.Data, c.Epochs, c.Validation = data, 10, 0
	c.Rate = map[int]float64{1: 0.03, 2: 0.01, 3: 0.001}[order]
	return c
}

// Recipe returns the settings that belong to a preset network of package spec: its data
// set, the network, and the training found best for them. A preset has the name of its
// data set, or that name with a suffix. For any other name, Recipe returns sensible
// settings with an empty Net.
func Recipe(name string) Config {
	c := Config{
		Data: name, Seed: 1, Epochs: 15, Batch: 128,
		Optimiser: "adamw", Rate: 0.01, WeightDecay: 0.01, Momentum: 0.9,
		Schedule: "onecycle", WarmUp: 0.2,
		Average: 0.998, Clip: 5, Validation: 0.08,
	}
	if source, ok := spec.PresetSource(name); ok {
		c.Net = source
	}
	switch name {
	case "digits":
		c.Epochs, c.Batch, c.Average = 40, 32, 0.99
		c.Augment = dataset.Augment{Shift: 0.7, Rotate: 10, Scale: 0.1, Shear: 5}
	case "mnist":
		c.Epochs, c.Freeze, c.Spread = 30, 0.1, 20
		c.Optimiser, c.Rate, c.WeightDecay = "muon", 0.02, 0.1
		c.Augment = dataset.Augment{Shift: 1.5, Rotate: 8, Scale: 0.08, Elastic: 1.2, Contrast: 0.6, Noise: 0.1}
	case "mnist-small", "mnist-tiny":
		c.Data, c.Epochs, c.Spread = "mnist", 40, 20
		c.Augment = dataset.Augment{Shift: 1.5, Rotate: 8, Scale: 0.08, Elastic: 1.2, Contrast: 0.6, Noise: 0.1}
	case "mnist-readable", "mnist-readable-small":
		readable(&c)
		c.Data = "mnist"
		c.Augment = dataset.Augment{Shift: 1.5, Rotate: 8, Scale: 0.08, Elastic: 1.2}
	case "fashion-mnist-readable":
		readableWide(&c)
		c.Data, c.Epochs = "fashion-mnist", 24
		c.Augment = dataset.Augment{Flip: true, Crop: 2, Cutout: 8}
	case "cifar-10-readable":
		readableWide(&c)
		c.Data, c.Epochs = "cifar-10", 12
		c.Augment = dataset.Augment{Flip: true, Crop: 4, Cutout: 8}
	case "mnist-paper":
		c.Data = "mnist"
		c.Augment = dataset.Augment{Shift: 1.5, Rotate: 8, Scale: 0.08}
	case "fashion-mnist":
		gained(&c)
		c.Epochs, c.WeightDecay = 64, 0.1
		c.Augment = dataset.Augment{Flip: true, Crop: 2, Cutout: 8}
	case "cifar-10":
		gained(&c)
		c.Epochs, c.WeightDecay = 32, 0.1
		c.Augment = dataset.Augment{Flip: true, Crop: 4, Cutout: 8}
	case "cifar-10-large":
		gained(&c)
		c.Data, c.Epochs, c.WeightDecay = "cifar-10", 42, 0.1
		c.Augment = dataset.Augment{Flip: true, Crop: 4, Cutout: 12}
	}
	return c
}

// readable changes the settings to those of networks whose orders are to be read.
func readable(c *Config) {
	c.Optimiser, c.Rate, c.WeightDecay, c.Epochs = "muon", 0.02, 0.1, 30
	c.Freeze, c.Calm, c.Spread = 0.1, 0.1, 20
	c.Orders, c.Graded, c.QuadraticDecay = 4, 0.5, 0.3
}

// readableWide does the same for clothes and photographs.
func readableWide(c *Config) {
	readable(c)
	c.MicroBatch = 64
	c.Schedule, c.WarmUp, c.Smoothing = "linear", 0.05, 0.1
	c.Calm, c.Graded, c.QuadraticDecay = 0.3, 0.2, 0.1
}

// gained changes the settings to those of large networks with gain control.
func gained(c *Config) {
	c.Optimiser, c.Rate, c.MicroBatch = "muon", 0.02, 32
	c.Schedule, c.WarmUp = "linear", 0.05
	c.Smoothing, c.Freeze, c.Spread = 0.1, 0.1, 20
}
