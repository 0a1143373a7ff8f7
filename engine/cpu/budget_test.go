package cpu

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/coarsegrain/taylornet/engine"
	"github.com/coarsegrain/taylornet/internal/memory"
	"github.com/coarsegrain/taylornet/internal/memory/memorytest"
	"github.com/coarsegrain/taylornet/spec"
	"github.com/coarsegrain/taylornet/tensor"
)

func mustParse(t testing.TB, src string) *spec.Net {
	t.Helper()
	net, err := spec.Parse(src)
	if err != nil {
		t.Fatal(err)
	}
	return net
}

// hungry are networks of few parameters that take much memory.
var hungry = map[string]string{
	"lattice":         "Input(8192,8192,1) AvgPool(2,2,2,2) AvgPool Linear(2)",
	"coarse-graining": "Input(8192,8192,1) CG(8,8,1,8,8,order=1) AvgPool Linear(2)",
	"padding":         "Input(8,8,1) Conv(1,1,1,1,1,8000) AvgPool Linear(2)",
	"wide windows":    "Input(1000,1000,1) CG(2,2,1,1,1) AvgPool(60,60,1,1) AvgPool Linear(2)",
	"channels":        "Input(300,300,1) Conv(1,1,2000,1,1) AvgPool Linear(2)",
	"branches":        "Input(2048,2048,1) Cat{ Norm | Gain(1) | CG(1,1,1,1,1) | AvgPool(1,1,1,1) } AvgPool Linear(2)",
	"expansion":       "Input(1,1,3000) Taylor(1)",
	"planes":          "Input(2000,2000,16) Conv(3,3,16,1,1,1) AvgPool Linear(2)",
}

// A network that is too large is refused before anything large is allocated.
func TestTooLarge(t *testing.T) {
	for name, src := range hungry {
		net := mustParse(t, src)
		params := make([]float32, engine.VectorLen(net.Params()))
		opts := engine.Options{Memory: 64 << 20}
		for what, compile := range map[string]func() error{
			"evaluation": func() error {
				_, err := New().Compile(net, params, opts)
				return err
			},
			"training": func() error {
				_, err := New().CompileTraining(net, engine.TrainingOptions{Options: opts})
				return err
			},
			"graded training": func() error {
				_, err := New().CompileTraining(net, engine.TrainingOptions{Options: opts, Orders: engine.MaxOrders})
				return err
			},
		} {
			var err error
			took := memorytest.Allocated(func() { err = compile() })
			if err == nil || !errors.Is(err, tensor.ErrMemory) && !strings.Contains(err.Error(), "too large to compute") {
				t.Errorf("%s, %s: error %v, want %v", name, what, err, tensor.ErrMemory)
			}
			if most := 2e6 + 16*float64(len(params)); took > most {
				t.Errorf("%s, %s: took %s to refuse", name, what, memory.Text(took))
			}
		}
	}
}

// The error of a training that is too large names images for which it is not.
func TestWhatWouldFit(t *testing.T) {
	const budget = 64 << 20
	net := mustParse(t, "Input(512,256,3) Conv(3,3,16,1,1,1) CG(2,2,16,2,2) AvgPool Linear(10)")
	opts := engine.TrainingOptions{Options: engine.Options{Memory: budget}}
	_, err := New().CompileTraining(net, opts)
	if err == nil {
		t.Fatal("no error")
	}
	var h, w int
	_, fit, _ := strings.Cut(err.Error(), "; images of ")
	if _, err := fmt.Sscanf(fit, "%dx%d would fit", &h, &w); err != nil || h < 50 || h >= 512 || w != h/2 {
		t.Fatalf("%s: %v", fit, err)
	}
	net.Input.H, net.Input.W = h, w
	if _, err := New().CompileTraining(net, opts); err != nil {
		t.Error(err)
	}
}

// presets are the networks that come with the program.
func presets(t *testing.T) map[string]*spec.Net {
	nets := map[string]*spec.Net{
		"windows": mustParse(t, "Input(60,60,3) Conv(5,5,8,1,1,2) CG(2,2,8,1,1) AvgPool(3,3,1,1) AvgPool Linear(3)"),
		"taylor":  mustParse(t, "Input(20,20,1) Taylor(4)"),
		"groups":  mustParse(t, "Input(64,64,4) Sum{ | Norm CG(1,1,4,1,1) | Gain(2) } Cat{ | Norm } AvgPool Linear(3)"),
	}
	for _, p := range spec.Presets() {
		nets[p], _ = spec.Preset(p)
	}
	return nets
}

// What is allocated is what was estimated before.
func TestCost(t *testing.T) {
	for name, net := range presets(t) {
		params := engine.Init(net, 1)
		folded, err := engine.Fold(net, params)
		if err != nil {
			t.Fatal(err)
		}
		plan, err := newPlan[float32](folded.Net, 4, 4, purpose{})
		if err != nil {
			t.Fatal(err)
		}
		c := plan.cost(len(params), 0, 0)
		took := memorytest.Allocated(func() {
			for _, s := range plan.steps {
				if s.layer != nil {
					s.layer.Refresh(folded.Params)
				}
			}
			newWorker(plan)
		})
		expect(t, name+" evaluated", c.shared+c.worker, took)

		expectTrained(t, name, net, params, 0)
		if net.MACs() < 5e6 { // others take long with portable kernels
			expectTrained(t, name, net, params, 3)
		}
	}
}

func expectTrained(t *testing.T, name string, net *spec.Net, params []float32, orders int) {
	t.Helper()
	var trainer engine.Trainer[float32]
	var err error
	grads := make([]float32, len(params))
	batch := &engine.Batch[float32]{N: 1, Input: func(int, []float32) {}, Loss: func(int, []float32, []float32) float64 { return 0 }}
	took := memorytest.Allocated(func() {
		trainer, err = New().CompileTraining(net, engine.TrainingOptions{Options: engine.Options{Workers: 1}, Orders: orders})
		if err == nil {
			trainer.Gradient(grads, params, batch)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	plan, err := newPlan[float32](net, engine.MicroBatch(net), engine.MicroBatch(net), purpose{training: true, orders: orders})
	if err != nil {
		t.Fatal(err)
	}
	c := plan.cost(len(params), accumulators, 1)
	expect(t, fmt.Sprintf("%s trained with orders to %d", name, orders), c.shared+c.worker, took)
}

func expect(t *testing.T, name string, estimated, took float64) {
	t.Helper()
	const small = 1e6
	if took > estimated+small || estimated > 1.5*took+small {
		t.Errorf("%s: %s estimated, %s allocated", name, memory.Text(estimated), memory.Text(took))
	}
}

// Less memory means fewer workers and smaller micro-batches, and the same results.
func TestResultsDoNotDependOnMemory(t *testing.T) {
	const n = 9
	for name, net := range presets(t) {
		if net.MACs() > 2e7 {
			continue // slow, and no different
		}
		params, size := engine.Init(net, 1), net.Input.Size()
		input := func(i int, x []float32) {
			for j := range x {
				x[j] = float32((i*size+j)*7919%2048)/1024 - 1
			}
		}
		run := func(bytes int64) (logits []float32, images, workers int) {
			opts := engine.Options{Workers: 4, Memory: bytes}
			p, err := New().Compile(net, params, opts)
			if errors.Is(err, tensor.ErrMemory) {
				return nil, 0, 0
			}
			if err != nil {
				t.Fatal(err)
			}
			logits = make([]float32, n*net.Out().Size())
			p.Run(n, input, func(i int, y []float32) { copy(logits[i*len(y):], y) })
			own, _ := p.(*program[float32])
			return logits, own.plan.frame.Images, own.workers
		}
		want, images, workers := run(0)
		if images != inferenceMicroBatch || workers != 4 {
			t.Errorf("%s: %d workers with %d images", name, workers, images)
		}
		smaller, fewer := false, false
		for bytes := int64(1 << 30); ; bytes = bytes * 4 / 5 {
			got, images, workers := run(bytes)
			if got == nil {
				break
			}
			smaller, fewer = smaller || images < inferenceMicroBatch, fewer || workers < 4
			if workers < 4 && images > 1 {
				t.Errorf("%s: %d workers with %d images", name, workers, images)
			}
			if !slices.Equal(got, want) {
				t.Errorf("%s: other logits in %s", name, memory.Text(float64(bytes)))
			}
		}
		if !smaller && !fewer {
			t.Errorf("%s: never took less", name)
		}
	}
}
