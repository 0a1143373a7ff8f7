package taylor

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"sync/atomic"

	"github.com/coarsegrain/taylornet/dataset"
	"github.com/coarsegrain/taylornet/internal/parallel"
	"github.com/coarsegrain/taylornet/model"
)

// OrderStudy is what the orders f_0, f_1, ... of a model's logits about the mean of its
// training images do on labelled images.
type OrderStudy struct {
	// Partial is the accuracy of f_0 + ... + f_order on all images, from order 0 to the highest
	// asked for.
	Partial []PartialAccuracy `json:"partial"`
	// Cancellation and Orders are nil if the orders of an image cannot all be known. Note
	// then says why, in a line.
	Cancellation *Cancellation `json:"cancellation,omitempty"`
	Orders       []OrderShare  `json:"orders,omitempty"` // all, on the images of Cancellation
	Note         string        `json:"note,omitempty"`
}

// PartialAccuracy is the accuracy of the partial sum f_0 + ... + f_Order.
type PartialAccuracy struct {
	Order    int     `json:"order"`
	Accuracy float64 `json:"accuracy"`
}

// Cancellation is how much larger the orders are than the logits that they add up to. Of an
// image, that is (sum_k max_c |f_k,c|) / max_c |f_c|, over all orders k and the classes c.
type Cancellation struct {
	Median float64 `json:"median"`
	Worst  float64 `json:"worst"`
	Images int     `json:"images"` // that it was measured on, spread evenly over those given
}

// OrderShare is what an order carries: the mean over images of max_c |f_k,c|, and its part
// of the margin. The margin is the largest logit less the next largest. The parts are those
// of the mean margin, so that they add up to 1 over all orders. Accuracy is that of the
// partial sum up to the order on the same images, which are not all: see Cancellation.
type OrderShare struct {
	Order    int     `json:"order"`
	Accuracy float64 `json:"accuracy"`
	Size     float64 `json:"size"`
	Margin   float64 `json:"margin"`
	// ByClass is the part of the margin on the images of which each class has the largest
	// logit, 0 if there are none. It is nil if there are over 100 classes.
	ByClass []float64 `json:"margin_by_class,omitempty"`
}

// mostShared is the number of classes up to which margins are divided by class.
const mostShared = 100

// MaxOrders is the highest order of partial sums that StudyOrders computes.
const MaxOrders = maxDegree

// wholeImages is the number of images of which OrderOptions asks for all orders by default.
const wholeImages = 1000

// OrderOptions are settings of StudyOrders.
type OrderOptions struct {
	Orders  int   // the highest order of Partial, 0 to MaxOrders; above the degree nothing is added
	Whole   int   // images to compute all orders of; 0 means 1,000
	Workers int   // goroutines; 0 means one per CPU
	Memory  int64 // bytes, as in Options
	// Progress, unless it is nil, is called with the number of images done, from several
	// goroutines.
	Progress func(done, total int)
}

// StudyOrders studies the orders of a model's logits on images, whose classes are matched by
// name as in model.Evaluate. Partial sums are computed of all images, all orders of some of
// them. The result does not depend on the number of workers. The error wraps that of
// model.Align, ErrNotPolynomial, tensor.ErrMemory, or ErrInterrupted when ctx ends.
func StudyOrders(ctx context.Context, m *model.Model, images dataset.Subset, opts OrderOptions) (*OrderStudy, error) {
	if opts.Orders < 0 || opts.Orders > MaxOrders || opts.Whole < 0 {
		return nil, fmt.Errorf("orders up to %d, all of %d images: want 0 to %d orders, and no negative number", opts.Orders, opts.Whole, MaxOrders)
	}
	aligned, err := m.Align(images.Set)
	if err != nil {
		return nil, err
	}
	images.Set = aligned
	net, err := FromModel(m, Options{Workers: opts.Workers, Memory: opts.Memory})
	if err != nil {
		return nil, err
	}
	s := &orderStudy{net: net, about: Mean(m), images: images, progress: opts.Progress}
	s.whole = min(cmp.Or(opts.Whole, wholeImages), images.Len())
	out := &OrderStudy{}
	if reason := s.unknown(); reason != "" {
		s.whole, out.Note = 0, reason
	}
	if out.Partial, err = s.partial(ctx, min(opts.Orders, net.Degree)); err != nil {
		return nil, err
	}
	return out, s.all(ctx, out)
}

// orderStudy is a study in progress.
type orderStudy struct {
	net      *Net
	about    []float64
	images   dataset.Subset
	whole    int // images of which all orders are computed
	progress func(done, total int)
	done     atomic.Int64
}

// unknown says why not all orders can be computed, "" if they can.
func (s *orderStudy) unknown() string {
	n := s.net
	if n.Degree > maxDegree {
		return fmt.Sprintf("the degree is over %d, so not all orders are computed", maxDegree)
	}
	if err := n.cost.check(n.cost.pass(n.Degree)+n.cost.pass(0), fmt.Sprintf("all %d orders", n.Degree), "a smaller lattice"); err != nil {
		return err.Error()
	}
	return ""
}

// each computes the orders up to most of some images, given by their places, and calls use
// with each place's number, image and orders.
func (s *orderStudy) each(ctx context.Context, most int, places []int, held float64, use func(i int, x []float64, p *pass)) error {
	n := s.net
	if err := n.cost.check(held+n.cost.pass(most), fmt.Sprintf("the orders up to %d of an image", most), "a lower order"); err != nil {
		return err
	}
	workers := n.cost.workers(held, n.cost.pass(most)+n.cost.pass(0))
	parallel.Each(workers, len(places), func() func(i int) {
		p, direction := n.newPass(ctx, most), make([]float64, len(s.about))
		return func(i int) {
			if ctx.Err() != nil {
				return
			}
			x := Point(s.images.Image(places[i]))
			for j, v := range x {
				direction[j] = v - s.about[j]
			}
			p.run(s.about, direction)
			if ctx.Err() != nil {
				return
			}
			p.based = true
			use(i, x, p)
			if s.progress != nil {
				s.progress(int(s.done.Add(1)), s.images.Len()+s.whole)
			}
		}
	})
	return interrupted(ctx)
}

// partial returns the accuracies of the partial sums up to an order, on all images.
func (s *orderStudy) partial(ctx context.Context, orders int) ([]PartialAccuracy, error) {
	right, places := make([]atomic.Int64, orders+1), make([]int, s.images.Len())
	for i := range places {
		places[i] = i
	}
	err := s.each(ctx, orders, places, 0, func(i int, _ []float64, p *pass) {
		sum := make([]float64, s.net.K)
		for k := range right {
			add(sum, p, k)
			if answers(sum, s.images.Label(i)) {
				right[k].Add(1)
			}
		}
	})
	out := make([]PartialAccuracy, len(right))
	for k := range right {
		out[k] = PartialAccuracy{k, float64(right[k].Load()) / float64(max(1, s.images.Len()))}
	}
	return out, err
}

// add adds order k of the logits to a sum.
func add(sum []float64, p *pass, k int) {
	if k < p.orders(p.net.output) {
		for c, v := range p.at(p.net.output, k) {
			sum[c] += v
		}
	}
}

// answers reports whether the label has the highest logit.
func answers(logits []float64, label int) bool {
	return finite(logits) && slices.Index(logits, slices.Max(logits)) == label
}

// carried is what the orders of an image carry.
type carried struct {
	orders []carriedOrder
	answer int     // the class with the largest logit
	ratio  float64 // of all sizes to the largest logit
	whole  bool    // the orders add up to the logits
}

// carriedOrder is what one of them carries, and whether the partial sum up to it is right.
type carriedOrder struct {
	size, margin float64
	right        bool
}

// all computes all orders of some images.
func (s *orderStudy) all(ctx context.Context, out *OrderStudy) error {
	if s.whole == 0 {
		return nil
	}
	places, list := make([]int, s.whole), make([]carried, s.whole)
	for i := range places {
		places[i] = i * s.images.Len() / s.whole
	}
	held := 3 * perValue * float64(s.whole) * float64(s.net.Degree+1)
	err := s.each(ctx, s.net.Degree, places, held, func(i int, x []float64, p *pass) {
		end := s.net.newPass(ctx, 0)
		end.run(x, nil)
		list[i] = carry(p, end.at(s.net.output, 0), s.images.Label(places[i]))
	})
	if err != nil {
		return err
	}
	ratios, off := make([]float64, len(list)), 0
	for i, c := range list {
		ratios[i] = c.ratio
		if !c.whole {
			off++
		}
	}
	if off > 0 {
		out.Note = fmt.Sprintf("the orders of %d of %d images cancel beyond all digits, so they are not given", off, len(list))
		return nil
	}
	slices.Sort(ratios)
	out.Cancellation = &Cancellation{Median: (ratios[(len(ratios)-1)/2] + ratios[len(ratios)/2]) / 2, Worst: ratios[len(ratios)-1], Images: len(ratios)}
	out.Orders = shares(list)
	if s.net.K <= mostShared {
		divide(out.Orders, list, s.net.K)
	}
	return nil
}

// carry reads what the orders of a pass carry of the logits of an image with a label.
func carry(p *pass, logits []float64, label int) carried {
	c := carried{orders: make([]carriedOrder, p.net.Degree+1)}
	ranked := descending(len(logits), func(k int) float64 { return logits[k] })
	first, next := ranked[0], ranked[min(1, len(ranked)-1)]
	c.answer = first
	sum, largest := make([]float64, len(logits)), 0.0
	for _, v := range logits {
		largest = max(largest, math.Abs(v))
	}
	for k := range c.orders {
		order := make([]float64, len(logits))
		add(order, p, k)
		size := 0.0
		for j, v := range order {
			size, sum[j] = max(size, math.Abs(v)), sum[j]+v
		}
		c.orders[k] = carriedOrder{size, order[first] - order[next], answers(sum, label)}
		c.ratio += size / max(largest, math.SmallestNonzeroFloat64)
	}
	c.whole = finite(logits) && !math.IsInf(c.ratio, 0) && near(sum, logits)
	return c
}

// shares are the means over images of what each order carries.
func shares(list []carried) []OrderShare {
	out, margin := make([]OrderShare, len(list[0].orders)), 0.0
	for k := range out {
		right := 0
		for _, c := range list {
			o := c.orders[k]
			if o.right {
				right++
			}
			out[k].Size += o.size / float64(len(list))
			out[k].Margin += o.margin / float64(len(list))
		}
		out[k].Order, out[k].Accuracy = k, float64(right)/float64(len(list))
		margin += out[k].Margin
	}
	for k := range out {
		if margin > 0 {
			out[k].Margin /= margin
		}
	}
	return out
}

// divide sets the parts of the margin by class.
func divide(orders []OrderShare, list []carried, classes int) {
	whole := make([]float64, classes)
	for k := range orders {
		by := make([]float64, classes)
		for _, c := range list {
			by[c.answer] += c.orders[k].margin
			whole[c.answer] += c.orders[k].margin
		}
		orders[k].ByClass = by
	}
	for _, o := range orders {
		for c := range o.ByClass {
			if whole[c] > 0 {
				o.ByClass[c] /= whole[c]
			}
		}
	}
}
