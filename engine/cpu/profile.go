package cpu

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/coarsegrain/taylornet/engine"
	"github.com/coarsegrain/taylornet/internal/rng"
	"github.com/coarsegrain/taylornet/spec"
)

// LayerTime is the time that one layer takes in training.
type LayerTime struct {
	// Layers are the operations that it computes: one, a norm and the coarse-graining
	// after it, or gains in succession.
	Layers            []spec.Layer
	Forward, Backward PassTime
}

// Path returns the place of the first operation in the tree.
func (l LayerTime) Path() string { return l.Layers[0].Path }

// String writes the operations in the notation.
func (l LayerTime) String() string {
	names := make([]string, len(l.Layers))
	for i, op := range l.Layers {
		names[i] = op.String()
	}
	return strings.Join(names, " ")
}

// PassTime is the time and the work of a pass through a layer, per image.
type PassTime struct {
	// Seconds is the median time.
	Seconds float64
	// FLOP counts two operations for each multiply-add of spec.Layer.MACs. A backward
	// pass has as many for the gradient to the parameters, and as many again for that
	// to the input if it is wanted.
	FLOP int
	// Bytes counts the feature maps and their gradients, each read or written
	// once.
	Bytes int
}

// Profiler times the layers of a network in training, on one worker. A layer is timed
// between the others, as it runs in training. The packing of weights, the loss and the
// reduction are left out.
type Profiler struct {
	plan *plan32
	all  *worker[float32]
	// forwards and backwards have, for each step, a worker on the memory of all whose
	// plan is that step alone.
	forwards, backwards []*worker[float32]
	forward, backward   [][]time.Duration // by step, then in any order
	logits, grads       []float32         // gradients: of the logits, of the parameters
	rounds              int
	sample              rng.Stream
}

type plan32 = plan[float32]

// profileSample is the number of rounds whose median is taken.
const profileSample = 1000

// NewProfiler returns a profiler of net, with random images and random
// gradients of the logits. params are laid out as in net.Params. Workers of opts are
// not used, and neither are Orders: the passes are plain.
func NewProfiler(net *spec.Net, params []float32, opts engine.TrainingOptions) (*Profiler, error) {
	if err := net.Validate(); err != nil {
		return nil, fmt.Errorf("profiling: %w", err)
	}
	if want := engine.VectorLen(net.Params()); len(params) != want {
		return nil, fmt.Errorf("profiling: %w: %d values, the network has %d", engine.ErrParams, len(params), want)
	}
	opts.Workers, opts.Orders = 1, 0
	t, err := newTrainer[float32](net, opts)
	if err != nil {
		return nil, fmt.Errorf("profiling: %w", err)
	}
	p := &Profiler{
		plan: t.plan, all: t.workers[0],
		backwards: make([]*worker[float32], len(t.plan.steps)),
		grads:     make([]float32, len(params)),
	}
	p.sample.Reset(1, "profile/sample")
	p.divide(params)
	n := p.Images()
	p.logits = make([]float32, n*net.Out().Size())
	r := rng.New(1, "profile/values")
	for _, v := range [][]float32{p.logits, p.all.maps(p.plan.values[p.plan.input].slot, p.plan.input, n)} {
		for i := range v {
			v[i] = float32(r.NormFloat64())
		}
	}
	return p, nil
}

// divide makes a worker for each step in each direction.
func (p *Profiler) divide(params []float32) {
	part := func(change func(*plan32)) *worker[float32] {
		view, one := *p.all, *p.plan
		change(&one)
		view.plan = &one
		return &view
	}
	for i, s := range p.plan.steps {
		if s.layer != nil {
			s.layer.Refresh(params)
		}
		p.forwards = append(p.forwards, part(func(one *plan32) { one.steps = one.steps[i : i+1] }))
		p.forward = append(p.forward, make([]time.Duration, profileSample))
		p.backward = append(p.backward, make([]time.Duration, profileSample))
	}
	for i, b := range p.plan.back {
		p.backwards[b.step] = part(func(one *plan32) { one.back = one.back[i : i+1] })
	}
}

// Images returns the number of images in the micro-batch.
func (p *Profiler) Images() int { return p.plan.frame.Images }

// Round takes a micro-batch forward and backward.
func (p *Profiler) Round() {
	ctx, n, out := context.Background(), p.Images(), p.plan.output
	place := p.rounds
	if place >= profileSample { // every round has the same chance to stay
		place = p.sample.IntN(p.rounds + 1)
	}
	p.rounds++
	note := func(times []time.Duration, start time.Time) {
		if place < profileSample {
			times[place] = max(time.Since(start), 1) // a coarse clock may not have moved
		}
	}
	for i, w := range p.forwards {
		start := time.Now()
		w.forward(ctx, n)
		note(p.forward[i], start)
	}
	copy(p.all.maps(p.plan.values[out].grad, out, n), p.logits)
	for i, w := range slices.Backward(p.backwards) {
		start := time.Now()
		w.backward(ctx, n, p.grads, 1)
		note(p.backward[i], start)
	}
}

// Times returns what each layer took in the rounds so far, of which there must be at
// least one. Layers that compute nothing are not listed. A group is listed after its
// branches.
func (p *Profiler) Times() []LayerTime {
	list := make([]LayerTime, len(p.plan.steps))
	for i, s := range p.plan.steps {
		b := &p.backwards[i].plan.back[0]
		in, inGrad := 0, 0
		for k, v := range s.in {
			size := p.plan.values[v].shape.Size()
			in += size
			if b.dx[k] >= 0 {
				inGrad += size
			}
		}
		gradients := 1
		if inGrad > 0 {
			gradients = 2
		}
		macs, out := 0, p.plan.values[s.out].shape.Size()
		for _, op := range s.ops {
			macs += op.MACs
		}
		read := in + out
		if s.layer == nil {
			read = out
		}
		const bytes = 4
		list[i] = LayerTime{
			Layers:   s.ops,
			Forward:  PassTime{p.median(p.forward[i]), 2 * macs, bytes * (in + out)},
			Backward: PassTime{p.median(p.backward[i]), 2 * macs * gradients, bytes * (read + inGrad)},
		}
	}
	return list
}

// median returns the median time in seconds per image.
func (p *Profiler) median(times []time.Duration) float64 {
	sorted := slices.Sorted(slices.Values(times[:min(p.rounds, profileSample)]))
	return sorted[len(sorted)/2].Seconds() / float64(p.Images())
}
