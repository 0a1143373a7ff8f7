package taylor

import (
	"context"
	"fmt"
	"slices"

	"github.com/coarsegrain/taylornet/dataset"
	"github.com/coarsegrain/taylornet/internal/memory"
	"github.com/coarsegrain/taylornet/internal/stats"
	"github.com/coarsegrain/taylornet/model"
	"github.com/coarsegrain/taylornet/spec"
)

// DirectStudy compares direct expansions of a data set by order. StudyDirect leaves Data
// and Report empty: they are names for the caller to give.
type DirectStudy struct {
	Data   string        `json:"data"`
	Size   [2]int        `json:"size"` // height and width of the images
	Seeds  int           `json:"seeds"`
	Orders []DirectOrder `json:"orders"`
	Study  *Study        `json:"study,omitempty"` // of the second-order weights, see StudyDirect
	Report string        `json:"report"`
}

// DirectOrder is how the expansions of one order do, trained from several random seeds.
type DirectOrder struct {
	Order          int       `json:"order"`
	Coefficients   int       `json:"coefficients"`    // per class
	TestAccuracy   float64   `json:"test_accuracy"`   // after the last epoch, the mean over the seeds
	TestAccuracies []float64 `json:"test_accuracies"` // by seed
	Curve          []float64 `json:"curve"`           // the test accuracy by epoch, the mean over the seeds
	Seconds        float64   `json:"seconds"`         // of training, the mean over the seeds
}

// DirectRun is an expansion to train.
type DirectRun struct {
	Order, Seed int
	Net         *spec.Net
	Data        *dataset.Data
	Shuffled    bool // the pixels of Data are shuffled
}

// DirectResult is a trained expansion.
type DirectResult struct {
	Model    *model.Model
	Accuracy float64   // on the test images, after the last epoch
	Curve    []float64 // the same after each epoch
	Seconds  float64   // of training
}

// DirectOptions are settings of StudyDirect.
type DirectOptions struct {
	Orders  []int // ascending, each 1 to 3; nil means 1 and 2
	Seeds   int   // the random seeds are 1 to Seeds; 0 means 1
	Workers int   // goroutines for reading the coefficients; 0 means one per CPU
	Memory  int64 // bytes that the coefficients may hold; 0 means half of the machine's
}

// StudyDirect calls train for the direct expansion of each order from several random
// seeds. It then studies the second-order weights of order 2, or of the highest order if
// 2 is not among them, of pixels 0 to 1 about black. The baseline is the same order
// trained on images with shuffled pixels. Without an order over 1 there is no study.
//
// StudyDirect returns ErrTooLarge, before any training, if an order has over 100 million
// coefficients, and an error that wraps tensor.ErrMemory if the weights to study do not fit.
// It also returns the errors of train, and ErrInterrupted when ctx ends.
func StudyDirect(ctx context.Context, data *dataset.Data, opts DirectOptions, train func(context.Context, DirectRun) (*DirectResult, error)) (*DirectStudy, error) {
	if opts.Orders == nil {
		opts.Orders = []int{1, 2}
	}
	opts.Seeds = max(opts.Seeds, 1)
	d := &directStudy{data: data, opts: opts, train: train}
	set := data.Train
	in := spec.Shape{H: set.H, W: set.W, C: set.C}
	for _, order := range opts.Orders {
		net, err := direct(in, len(set.Classes), order)
		if err != nil {
			return nil, err
		}
		d.nets = append(d.nets, net)
	}
	studied := len(opts.Orders) - 1
	if i := slices.Index(opts.Orders, 2); i >= 0 {
		studied = i
	}
	if opts.Orders[studied] > 1 {
		if err := d.fits(in.Size(), len(set.Classes)); err != nil {
			return nil, err
		}
	}
	out := &DirectStudy{Size: [2]int{set.H, set.W}, Seeds: opts.Seeds}
	var weights []weighed
	for i, order := range opts.Orders {
		results, read, err := d.seeds(ctx, i, false, i == studied && order > 1)
		if err != nil {
			return nil, err
		}
		weights = append(weights, read...)
		out.Orders = append(out.Orders, newDirectOrder(order, d.nets[i].NumParams()/len(set.Classes), results))
	}
	if weights == nil {
		return out, nil
	}
	_, shuffled, err := d.seeds(ctx, studied, true, true)
	if err != nil {
		return nil, err
	}
	out.Study, err = newStudy(ctx, in, weights, shuffled)
	return out, err
}

// directStudy is a study in progress.
type directStudy struct {
	data  *dataset.Data
	opts  DirectOptions
	nets  []*spec.Net // by order
	train func(context.Context, DirectRun) (*DirectResult, error)
}

// fits returns an error if the second-order weights of all seeds do not.
func (d *directStudy) fits(inputs, logits int) error {
	products := float64(logits) * float64(inputs) * float64(inputs)
	need := 2*perValue*products*float64(d.opts.Seeds) + studied(inputs, logits, d.opts.Seeds)
	err := memory.Check(d.opts.Memory, need, fmt.Sprintf("the second-order weights of %d inputs for %d classes from %d seeds, and as many with shuffled pixels,", inputs, logits, d.opts.Seeds))
	if err != nil {
		return fmt.Errorf("%w: a smaller size or fewer seeds take less", err)
	}
	return nil
}

// seeds trains the order at index i from all seeds, and reads the second-order weights
// if asked.
func (d *directStudy) seeds(ctx context.Context, i int, shuffled, read bool) (results []*DirectResult, weights []weighed, err error) {
	for seed := 1; seed <= d.opts.Seeds; seed++ {
		run := DirectRun{Order: d.opts.Orders[i], Seed: seed, Net: d.nets[i], Data: d.data, Shuffled: shuffled}
		if shuffled {
			run.Data = d.data.ShufflePixels(uint64(seed))
		}
		r, err := d.train(ctx, run)
		if err != nil {
			return nil, nil, err
		}
		results = append(results, r)
		if !read {
			continue
		}
		net, err := FromModel(r.Model, Options{Workers: d.opts.Workers, Memory: memory.Or(d.opts.Memory)})
		if err != nil {
			return nil, nil, err
		}
		q, err := net.Quadratic(ctx, make([]float64, net.Input.Size()), nil)
		if err != nil {
			return nil, nil, err
		}
		weights = append(weights, weighed{Quadratic: q, Active: seen(run.Data.Train)})
	}
	return results, weights, nil
}

func newDirectOrder(order, coefficients int, results []*DirectResult) DirectOrder {
	o := DirectOrder{Order: order, Coefficients: coefficients, Curve: make([]float64, len(results[0].Curve))}
	for _, r := range results {
		o.TestAccuracies = append(o.TestAccuracies, r.Accuracy)
		o.Seconds += r.Seconds / float64(len(results))
		for epoch, accuracy := range r.Curve {
			o.Curve[epoch] += accuracy / float64(len(results))
		}
	}
	o.TestAccuracy = stats.Mean(o.TestAccuracies)
	return o
}
