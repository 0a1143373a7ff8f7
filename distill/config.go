package distill

import (
	"cmp"
	"errors"
	"fmt"

	"github.com/coarsegrain/taylornet/dataset"
	"github.com/coarsegrain/taylornet/internal/check"
	"github.com/coarsegrain/taylornet/train"
)

// Config has the settings that the outcome of a distillation depends on, besides the
// images and the models. An empty string, or Steps of nil, means the default, which
// Recipe has too. Numbers are taken as they are: begin with Recipe.
type Config struct {
	// Data is the name of the data set, for the record.
	Data string `json:"data"`
	Seed uint64 `json:"seed"`
	// Objective is what images are optimised for. With similarity, the default, the
	// embedding of an image is to point to the image's target. With distribution, the
	// images of a class together are to have the mean embedding of its training images
	// under fresh networks: such images are good to train with.
	Objective string `json:"objective,omitempty"`
	// Layer is the number of the operation whose output is the embedding, counted from
	// 1 as taylornet net does. By default it is the input of the last linear layer.
	Layer string `json:"layer"`
	// PerClass is the number of images per class at each level, falling. Steps is the
	// number of optimisation steps at each level, by default StepsFor's.
	PerClass []int `json:"per_class"`
	Steps    []int `json:"steps"`
	// Grouping is nearest, the default, which is k-means in the space of embeddings, or
	// random, a baseline.
	Grouping string `json:"grouping"`
	// Target is what the image of a group is to represent: leaves, the default, is the
	// mean embedding of the training images behind the group; level is that of its
	// members.
	Target string `json:"target"`
	// Refine is the number of passes over training images that turn the targets of a
	// level until they separate the classes. 0 means none.
	Refine int `json:"refine"`
	// Start is the image that the optimisation starts from. It is one of
	//
	//	nearest  the member of the group whose embedding is most similar to the target
	//	leaf     the training image behind the group whose embedding is
	//	hard     a training image behind the group that is hard to tell from other
	//	         classes; the same as leaf for a class with a single image
	//	mean     the mean of the members
	//
	// The default is nearest for similarity and hard for distribution.
	Start string   `json:"start"`
	Paint Painting `json:"paint"`
}

// Painting says how the pixels of an image are optimised.
type Painting struct {
	// Rate is the learning rate of Adam, as a fraction of the range of pixels. It falls
	// to zero along a cosine.
	Rate float64 `json:"rate"`
	// Smooth is the weight of the mean squared difference of neighbouring pixels. The
	// weight of the objective is 1.
	Smooth float64 `json:"smooth"`
	// Keep is the weight of the mean squared difference from the start, which keeps the
	// image similar to a real one.
	Keep float64 `json:"keep"`
	// Augment varies the image in each step and for each network, so that the image
	// does not depend on one place of the lattice.
	Augment dataset.Augment `json:"augment"`
}

// Values of Config.Objective.
const (
	Similarity   = "similarity"
	Distribution = "distribution"
)

// The values of Config's strings.
var (
	objectives = []string{Similarity, Distribution}
	groupings  = []string{"nearest", "random"}
	targets    = []string{"leaves", "level"}
	starts     = []string{"nearest", "leaf", "hard", "mean"}
)

// withDefaults returns the settings with the defaults filled in, in the form that files
// have: there the objective similarity is "".
func (c Config) withDefaults() Config {
	if c.Objective == Similarity {
		c.Objective = ""
	}
	start := "nearest"
	if c.Objective == Distribution {
		start = "hard"
	}
	c.Grouping, c.Target, c.Start = cmp.Or(c.Grouping, "nearest"), cmp.Or(c.Target, "leaves"), cmp.Or(c.Start, start)
	if c.Steps == nil {
		c.Steps = StepsFor(c.Objective, c.PerClass)
	}
	return c
}

const (
	maxPerClass = 1 << 20
	maxSteps    = 1 << 20
)

// Validate returns one error about all settings that are out of bounds.
func (c Config) Validate() error {
	c = c.withDefaults()
	faults := []error{
		check.OneOf("objective", cmp.Or(c.Objective, Similarity), objectives),
		check.OneOf("grouping", c.Grouping, groupings),
		check.OneOf("target", c.Target, targets),
		check.OneOf("start", c.Start, starts),
		check.Within("refine", float64(c.Refine), 0, 1000),
		check.Within("rate", c.Paint.Rate, 0, 10),
		check.Within("smoothness", c.Paint.Smooth, 0, 1e6),
		check.Within("keep", c.Paint.Keep, 0, 1e6),
		c.Paint.Augment.Validate(),
	}
	if c.Paint.Augment.Cutout > 0 {
		faults = append(faults, errors.New("augmentation: an image cannot be optimised behind a cutout: leave it out"))
	}
	if len(c.PerClass) == 0 {
		faults = append(faults, errors.New("no levels: give the number of images per class of each"))
	}
	for i, k := range c.PerClass {
		if i > 0 && k >= c.PerClass[i-1] {
			faults = append(faults, fmt.Errorf("level %d has %d images per class after %d: each level must have fewer than the one before", i+1, k, c.PerClass[i-1]))
		}
		faults = append(faults, check.Within("images per class", float64(k), 1, maxPerClass))
	}
	if len(c.Steps) != len(c.PerClass) {
		faults = append(faults, fmt.Errorf("%d numbers of steps for %d levels", len(c.Steps), len(c.PerClass)))
	}
	for _, n := range c.Steps {
		faults = append(faults, check.Within("steps", float64(n), 0, maxSteps))
	}
	return check.All(faults...)
}

// fits returns an error about a class with too few images for the first level.
func (c Config) fits(leaves dataset.Subset) error {
	for class, n := range leaves.Counts() {
		if n <= c.PerClass[0] {
			return fmt.Errorf("class %s has %d training images: the first level must have fewer per class, not %d", leaves.Set.Classes[class], n, c.PerClass[0])
		}
	}
	return nil
}

// Recipe returns the settings to distil a data set for an objective; "" means
// Similarity. smallest is the number of images of the smallest class. The augmentation
// is the one that the data set is trained with. All other settings are the same for
// every data set. They were chosen on validation images of MNIST and Fashion-MNIST, for
// Distribution of MNIST alone.
func Recipe(objective, data string, smallest int) Config {
	c := Config{
		Data: data, Seed: 1, Refine: 5,
		Paint: Painting{Rate: 0.03, Smooth: 0.1, Keep: 3, Augment: train.Recipe(data).Augment},
	}
	c.Paint.Augment.Cutout, c.Paint.Augment.Elastic = 0, 0
	levels := []int{250, 50, 10, 1}
	if objective == Distribution {
		c.Objective, c.Refine = objective, 0
		c.Paint.Rate, c.Paint.Smooth, c.Paint.Keep = 0.05, 0, 0
		levels = levels[1:]
	}
	for _, k := range levels {
		if k == 1 || 2*k <= smallest {
			c.PerClass = append(c.PerClass, k)
		}
	}
	return c.withDefaults()
}

// StepsFor returns the optimisation steps of each level for an objective, given the
// images per class: the more images, the fewer steps. For Distribution, levels with
// more than 20 images per class have none: on MNIST, hard real images are then better to
// train with than optimised ones.
func StepsFor(objective string, perClass []int) []int {
	const many = 20
	var steps []int
	for _, k := range perClass {
		n := max(30, 2000/max(1, k))
		if objective == Distribution {
			n = 4000 / max(1, k)
			if k > many {
				n = 0
			}
		}
		steps = append(steps, min(500, n))
	}
	return steps
}
