package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/coarsegrain/taylornet/engine/cpu"
	"github.com/coarsegrain/taylornet/internal/kernel/peak"
)

// profileOutput is the time per image of a training step on one worker.
type profileOutput struct {
	MicroBatch int           `json:"micro_batch"`
	Peak       float64       `json:"peak_gflops"`  // of one core
	Step       float64       `json:"step_seconds"` // of the whole step
	Rest       float64       `json:"rest_seconds"` // outside the layers
	Passes     []passProfile `json:"passes"`
}

// passProfile is the time per image of a pass through a layer.
type passProfile struct {
	Path    string  `json:"path"`
	Op      string  `json:"op"`
	Pass    string  `json:"pass"`
	Seconds float64 `json:"seconds"`
	GFLOPS  float64 `json:"gflops"`
	GBytes  float64 `json:"gbytes_per_second"`
	OfPeak  float64 `json:"share_of_peak"` // of one core's multiply-adds
	OfCopy  float64 `json:"share_of_copy"` // of the rate at which one core copies as many bytes
	OfStep  float64 `json:"share_of_step"`
}

// profile measures the layers, taking turns with whole steps and the peak of one core.
func (b *benchmark) profile(ctx context.Context) (*profileOutput, error) {
	one := b.opts
	one.Workers = 1
	work, err := b.step(ctx, one)
	if err != nil {
		return nil, err
	}
	profiler, err := cpu.NewProfiler(b.net, b.params, one)
	if err != nil {
		return nil, err
	}
	step, fma := &measure{work: work}, &measure{work: multiplyAdds(1)}
	layers := &measure{work: func() int {
		profiler.Round()
		return profiler.Images()
	}}
	if err := alternate(ctx, b.seconds, step, layers, fma); err != nil {
		return nil, err
	}
	out := &profileOutput{MicroBatch: profiler.Images(), Peak: fma.best() / 1e9, Step: 1 / step.median()}
	out.Rest = out.Step
	copying := map[int]float64{} // GB/s by bytes
	for _, l := range profiler.Times() {
		for _, pass := range []struct {
			name string
			cpu.PassTime
		}{{"forward", l.Forward}, {"backward", l.Backward}} {
			bytes := pass.Bytes * out.MicroBatch
			if copying[bytes] == 0 {
				copying[bytes] = copyRate(ctx, bytes)
			}
			p := passProfile{
				Path: l.Path(), Op: l.String(), Pass: pass.name, Seconds: pass.Seconds,
				GFLOPS: float64(pass.FLOP) / pass.Seconds / 1e9, GBytes: float64(pass.Bytes) / pass.Seconds / 1e9,
				OfStep: pass.Seconds / out.Step,
			}
			p.OfPeak, p.OfCopy = p.GFLOPS/out.Peak, p.GBytes/copying[bytes]
			out.Passes = append(out.Passes, p)
			out.Rest -= pass.Seconds
		}
	}
	return out, nil
}

// copyRate returns the rate, in GB/s, at which one core copies this many bytes again
// and again, so that they stay in the cache that holds them.
func copyRate(ctx context.Context, bytes int) float64 {
	const length = 10 * time.Millisecond
	m := &measure{work: peak.NewCopy(bytes).Run}
	m.work()
	for range 3 {
		m.round(ctx, length)
	}
	return m.best() / 1e9
}

func (a *app) writeProfile(out *profileOutput) {
	a.printf("\nA training step on one worker, micro-batches of %s, per image:\n\n", count(out.MicroBatch))
	t := newTable("", "layer", "pass", ">time", ">GFLOP/s", ">of peak", ">GB/s", ">of copy", ">of step")
	for _, p := range out.Passes {
		flops, ofPeak := "-", "-"
		if p.GFLOPS > 0 {
			flops, ofPeak = fmt.Sprintf("%.1f", p.GFLOPS), percent(p.OfPeak)
		}
		t.add(p.Path, p.Op, p.Pass, micros(p.Seconds), flops, ofPeak, fmt.Sprintf("%.1f", p.GBytes), percent(p.OfCopy), percent(p.OfStep))
	}
	t.add("", "the rest", "", micros(out.Rest), "", "", "", "", percent(out.Rest/out.Step))
	t.add("", "step", "", micros(out.Step), "", "", "", "", percent(1))
	t.write(a.out)
}

// micros writes a time in microseconds.
func micros(s float64) string { return fmt.Sprintf("%.2f µs", 1e6*s) }
