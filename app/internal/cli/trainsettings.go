package cli

import (
	"github.com/coarsegrain/taylornet/dataset"
	"github.com/coarsegrain/taylornet/train"
)

// trainSettings lists the flags of train that the outcome of a run depends on, besides
// its data and network.
func trainSettings() settings[train.Config] {
	type config = train.Config
	return settings[config]{
		{"epochs", "number of passes over the training images", whole(func(c *config) *int { return &c.Epochs })},
		{"batch", "images per step", whole(func(c *config) *int { return &c.Batch })},
		{"micro-batch", "images over which norms take their statistics; 0 means what suits the network", whole(func(c *config) *int { return &c.MicroBatch })},
		{seedFlag, "random seed", seed(func(c *config) *uint64 { return &c.Seed })},
		{"optimiser", "adamw, sgd or muon", word("NAME", "", func(c *config) *string { return &c.Optimiser })},
		{"rate", "largest learning rate", number(func(c *config) *float64 { return &c.Rate })},
		{"schedule", "learning rate over time: onecycle, cosine, linear or constant", word("NAME", "", func(c *config) *string { return &c.Schedule })},
		{"warm-up", "warm-up of the learning rate, as a fraction of all steps", number(func(c *config) *float64 { return &c.WarmUp })},
		{"weight-decay", "weight decay of convolutions and linear layers", number(func(c *config) *float64 { return &c.WeightDecay })},
		{"momentum", "momentum of sgd and muon", number(func(c *config) *float64 { return &c.Momentum })},
		{"average", "decay of the moving average of the weights; 0 means no average", number(func(c *config) *float64 { return &c.Average })},
		{teacherFlag, "learn the probabilities of this `MODEL` instead of labels: a file, a run folder, a folder of runs seed-N, or a name; or none", word("MODEL", "none", func(c *config) *string { return &c.Teacher })},
		{"smoothing", "label smoothing, 0 to 1", number(func(c *config) *float64 { return &c.Smoothing })},
		{"mixup", "largest share of another image that is mixed into each, 0 to 0.5", number(func(c *config) *float64 { return &c.Mixup })},
		{"clip", "largest gradient norm; 0 means no limit", number(func(c *config) *float64 { return &c.Clip })},
		{"freeze", "fraction of all steps, at the end, with fixed statistics of norms, as at inference", number(func(c *config) *float64 { return &c.Freeze })},
		{"calm", "fraction of all steps, at the end, in which images are shown as they are, without --augment", number(func(c *config) *float64 { return &c.Calm })},
		{"spread", "distance between an image's logits above which the image counts less; 0 means no limit", number(func(c *config) *float64 { return &c.Spread })},
		{"orders", "also measure the accuracy of the orders up to each one, as far as this; 0 measures none", whole(func(c *config) *int { return &c.Orders })},
		{"graded", "graded training: weight of the loss of the orders up to each one, as far as --orders; 0 means plain training", number(func(c *config) *float64 { return &c.Graded })},
		{"quadratic-decay", "weight decay of the coarse-grainings' coefficients of order 2 and higher, which keeps high orders small", number(func(c *config) *float64 { return &c.QuadraticDecay })},
		{"validation", "fraction of the training images that is set aside to choose the best epoch", number(func(c *config) *float64 { return &c.Validation })},
		{"patience", "end after so many epochs without improvement; 0 means never", whole(func(c *config) *int { return &c.Patience })},
		{augmentFlag, "random changes to images, as in shift=2,rotate=10,scale=0.1,shear=5,elastic=1,flip,crop=4,cutout=8,contrast=0.2,noise=0.1; or none", augmentation(func(c *config) *dataset.Augment { return &c.Augment })},
	}
}
