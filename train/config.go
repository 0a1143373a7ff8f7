package train

import (
	"fmt"
	"math"

	"github.com/coarsegrain/taylornet/dataset"
	"github.com/coarsegrain/taylornet/internal/check"
	"github.com/coarsegrain/taylornet/optim"
	"github.com/coarsegrain/taylornet/poly"
	"github.com/coarsegrain/taylornet/spec"
)

// Config holds the settings that the outcome of a run depends on, together with the data
// and the teacher. Recipe returns settings to begin with.
type Config struct {
	// Data is the name of the data set, for the record.
	Data string `json:"data"`
	// Net is the network in the notation.
	Net  string `json:"net"`
	Seed uint64 `json:"seed"` // random seed

	Epochs int `json:"epochs"`
	Batch  int `json:"batch"` // images per step
	// MicroBatch is the number of images over which norms take their statistics.
	// 0 means engine.MicroBatch of the network, which the run then records.
	MicroBatch int `json:"micro_batch"`

	Optimiser   string  `json:"optimiser"` // adamw, sgd or muon
	Rate        float64 `json:"rate"`      // peak learning rate
	WeightDecay float64 `json:"weight_decay"`
	Momentum    float64 `json:"momentum"` // for sgd and muon
	Schedule    string  `json:"schedule"` // onecycle, cosine, linear or constant
	WarmUp      float64 `json:"warm_up"`  // as a fraction of all steps

	// Teacher is the name of Options.Teacher, for the record; "" if labels teach.
	Teacher string `json:"teacher,omitempty"`

	// Average is the decay of the exponential moving average of the weights. The
	// average is what is evaluated and kept; 0 keeps the weights themselves.
	Average   float64 `json:"average"`
	Smoothing float64 `json:"smoothing"` // of the labels, 0 to 1
	// Mixup is the largest share of another image of the batch that is mixed into each
	// image. Shares are uniform from 0 to Mixup, and labels are mixed in the same way
	// (Zhang et al., arXiv 1710.09412). 0 mixes nothing.
	Mixup float64 `json:"mixup"`
	Clip  float64 `json:"clip"` // largest gradient norm; 0 means no limit

	// Freeze is the fraction of all steps, at the end, in which norms use fixed
	// statistics, as at inference. Before that, an image is normalised by the
	// statistics of a micro-batch that it belongs to. This hides images with large
	// feature maps from training.
	Freeze float64 `json:"freeze"`
	// Calm is the fraction of all steps, at the end, in which images are shown as they are,
	// without Augment. In a graded run the lowest orders need it: a linear function cannot
	// allow for shifts and rotations, and learns to be cautious instead.
	Calm float64 `json:"calm,omitempty"`
	// Spread limits the distance between the largest and the smallest logit of an
	// image. If the distance is larger, the image's loss and gradient are scaled down
	// by the ratio of the two. 0 means no limit.
	Spread float64 `json:"spread"`

	// Orders is the highest order K whose partial sum f_0 + ... + f_K is measured; 0 measures
	// none. The network is expanded about the training images' mean level, where its input is
	// zero. It must be a polynomial, or the error wraps engine.ErrNotPolynomial.
	Orders int `json:"orders,omitempty"`
	// Graded is the weight of each partial sum's loss, k = 1 to Orders, which a graded run
	// adds to the loss of the logits. These sums then classify by themselves. With 0 training
	// is plain, whatever Orders is.
	Graded float64 `json:"graded,omitempty"`
	// QuadraticDecay is the weight decay of the coarse-grainings' coefficients of order 2 and
	// higher. It keeps the orders above Orders small.
	QuadraticDecay float64 `json:"quadratic_decay,omitempty"`

	// Validation is the fraction of the training images that is set aside to choose the
	// best epoch. With 0, the last epoch is kept.
	Validation float64 `json:"validation"`
	// Patience is the number of epochs without improvement on the validation images
	// after which the run ends; 0 never ends it early.
	Patience int             `json:"patience"`
	Augment  dataset.Augment `json:"augment"`
}

// The optimisers and schedules that Config names.
var (
	optimisers = []string{"adamw", "sgd", "muon"}
	schedules  = []string{"onecycle", "cosine", "linear", "constant"}
)

// maxRate is the largest learning rate.
const maxRate = 1e3

// maxOrders is the largest Config.Orders, and maxGraded the largest weight.
const maxOrders, maxGraded = 8, 100

// Validate returns an error that names every setting that is out of bounds.
func (c *Config) Validate() error {
	faults := []error{
		check.OneOf("optimiser", c.Optimiser, optimisers),
		check.OneOf("schedule", c.Schedule, schedules),
		check.Within("epochs", float64(c.Epochs), 1, 1e6),
		check.Within("batch", float64(c.Batch), 1, 1<<20),
		check.Within("micro-batch", float64(c.MicroBatch), 0, 1<<12),
		check.Above("rate", c.Rate, 0, maxRate),
		check.Within("weight decay", c.WeightDecay, 0, 100),
		check.Within("momentum", c.Momentum, 0, 0.9999),
		check.Within("warm-up", c.WarmUp, 0, 0.99),
		check.Within("average", c.Average, 0, 0.999999),
		check.Within("smoothing", c.Smoothing, 0, 0.999),
		check.Within("mixup", c.Mixup, 0, 0.5),
		check.Below("clip", c.Clip, 0, math.Inf(1)),
		check.Within("freeze", c.Freeze, 0, 1),
		check.Within("calm", c.Calm, 0, 1),
		check.Below("spread", c.Spread, 0, math.Inf(1)),
		check.Within("orders", float64(c.Orders), 0, maxOrders),
		check.Within("graded", c.Graded, 0, maxGraded),
		check.Within("quadratic decay", c.QuadraticDecay, 0, 100),
		check.Within("validation", c.Validation, 0, 0.9),
		check.Within("patience", float64(c.Patience), 0, 1e6),
		c.Augment.Validate(),
	}
	if c.Orders == 0 && c.Graded > 0 {
		faults = append(faults, fmt.Errorf("graded %g needs orders: give 1 to %d, or graded 0", c.Graded, maxOrders))
	}
	if _, err := spec.Parse(c.Net); err != nil {
		faults = append(faults, fmt.Errorf("network: %w", err))
	}
	return check.All(faults...)
}

// trainedOrders returns the highest order that training itself carries, 0 if it is plain.
func (c *Config) trainedOrders() int {
	if c.Graded == 0 {
		return 0
	}
	return c.Orders
}

// optimiser returns the optimiser of the trained parameters. Only weights decay. Muon
// orthogonalises those of convolutions, each of which is a matrix from windows to feature
// maps.
func (c *Config) optimiser(params []spec.Param, trained, workers int) optim.Optimiser {
	var decayed []optim.Range
	var matrices []optim.Matrix
	for _, p := range params {
		if p.Role == spec.Weight || p.Role == spec.Expansion {
			decayed = append(decayed, optim.Range{Start: p.Offset, End: p.Offset + p.Size()})
		}
		if p.Role == spec.Weight && len(p.Shape) == 4 {
			matrices = append(matrices, optim.Matrix{Start: p.Offset, Rows: p.FanIn, Cols: p.Shape[3]})
		}
	}
	if c.Optimiser == "sgd" {
		return optim.SGD{Momentum: c.Momentum, Nesterov: true, WeightDecay: c.WeightDecay}.New(trained, decayed)
	}
	adamW := optim.AdamW{WeightDecay: c.WeightDecay}
	if c.Optimiser == "muon" {
		return optim.Muon{AdamW: adamW, Momentum: c.Momentum, Workers: workers}.New(trained, decayed, matrices)
	}
	return adamW.New(trained, decayed)
}

// quadraticDecay returns the decay of the coefficients of order 2 and higher.
func (c *Config) quadraticDecay(params []spec.Param) optim.Decay {
	decay := optim.Decay{Weight: c.QuadraticDecay}
	for _, p := range params {
		if p.Role == spec.Coefs && c.QuadraticDecay > 0 {
			quadratic := p.Offset + poly.NumMonomials(p.FanIn, 1)*p.Shape[1]
			decay.Ranges = append(decay.Ranges, optim.Range{Start: quadratic, End: p.Offset + p.Size()})
		}
	}
	return decay
}

// schedule returns the learning rate by step.
func (c *Config) schedule() optim.Schedule {
	switch c.Schedule {
	case "cosine":
		return optim.Cosine{Peak: c.Rate, WarmUp: c.WarmUp}
	case "linear":
		return optim.Linear{Peak: c.Rate, WarmUp: c.WarmUp}
	case "constant":
		return optim.Constant{Rate: c.Rate}
	}
	return optim.OneCycle{Peak: c.Rate, WarmUp: c.WarmUp}
}
