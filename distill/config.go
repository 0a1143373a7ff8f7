package distill

import (
	"cmp"
	"errors"
	"fmt"

	"github.com/coarsegrain/taylornet/dataset"
	"github.com/coarsegrain/taylornet/internal/check"
	"github.com/coarsegrain/taylornet/train"
)

// Config is everything that the outcome of a distillation depends on, besides
// the images and the models.
type Config struct {
	// Data is the name of the data set, for the record.
	Data string `json:"data"`
	Seed uint64 `json:"seed"`
	// Objective is what an image is optimised for: similarity, that its embedding
	// points to its target, or distribution, that a class's images together have
	// the mean embedding of its training images under fresh networks, which makes
	// them good to train with. "" is similarity.
	Objective string `json:"objective,omitempty"`
	// Layer is the place of the embedding, as in newEmbedder.
	Layer string `json:"layer"`
	// PerClass is the number of images of a class at each level from the first,
	// falling, and Steps the number of steps in which those images are found.
	PerClass []int `json:"per_class"`
	Steps    []int `json:"steps"`
	// Grouping is nearest, k-means in the space of embeddings, or random, a
	// control.
	Grouping string `json:"grouping"`
	// Target is what a group's image is to represent: leaves, the mean embedding
	// of the training images behind the group, or level, that of its members.
	Target string `json:"target"`
	// Refine is the number of passes over training images in which the targets of
	// a level are turned so that they tell the classes apart; 0 for none.
	Refine int `json:"refine"`
	// Start is the image that the steps begin with: nearest, the member whose
	// embedding is most like the target; leaf, the training image behind the group
	// whose embedding is; hard, one of those that are hard to tell from other
	// classes (of a single image a class, leaf); or mean, the members' mean.
	Start string   `json:"start"`
	Paint Painting `json:"paint"`
}

// Painting says how the pixels of an image are found.
type Painting struct {
	// Rate is that of Adam, in units of the range of pixels; it falls to zero
	// along a cosine.
	Rate float64 `json:"rate"`
	// Smooth is the weight of the mean squared difference of neighbouring
	// pixels beside 1 less the similarity.
	Smooth float64 `json:"smooth"`
	// Keep is the weight of the mean squared difference from the image that the
	// search began with: it keeps the image like a real one.
	Keep float64 `json:"keep"`
	// Augment varies the image in each step and for each network, so that it
	// is no private code of one place of the lattice.
	Augment dataset.Augment `json:"augment"`
}

// What Config.Objective can be.
const (
	Similarity   = "similarity"
	Distribution = "distribution"
)

// The names that Config's strings take.
var (
	objectives = []string{Similarity, Distribution}
	groupings  = []string{"nearest", "random"}
	targets    = []string{"leaves", "level"}
	starts     = []string{"nearest", "leaf", "hard", "mean"}
)

// withDefaults returns the settings with a value for each that is empty, in the form
// that files have: similarity is the objective "".
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

// Validate reports every setting that is out of its bounds.
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

// fits reports classes with too few images for the first level: a level must
// shrink.
func (c Config) fits(leaves dataset.Subset) error {
	for class, n := range leaves.Counts() {
		if n <= c.PerClass[0] {
			return fmt.Errorf("class %s has %d training images: the first level must have fewer per class, not %d", leaves.Set.Classes[class], n, c.PerClass[0])
		}
	}
	return nil
}

// Recipe returns the settings to distil a data set with whose smallest class has
// so many images, for an objective; "" is similarity. But for the augmentation, that
// of training, they are the same for all; they were chosen on validation images of
// MNIST and Fashion-MNIST, for distribution of MNIST alone.
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

// StepsFor returns the steps of levels of so many images a class, for an objective:
// fewer where there are more images. For distribution there are none where there are
// many: on MNIST hard real images are then better to train with than changed ones.
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
