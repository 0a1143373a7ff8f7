package distill

import (
	"context"
	"fmt"
	"slices"

	"github.com/coarsegrain/taylornet/dataset"
	"github.com/coarsegrain/taylornet/engine"
	"github.com/coarsegrain/taylornet/engine/cpu"
	"github.com/coarsegrain/taylornet/internal/rng"
	"github.com/coarsegrain/taylornet/optim"
	"github.com/coarsegrain/taylornet/spec"
)

// painter optimises images so that their embeddings point to targets.
type painter struct {
	nets     Ensemble
	how      Painting
	seed     uint64
	trainers []engine.Trainer[float32]
}

func newPainter(nets Ensemble, how Painting, seed uint64, workers int) (*painter, error) {
	p := &painter{nets: nets, how: how, seed: seed}
	for _, e := range nets {
		for _, l := range e.net.Layers() {
			if _, ok := l.Op.(*spec.Norm); ok { // it would have the statistics of the images in progress
				return nil, fmt.Errorf("no images are optimised through the norm at %s: only norms right after a Conv, CG, Linear or Taylor are constant", l.Path)
			}
		}
		t, err := cpu.New().CompileTraining(e.net, engine.Options{Workers: workers, InputGrad: true, FixedParams: true})
		if err != nil {
			return nil, err
		}
		p.trainers = append(p.trainers, t)
	}
	return p, nil
}

// canvas is images in progress.
type canvas struct {
	x, grad []float32 // [N,H,W,C], pixels 0 to 1, and the gradient
	start   []float32 // [N,H,W,C], the images to begin with
	warped  []float32 // [N,H,W,C], the images as a network sees them
	warps   []dataset.Warp
}

// paint optimises images x [N,H,W,C] of pixels 0 to 1 towards targets [N,Dim], in
// so many steps. names number an image for the streams of random numbers.
func (p *painter) paint(ctx context.Context, x, targets []float32, steps int, names func(i int) []uint64, progress func(step int)) error {
	size := p.nets.input().Size()
	c := &canvas{x: x, start: slices.Clone(x), grad: make([]float32, len(x)), warped: make([]float32, len(x)), warps: make([]dataset.Warp, len(x)/size)}
	adam := optim.DefaultAdamW()
	adam.WeightDecay = 0
	update, schedule := adam.New(len(x), nil), optim.Cosine{Peak: p.how.Rate}
	for step := range steps {
		if err := ctx.Err(); err != nil {
			return err
		}
		clear(c.grad)
		at := 0
		for k := range p.nets {
			p.pull(k, c, targets, at, func(i int) []uint64 { return append(names(i), uint64(k), uint64(step)) })
			at += p.nets[k].Dim
		}
		p.smooth(c)
		p.keep(c)
		update.Step(c.x, c.grad, schedule.At(step, steps))
		for i, v := range c.x {
			c.x[i] = min(1, max(0, v))
		}
		progress(step + 1)
	}
	return nil
}

// pull adds the gradient of 1 less the similarity under network k, whose part
// of the targets begins at the given place.
func (p *painter) pull(k int, c *canvas, targets []float32, at int, names func(i int) []uint64) {
	e, in := p.nets[k], p.nets.input()
	size, dim := in.Size(), p.nets.Dim()
	norm := e.Model.Normalisation
	n := len(c.warps)
	p.trainers[k].Gradient(nil, e.params, &engine.Batch[float32]{
		N: n,
		Input: func(i int, x []float32) {
			image := c.x[i*size:][:size]
			if p.how.Augment != (dataset.Augment{}) {
				var s rng.Stream
				s.Reset(p.seed, "paint", names(i)...)
				c.warps[i] = p.how.Augment.Warp(&s, in.H, in.W, in.C)
				c.warps[i].Apply(c.warped[i*size:][:size], image)
				image = c.warped[i*size:][:size]
			}
			for j, v := range image {
				x[j] = (v - norm.Mean[j%in.C]) / norm.Std[j%in.C]
			}
		},
		Loss: func(i int, dy, y []float32) float64 {
			return dissimilarity(dy, y, targets[i*dim+at:][:e.Dim])
		},
		InputGrad: func(i int, dx []float32) {
			for j := range dx {
				dx[j] *= float32(n) / norm.Std[j%in.C] / float32(len(p.nets))
			}
			into := c.grad[i*size:][:size]
			if p.how.Augment != (dataset.Augment{}) {
				c.warps[i].ApplyTransposed(into, dx)
				return
			}
			for j, v := range dx {
				into[j] += v
			}
		},
	})
}

// dissimilarity is 1 less the cosine of y and a target of length 1; it writes
// the gradient to dy.
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

// smooth adds the gradient of the images' roughness.
func (p *painter) smooth(c *canvas) {
	in := p.nets.input()
	size, row := in.Size(), in.W*in.C
	factor := float32(2 * p.how.Smooth / float64(size))
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

// keep adds the gradient of the images' difference from those that the search
// began with.
func (p *painter) keep(c *canvas) {
	factor := float32(2 * p.how.Keep / float64(p.nets.input().Size()))
	for i, v := range c.x {
		c.grad[i] += factor * (v - c.start[i])
	}
}
