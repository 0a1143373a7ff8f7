package cli

import (
	"context"
	"fmt"
	"runtime"

	"github.com/spf13/cobra"

	"github.com/coarsegrain/taylornet/engine"
	simd "github.com/coarsegrain/taylornet/internal/cpu"
	"github.com/coarsegrain/taylornet/internal/memory"
	"github.com/coarsegrain/taylornet/spec"
)

// benchFlags are the flags of bench.
type benchFlags struct {
	net                        string
	batch, threads, microBatch int
	seconds                    float64
	profile                    bool
}

func (a *app) benchCommand() *cobra.Command {
	f := &benchFlags{}
	cmd := &cobra.Command{
		Use:   "bench",
		Short: "Measure the speed of training and inference",
		Long: `Measure how many images per second a network processes in training and in inference,
how long a single image takes, and what the processor can do at most. The measurements
take turns. Each figure is the median of several rounds, with the lowest and highest.

A training step is the forward and the backward pass, the sum of the workers'
gradients, and an update by AdamW. The images are random and are not augmented.`,
		Example: `  taylornet bench
  taylornet bench --net cifar-10 --batch 256 --threads 1
  taylornet bench --profile
  TAYLORNET_SIMD=avx2 taylornet bench --json`,
		Args: atMost(0),
		RunE: func(cmd *cobra.Command, _ []string) error { return a.bench(cmd.Context(), f) },
	}
	flags := cmd.Flags()
	flags.StringVar(&f.net, "net", "mnist-paper", "measure this `NETWORK`: a preset, a file, a model, or the notation itself")
	flags.IntVar(&f.batch, "batch", 128, "`N` images per step")
	flags.IntVar(&f.microBatch, "micro-batch", 0, "`N` images that a worker takes through the network at once in training; 0 lets the engine choose")
	flags.IntVar(&f.threads, "threads", 0, "`N` parallel workers; 0 means one per CPU")
	flags.IntVar(&f.threads, "workers", 0, "the same as --threads, `N`")
	flags.Float64Var(&f.seconds, "seconds", 10, "measure for about `S` seconds")
	flags.BoolVar(&f.profile, "profile", false, "also show the time of each layer in training on one worker; takes twice as long")
	completeFlag(cmd, "net", completeNet)
	return cmd
}

// Bounds of the flags of bench.
const (
	maxBatch      = 1 << 20
	maxMicroBatch = 1 << 12
	maxSeconds    = 3600
)

func (f *benchFlags) validate() error {
	switch {
	case f.batch < 1 || f.batch > maxBatch:
		return usagef("--batch %d: want at least 1, at most %d", f.batch, maxBatch)
	case f.microBatch < 0 || f.microBatch > maxMicroBatch:
		return usagef("--micro-batch %d: want at least 0, at most %d", f.microBatch, maxMicroBatch)
	case f.threads < 0 || f.threads > maxWorkers:
		return usagef("--threads %d: want at least 0, at most %d", f.threads, maxWorkers)
	case !(f.seconds > 0 && f.seconds <= maxSeconds):
		return usagef("--seconds %v: want a number above 0, at most %d", f.seconds, maxSeconds)
	}
	return nil
}

// benchOutput is what bench writes with --json; it includes what net writes.
type benchOutput struct {
	Net     string `json:"net"`
	Batch   int    `json:"batch"`
	Threads int    `json:"threads"`
	SIMD    string `json:"simd"`
	spec.Description

	Train      float64    `json:"train_images_per_second"`
	TrainRange [2]float64 `json:"train_range"`
	Infer      float64    `json:"infer_images_per_second"`
	InferRange [2]float64 `json:"infer_range"`
	Latency    float64    `json:"latency_seconds"` // of a single image
	// Peak and Copy are of all threads together. Copy counts the bytes read and the
	// bytes written.
	Peak     float64 `json:"peak_gflops"`
	PeakCore float64 `json:"peak_gflops_core"`
	Copy     float64 `json:"copy_gbytes_per_second"`

	Profile *profileOutput `json:"profile,omitempty"`
}

func (a *app) bench(ctx context.Context, f *benchFlags) error {
	if err := f.validate(); err != nil {
		return err
	}
	n, err := readNetwork(f.net)
	if err != nil {
		return err
	}
	if f.threads == 0 {
		f.threads = runtime.GOMAXPROCS(0)
	}
	// Training, inference and what is copied are held at once.
	third := max(1, memory.Or(a.forTraining(n.bytes, 0))/3)
	b, err := newBenchmark(n.Net, f.batch, f.seconds, engine.TrainingOptions{
		Options:    engine.Options{Workers: f.threads, MicroBatch: f.microBatch, Memory: third},
		LimitGains: true, // as train has it
	})
	if err != nil {
		return err
	}
	out := benchOutput{
		Net: n.name, Batch: f.batch, Threads: f.threads, SIMD: simd.Active().String(), Description: n.Describe(),
	}
	if err := b.speed(ctx, &out); err != nil {
		return err
	}
	if f.profile {
		if out.Profile, err = b.profile(ctx); err != nil {
			return err
		}
	}
	if a.json {
		return a.writeJSON(out)
	}
	a.writeBench(n, &out)
	return nil
}

func (a *app) writeBench(n *network, out *benchOutput) {
	a.printf("%s: %s\nbatch %s, %s, %s\n\n", n.name, describe(n.Net), count(out.Batch), plural(out.Threads, "thread"), out.SIMD)
	rate := func(r float64, within [2]float64) string {
		return fmt.Sprintf("%s images/s  (%s to %s)", count(int(r)), count(int(within[0])), count(int(within[1])))
	}
	t := newTable("", "")
	t.rows = nil // no headings
	t.add("training", rate(out.Train, out.TrainRange))
	t.add("inference", rate(out.Infer, out.InferRange))
	t.add("a single image", micros(out.Latency))
	t.add("multiply-add peak", fmt.Sprintf("%.1f GFLOP/s, %.1f of one core", out.Peak, out.PeakCore))
	t.add("copy in memory", fmt.Sprintf("%.1f GB/s read and written", out.Copy))
	t.write(a.out)
	if out.Profile != nil {
		a.writeProfile(out.Profile)
	}
}
