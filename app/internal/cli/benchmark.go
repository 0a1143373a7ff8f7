package cli

import (
	"context"
	"slices"
	"sync/atomic"
	"time"

	"github.com/coarsegrain/taylornet/engine"
	"github.com/coarsegrain/taylornet/engine/cpu"
	simd "github.com/coarsegrain/taylornet/internal/cpu"
	"github.com/coarsegrain/taylornet/internal/kernel/peak"
	"github.com/coarsegrain/taylornet/internal/memory"
	"github.com/coarsegrain/taylornet/internal/parallel"
	"github.com/coarsegrain/taylornet/internal/rng"
	"github.com/coarsegrain/taylornet/optim"
	"github.com/coarsegrain/taylornet/spec"
)

// measure is a speed, measured in several rounds.
type measure struct {
	work  func() int // does some work and returns how much
	rates []float64  // work per second, by round
}

// round works for the given time, at least once. It ends early with the context.
func (m *measure) round(ctx context.Context, length time.Duration) {
	start, done := time.Now(), 0
	for {
		done += m.work()
		if took := time.Since(start); took >= length || ctx.Err() != nil {
			m.rates = append(m.rates, float64(done)/took.Seconds())
			return
		}
	}
}

func (m *measure) median() float64 {
	slices.Sort(m.rates)
	return m.rates[len(m.rates)/2]
}

// best returns the highest rate: what the processor can do when nothing disturbs it.
func (m *measure) best() float64 { return slices.Max(m.rates) }

func (m *measure) within() [2]float64 { return [2]float64{slices.Min(m.rates), slices.Max(m.rates)} }

// benchRounds is odd, so that there is a median.
const benchRounds = 7

// alternate gives the measures turns, for the given time in total, after one piece of
// work each to warm up. The error is the cause of the context's end.
func alternate(ctx context.Context, seconds float64, list ...*measure) error {
	length := max(time.Duration(seconds*float64(time.Second))/time.Duration(benchRounds*len(list)), 1)
	for _, m := range list {
		m.work()
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
	}
	for range benchRounds {
		for _, m := range list {
			if m.round(ctx, length); ctx.Err() != nil {
				return context.Cause(ctx)
			}
		}
	}
	return nil
}

// benchmark is a network to measure.
type benchmark struct {
	net     *spec.Net
	batch   int
	seconds float64
	opts    engine.TrainingOptions
	params  []float32
	images  [][]float32 // repeated through a batch
}

// Bounds of the distinct images: their number, and the bytes of more than one.
const (
	benchImages = 1024
	benchBytes  = 64 << 20
)

func newBenchmark(net *spec.Net, batch int, seconds float64, opts engine.TrainingOptions) (*benchmark, error) {
	size := memory.Of[float32](float64(net.Input.Size()))
	images := min(batch, benchImages, max(1, int(benchBytes/size)))
	if err := memory.Check(opts.Memory, 4*memory.Of[float32](float64(net.NumParams())), "the parameters in training"); err != nil {
		return nil, err
	}
	if err := memory.Check(opts.Memory, float64(images)*size, "the images"); err != nil {
		return nil, err
	}
	b := &benchmark{net: net, batch: batch, seconds: seconds, opts: opts, params: engine.Init(net, 1)}
	r := rng.New(1, "bench")
	for range images {
		image := make([]float32, net.Input.Size())
		for i := range image {
			image[i] = float32(r.NormFloat64())
		}
		b.images = append(b.images, image)
	}
	return b, nil
}

func (b *benchmark) input(i int, x []float32) { copy(x, b.images[i%len(b.images)]) }

// benchRate is a learning rate so low that the parameters hardly change, however many
// steps are taken.
const benchRate = 1e-6

// step returns the work of a training step, measured in images. The work ends early with
// the context, for alternate to return its cause.
func (b *benchmark) step(ctx context.Context, opts engine.TrainingOptions) (func() int, error) {
	trainer, err := cpu.New().CompileTraining(b.net, opts)
	if err != nil {
		return nil, err
	}
	trained, classes := b.net.NumParams(), b.net.Out().Size()
	params, grads := slices.Clone(b.params), make([]float32, len(b.params))
	optimiser := optim.AdamW{WeightDecay: 0.01}.New(trained, []optim.Range{{Start: 0, End: trained}})
	batch := &engine.Batch[float32]{
		N: b.batch, Input: b.input,
		Loss: func(i int, dy, y []float32) float64 {
			return engine.CrossEntropy(dy, y, engine.Target{Label: i % classes})
		},
	}
	return func() int {
		_, _ = trainer.GradientContext(ctx, grads, params, batch)
		optimiser.Step(params[:trained], grads[:trained], benchRate)
		return b.batch
	}, nil
}

// speed measures the network and the processor.
func (b *benchmark) speed(ctx context.Context, out *benchOutput) error {
	step, err := b.step(ctx, b.opts)
	if err != nil {
		return err
	}
	program, err := cpu.New().Compile(b.net, b.params, engine.Options{Workers: b.opts.Workers, Memory: b.opts.Memory})
	if err != nil {
		return err
	}
	infer := func(n int) func() int {
		return func() int {
			_ = program.RunContext(ctx, n, b.input, func(int, []float32) {})
			return n
		}
	}
	train, inference, single := &measure{work: step}, &measure{work: infer(b.batch)}, &measure{work: infer(1)}
	threads := b.opts.Workers
	fma, fmaCore, copying := &measure{work: multiplyAdds(threads)}, &measure{work: multiplyAdds(1)}, &measure{work: copies(threads, int(min(copyBytes, b.opts.Memory)))}
	if err := alternate(ctx, b.seconds, train, inference, single, fma, fmaCore, copying); err != nil {
		return err
	}
	out.Train, out.TrainRange = train.median(), train.within()
	out.Infer, out.InferRange = inference.median(), inference.within()
	out.Latency = 1 / single.median()
	out.Peak, out.PeakCore, out.Copy = fma.best()/1e9, fmaCore.best()/1e9, copying.best()/1e9
	return nil
}

// multiplyAdds returns the work of that many threads, measured in floating-point
// operations.
func multiplyAdds(threads int) func() int {
	const rounds = 300_000 // a few milliseconds
	return func() int {
		return together(threads, func(int) int { return peak.FMA(simd.Active(), rounds) })
	}
}

// copyBytes is more than the caches hold.
const copyBytes = 256 << 20

// copies returns the work of that many threads on so many bytes, measured in bytes.
func copies(threads, bytes int) func() int {
	var parts []peak.Copy
	for range threads {
		parts = append(parts, peak.NewCopy(bytes/threads))
	}
	return func() int {
		return together(threads, func(i int) int { return parts[i].Run() })
	}
}

// together does the work of so many threads and returns the sum.
func together(threads int, work func(i int) int) int {
	var sum atomic.Int64
	parallel.NewCrew(threads).Run(threads, func(_, i int) { sum.Add(int64(work(i))) })
	return int(sum.Load())
}
