package distill

import (
	"cmp"
	"context"
	"fmt"

	"github.com/coarsegrain/taylornet/dataset"
	"github.com/coarsegrain/taylornet/engine"
	"github.com/coarsegrain/taylornet/engine/cpu"
	"github.com/coarsegrain/taylornet/internal/rng"
	"github.com/coarsegrain/taylornet/model"
	"github.com/coarsegrain/taylornet/spec"
)

// Settings of distribution matching.
const (
	networkSteps = 10  // steps for which a fresh network is used
	classSample  = 200 // training images per class that a network is shown
)

// distribution is the aim that the images of a class together have the mean embedding of
// its training images under networks with random parameters, a fresh one every few
// steps: distribution matching (Zhao and Bilen, arXiv 2110.04181).
type distribution struct {
	leaves  dataset.Subset
	norm    dataset.Normalisation
	nets    []*spec.Net // the kinds of fresh networks, used in turn
	augment dataset.Augment
	seed    uint64
	opts    engine.Options
	guide   *guide // in use
}

// guide is a network with random parameters.
type guide struct {
	number  int
	e       *embedder
	trainer engine.Trainer[float32]
	means   []float32 // [K,Dim], the mean embeddings of the classes
	spread  float64   // mean squared distance of embeddings from the mean of their class
}

// newDistribution returns the aim for fresh networks of two kinds: a ConvNet and the
// network of the first model.
func newDistribution(leaves dataset.Subset, nets ensemble, c Config, opts engine.Options) *distribution {
	d := &distribution{leaves: leaves, norm: nets[0].model.Normalisation(), augment: c.Paint.Augment, seed: c.Seed, opts: opts}
	if convnet, err := spec.Parse(convNet(leaves.Set)); err == nil { // fails for tiny images
		d.nets = append(d.nets, convnet)
	}
	d.nets = append(d.nets, nets[0].model.Net())
	return d
}

// chunk returns the size of a chunk of whole classes, about 500 images.
func (d *distribution) chunk(k int) int { return max(1, 500/k) * k }

func (d *distribution) pull(ctx context.Context, c *canvas, step int) error {
	if number := step / networkSteps; d.guide == nil || d.guide.number != number {
		var err error
		if d.guide, err = d.fresh(ctx, number); err != nil {
			return err
		}
	}
	g := d.guide
	dim := g.e.dim
	show := func(i int, x []float32) { c.show(i, x, d.norm, uint64(step)) }
	y := make([]float32, c.n()*dim)
	if err := g.e.program.RunContext(ctx, c.n(), show, func(i int, v []float32) { copy(y[i*dim:], v) }); err != nil {
		return err
	}
	off := g.off(y, c.labels)
	_, err := g.trainer.GradientContext(ctx, nil, g.e.params, &engine.Batch[float32]{
		N:     c.n(),
		Input: show,
		Loss: func(i int, dy, _ []float32) float64 {
			copy(dy, off[int(c.labels[i])*dim:])
			return 0 // which is not used
		},
		InputGrad: func(i int, dx []float32) { c.take(i, dx, d.norm, 1) },
	})
	return err
}

// off returns the difference of the mean embedding of each class's images from that of
// its training images, divided by the spread, [K,Dim].
func (g *guide) off(y []float32, labels []uint16) []float32 {
	off := classMeans(y, g.e.dim, labels, len(g.means)/g.e.dim)
	for j := range off {
		off[j] = (off[j] - g.means[j]) / float32(g.spread)
	}
	return off
}

// classMeans returns the means [K,Dim] of points [N,Dim] of K classes.
func classMeans(y []float32, dim int, labels []uint16, classes int) []float32 {
	group := make([]int32, len(labels))
	for i, label := range labels {
		group[i] = int32(label)
	}
	return means(points{y, dim, ones(len(labels))}, group, classes)
}

// fresh draws the network with a number and measures the embeddings of training images.
func (d *distribution) fresh(ctx context.Context, number int) (*guide, error) {
	seed := rng.New(d.seed, "network", uint64(number)).Uint64()
	images := shuffled(randomImages(d.leaves, classSample, seed), seed)
	sampler, err := dataset.NewSampler(images, d.norm, d.augment, seed)
	if err != nil {
		return nil, err
	}
	m, err := d.random(ctx, d.nets[number%len(d.nets)], sampler, seed)
	if err != nil {
		return nil, fmt.Errorf("fresh network: %w", err)
	}
	g := &guide{number: number}
	if g.e, err = newEmbedder(m, "", d.opts); err != nil {
		return nil, err
	}
	if g.trainer, err = trainerOf(g.e, d.opts); err != nil {
		return nil, err
	}
	dim, labels := g.e.dim, make([]uint16, images.Len())
	y := make([]float32, images.Len()*dim)
	err = g.e.program.RunContext(ctx, images.Len(), func(i int, x []float32) { labels[i] = uint16(sampler.Sample(x, 1, i)) }, func(i int, v []float32) { copy(y[i*dim:], v) })
	if err != nil {
		return nil, err
	}
	g.means = classMeans(y, dim, labels, len(images.Set.Classes))
	for i, label := range labels {
		g.spread += squareDistance(y[i*dim:][:dim], g.means[int(label)*dim:][:dim]) / float64(len(labels))
	}
	g.spread = cmp.Or(g.spread, 1) // 0 if all images of each class are the same
	return g, nil
}

// shuffled returns the images in random order, because norms take their statistics over
// consecutive images.
func shuffled(set *dataset.Set, seed uint64) dataset.Subset {
	all := set.All()
	rng.Permutation(all.Index, seed, "order")
	return all
}

// random returns a network with random parameters whose norms have the statistics of the
// images.
func (d *distribution) random(ctx context.Context, net *spec.Net, images *dataset.Sampler, seed uint64) (*model.Model, error) {
	params := engine.Init(net, seed)
	if trained := net.NumParams(); trained < len(params) {
		t, err := cpu.New().CompileTraining(net, engine.TrainingOptions{Options: d.opts})
		if err != nil {
			return nil, err
		}
		stats := make([]float32, len(params))
		_, err = t.GradientContext(ctx, stats, params, &engine.Batch[float32]{
			N: images.Images().Len(), Input: func(i int, x []float32) { images.Sample(x, 0, i) },
		})
		if err != nil {
			return nil, err
		}
		copy(params[trained:], stats[trained:])
	}
	return model.New(model.Config{Net: net, Params: params, Normalisation: d.norm, Classes: d.leaves.Set.Classes}, model.Options{Workers: d.opts.Workers, Memory: d.opts.Memory})
}
