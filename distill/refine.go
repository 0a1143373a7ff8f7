package distill

import (
	"context"
	"fmt"
	"math"

	"github.com/coarsegrain/taylornet/dataset"
	"github.com/coarsegrain/taylornet/engine"
	"github.com/coarsegrain/taylornet/engine/cpu"
	"github.com/coarsegrain/taylornet/internal/memory"
	"github.com/coarsegrain/taylornet/internal/rng"
	"github.com/coarsegrain/taylornet/optim"
	"github.com/coarsegrain/taylornet/spec"
)

// Settings of the refinement, chosen on validation images of Fashion-MNIST.
const (
	refineRate  = 0.001
	refineScale = 20   // of the similarities in the softmax
	refineMost  = 2000 // images per class, which bounds the memory
	refineBatch = 256
)

// refine turns the targets [R,Dim] of a level, k per class, so that they separate the
// classes. A mean direction keeps all that a group has in common, even what other
// classes have too. refine raises the probability that a softmax over the similarities
// of an augmented training image to all targets gives to the image's class: soft nearest
// prototype classification (Seo, Bode and Obermayer, IEEE Trans. Neural Networks 14,
// 2003).
func (d *distiller) refine(ctx context.Context, targets []float32, k int) error {
	images := d.refined()
	dim := d.nets.dim()
	n, steps := len(targets)/dim, images.Len()/min(refineBatch, images.Len())
	// the weights, their gradient and two averages, the targets, and the directions of the images
	need := memory.Of[float32](float64(dim) * (5*float64(n) + float64(images.Len())))
	if err := memory.Check(d.memory, need, fmt.Sprintf("refining %d targets of %d values", n, dim)); err != nil {
		return err
	}
	net := &spec.Net{Input: spec.Shape{H: 1, W: 1, C: dim}, Ops: []spec.Op{&spec.Linear{N: n}}}
	trainer, err := cpu.New().CompileTraining(net, engine.TrainingOptions{Options: engine.Options{Workers: d.workers, MicroBatch: 64, Memory: d.memory}})
	if err != nil {
		return err
	}
	params, grads := make([]float32, dim*n+n), make([]float32, dim*n+n) // the biases stay zero
	update, schedule := optim.AdamW{}.New(dim*n, nil), optim.Cosine{Peak: refineRate}
	transpose(params, targets, n)
	order := make([]int32, images.Len())
	for pass := range d.Refine {
		x, err := d.varied(ctx, images, pass)
		if err != nil {
			return err
		}
		rng.Permutation(order, d.Seed, "refine order", uint64(len(d.levels)), uint64(pass))
		for step := range steps {
			batch := order[step*refineBatch : min((step+1)*refineBatch, len(order))]
			_, err := trainer.GradientContext(ctx, grads, params, &engine.Batch[float32]{
				N:     len(batch),
				Input: func(i int, v []float32) { copy(v, x[int(batch[i])*dim:][:dim]) },
				Loss: func(i int, dy, y []float32) float64 {
					return prototypeLoss(dy, y, images.Label(int(batch[i])), k, refineScale/float64(len(d.nets)))
				},
			})
			if err != nil {
				return err
			}
			update.Step(params[:dim*n], grads[:dim*n], schedule.At(pass*steps+step, d.Refine*steps))
			transpose(targets, params[:dim*n], dim)
			d.nets.normalise(targets)
			transpose(params, targets, n)
		}
	}
	return nil
}

// refined returns the training images that targets are refined on.
func (d *distiller) refined() dataset.Subset {
	var list []int32
	for class := range d.leaves.Set.Classes {
		members := d.leaves.OfClass(class)
		order := make([]int32, len(members))
		rng.Permutation(order, d.Seed, "refine", uint64(class))
		for _, i := range order[:min(refineMost, len(order))] {
			list = append(list, members[i])
		}
	}
	return d.leaves.Only(list)
}

// varied returns the directions of images, each augmented as the pass draws.
func (d *distiller) varied(ctx context.Context, images dataset.Subset, pass int) ([]float32, error) {
	dim, at := d.nets.dim(), 0
	out := make([]float32, images.Len()*dim)
	for _, e := range d.nets {
		s, err := dataset.NewSampler(images, e.model.Normalisation(), d.Paint.Augment, d.Seed)
		if err != nil {
			return nil, err
		}
		if err := e.program.RunContext(ctx, images.Len(), func(i int, x []float32) { s.Sample(x, pass, i) }, func(i int, y []float32) { copy(out[i*dim+at:], y) }); err != nil {
			return nil, err
		}
		at += e.dim
	}
	d.nets.normalise(out)
	return out, nil
}

// transpose writes src to dst [n,width], transposed.
func transpose(dst, src []float32, width int) {
	n := len(src) / width
	for i := range width {
		for j := range n {
			dst[j*width+i] = src[i*n+j]
		}
	}
}

// prototypeLoss returns the negative logarithm of the probability of a class, which is
// its share of a softmax over scale times the similarities y [R], k per class. It writes
// the gradient to dy.
func prototypeLoss(dy, y []float32, class, k int, scale float64) float64 {
	most, mostOwn := math.Inf(-1), math.Inf(-1)
	for r, v := range y {
		most = max(most, float64(v))
		if r/k == class {
			mostOwn = max(mostOwn, float64(v))
		}
	}
	var all, own float64
	for r, v := range y {
		all += math.Exp(scale * (float64(v) - most))
		if r/k == class {
			own += math.Exp(scale * (float64(v) - mostOwn))
		}
	}
	for r, v := range y {
		g := math.Exp(scale*(float64(v)-most)) / all
		if r/k == class {
			g -= math.Exp(scale*(float64(v)-mostOwn)) / own
		}
		dy[r] = float32(scale * g)
	}
	return math.Log(all) - math.Log(own) + scale*(most-mostOwn)
}
