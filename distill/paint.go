package distill

import (
	"context"
	"slices"

	"github.com/coarsegrain/taylornet/dataset"
	"github.com/coarsegrain/taylornet/engine"
	"github.com/coarsegrain/taylornet/engine/cpu"
	"github.com/coarsegrain/taylornet/internal/memory"
	"github.com/coarsegrain/taylornet/optim"
	"github.com/coarsegrain/taylornet/spec"
)

// painter optimises images.
type painter struct {
	in   spec.Shape
	how  Painting
	seed uint64
	aim  aim
}

// aim is an objective that images are optimised for.
type aim interface {
	// pull adds the gradient of a step to that of the canvas.
	pull(ctx context.Context, c *canvas, step int) error
	// chunk returns the number of images that are optimised at a time, given k per
	// class. Work is saved after each chunk.
	chunk(k int) int
}

// canvas has images in progress.
type canvas struct {
	*painter
	x, grad []float32 // [N,H,W,C], pixels 0 to 1, and the gradient
	start   []float32 // [N,H,W,C], the images started from
	warped  []float32 // [N,H,W,C], the images as a network sees them
	warps   []dataset.Warp
	targets []float32            // [N,Dim]
	labels  []uint16             // [N]
	names   func(i int) []uint64 // identify an image to the streams of random numbers
}

// canvas returns a canvas with images x [N,H,W,C] of pixels 0 to 1, which it will change.
func (p *painter) canvas(x []float32) *canvas {
	return &canvas{
		painter: p, x: x, start: slices.Clone(x), grad: make([]float32, len(x)),
		warped: make([]float32, len(x)), warps: make([]dataset.Warp, len(x)/p.in.Size()),
	}
}

func (c *canvas) n() int { return len(c.warps) }

// paint optimises the images of a canvas for a number of steps.
func (p *painter) paint(ctx context.Context, c *canvas, steps int, progress func(step int)) error {
	update, schedule := optim.AdamW{}.New(len(c.x), nil), optim.Cosine{Peak: p.how.Rate}
	for step := range steps {
		clear(c.grad)
		if err := p.aim.pull(ctx, c, step); err != nil {
			return err
		}
		c.smooth()
		c.keep()
		update.Step(c.x, c.grad, schedule.At(step, steps))
		for i, v := range c.x {
			c.x[i] = min(1, max(0, v))
		}
		progress(step + 1)
	}
	return nil
}

// show writes image i to v as a network sees it: augmented and normalised. The names of
// the image and those given draw the augmentation.
func (c *canvas) show(i int, v []float32, norm dataset.Normalisation, names ...uint64) {
	in, size := c.in, c.in.Size()
	image := c.x[i*size:][:size]
	if c.how.Augment != (dataset.Augment{}) {
		c.warps[i] = c.how.Augment.Warp(in.H, in.W, in.C, c.seed, "paint", append(c.names(i), names...)...)
		c.warps[i].Apply(c.warped[i*size:][:size], image)
		image = c.warped[i*size:][:size]
	}
	for j, p := range image {
		v[j] = (p - norm.Mean[j%in.C]) / norm.Std[j%in.C]
	}
}

// take adds to the gradient what follows from dv, the gradient at the values that show
// wrote for image i, a mean over the images and over the number of networks.
func (c *canvas) take(i int, dv []float32, norm dataset.Normalisation, networks int) {
	size := c.in.Size()
	for j := range dv {
		dv[j] *= float32(c.n()) / norm.Std[j%c.in.C] / float32(networks)
	}
	into := c.grad[i*size:][:size]
	if c.how.Augment != (dataset.Augment{}) {
		c.warps[i].ApplyTransposed(into, dv)
		return
	}
	for j, v := range dv {
		into[j] += v
	}
}

// trainerOf returns a trainer for the gradients of embeddings with respect to images.
func trainerOf(e *embedder, opts engine.Options) (engine.Trainer[float32], error) {
	return cpu.New().CompileTraining(e.net, engine.TrainingOptions{Options: opts, InputGrad: true, FixedParams: true})
}

// similarity is the aim that the embedding of an image points to the image's target.
type similarity struct {
	nets     ensemble
	trainers []engine.Trainer[float32]
}

func newSimilarity(nets ensemble, opts engine.Options) (*similarity, error) {
	opts.Memory = max(1, memory.Or(opts.Memory)/int64(len(nets)))
	s := &similarity{nets: nets}
	for _, e := range nets {
		t, err := trainerOf(e, opts)
		if err != nil {
			return nil, err
		}
		s.trainers = append(s.trainers, t)
	}
	return s, nil
}

// chunk is the number of images that are optimised at a time for similarity.
const chunk = 128

func (s *similarity) chunk(int) int { return chunk }

func (s *similarity) pull(ctx context.Context, c *canvas, step int) error {
	at, dim := 0, s.nets.dim()
	for k, e := range s.nets {
		norm := e.model.Normalisation()
		_, err := s.trainers[k].GradientContext(ctx, nil, e.params, &engine.Batch[float32]{
			N:     c.n(),
			Input: func(i int, x []float32) { c.show(i, x, norm, uint64(k), uint64(step)) },
			Loss: func(i int, dy, y []float32) float64 {
				return dissimilarity(dy, y, c.targets[i*dim+at:][:e.dim])
			},
			InputGrad: func(i int, dx []float32) { c.take(i, dx, norm, len(s.nets)) },
		})
		if err != nil {
			return err
		}
		at += e.dim
	}
	return nil
}

// dissimilarity returns 1 minus the cosine of y and a target of length 1. It writes the
// gradient to dy.
func dissimilarity(dy, y, target []float32) float64 {
	norm := length(y)
	if norm == 0 {
		clear(dy)
		return 1
	}
	cos := dot(y, target) / norm
	for j, v := range y {
		dy[j] = float32((cos*float64(v)/norm - float64(target[j])) / norm)
	}
	return 1 - cos
}

// smooth adds the gradient of the roughness of the images.
func (c *canvas) smooth() {
	in := c.in
	size, row := in.Size(), in.W*in.C
	factor := float32(2 * c.how.Smooth / float64(size))
	for i := range c.warps {
		x, g := c.x[i*size:][:size], c.grad[i*size:][:size]
		pair := func(a, b int) {
			d := factor * (x[a] - x[b])
			g[a] += d
			g[b] -= d
		}
		for j := range x {
			if j%row+in.C < row {
				pair(j, j+in.C)
			}
			if j+row < size {
				pair(j, j+row)
			}
		}
	}
}

// keep adds the gradient of the difference of the images from those started from.
func (c *canvas) keep() {
	factor := float32(2 * c.how.Keep / float64(c.in.Size()))
	for i, v := range c.x {
		c.grad[i] += factor * (v - c.start[i])
	}
}
