package enginetest

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/coarsegrain/taylornet/engine"
	"github.com/coarsegrain/taylornet/internal/approx"
	"github.com/coarsegrain/taylornet/spec"
	"github.com/coarsegrain/taylornet/tensor"
)

// nets are small networks that together have every operation.
var nets = map[string]string{
	"identity": "Input(1,1,3) Sum{ | }",
	"linear":   "Input(2,3,2) Linear(4)",
	"digits":   "Input(8,8,1) Conv(3,3,8,1,1,1) Norm CG(2,2,8,2,2) Conv(3,3,8,1,1,1) Norm CG(2,2,8,2,2) Linear(5)",
	"dilated":  "Input(14,14,1) Conv(3,3,5,1,1,1) Norm CG(2,2,5,1,1,7) Conv(3,3,6,1,1,1) CG(2,2,6,1,1,3) Norm CG(2,2,6,2,2) Linear(3)",
	"orders":   "Input(6,6,2) CG(2,3,2,2,3,order=3) Conv(1,1,3,1,1) CG(1,2,3,1,1,order=1) Linear(3)",
	"strides":  "Input(9,7,3) Conv(3,2,4,2,3,1) Norm Conv(2,2,5,1,1) Flatten Linear(6) Norm CG(1,1,6,1,1) Linear(2)",
	"residual": "Input(6,6,2) Sum{ Conv(3,3,2,1,1,1) Norm | } CG(2,2,2,2,2) Sum{ CG(1,1,2,1,1) | Conv(1,1,2,1,1) | } Linear(3)",
	"parallel": "Input(6,6,2) Cat{ CG(2,2,2,2,2) | AvgPool(2,2,2,2) | Conv(2,2,3,2,2) Norm } Cat{ | Sum{ | Norm } } AvgPool Linear(4)",
	"direct":   "Input(3,2,2) Taylor(5) Norm Conv(1,1,4,1,1) Taylor(3,order=3)",
	"gain":     "Input(5,4,3) Conv(3,3,4,1,1,1) Norm Gain(6) Gain(1) CG(2,2,4,1,1) Norm Gain(9) Linear(3)",
	"tied":     "Input(8,8,1) Conv(3,3,5,1,1,1) Norm CG(2,2,5,2,2,tie=1) Norm Conv(3,3,5,1,1,1) CG(2,2,5,2,2,tie=1) Norm Linear(3)",
	"ablated":  "Input(8,8,1) Conv(3,3,4,1,1,1) ReLU MaxPool(2,2,2,2) Conv(3,3,4,1,1) ReLU MaxPool(2,2,1,1) Linear(3)",
	// Convolutions that an engine may compute by Winograd's algorithm: 3x3 of stride
	// 1, with 16 channels or more, and lattices of several tiles that end within one.
	"wide":   "Input(6,14,1) Conv(3,3,16,1,1,1) Norm Gain(9) CG(2,2,16,1,1,tie=1) Norm Conv(3,3,16,1,1,1) Norm CG(2,2,16,2,2,tie=1) Gain(60) Linear(3)",
	"uneven": "Input(7,15,17) Conv(3,3,18,1,1) Norm Conv(3,3,16,1,1,2) Linear(2)",
}

// Suite is networks with random parameters and images. What the reference computed is
// kept from one run to the next, of whatever element type.
type Suite struct {
	problems map[string]*problem
}

// New returns the suite.
func New(t *testing.T) *Suite {
	s := &Suite{problems: map[string]*problem{}}
	for name := range nets {
		s.problems[name] = newProblem(parse(t, name))
	}
	return s
}

// Run tests that an engine agrees with the reference and keeps what package engine
// promises. tol is the relative tolerance for the element type, to which the engine's
// parameters and images are rounded.
func Run[T tensor.Float](t *testing.T, s *Suite, e engine.Engine[T], tol float64) {
	for name, p := range s.problems {
		c := &testCase[T]{problem: p}
		t.Run(name+"/forward", func(t *testing.T) { c.forward(t, e, tol) })
		t.Run(name+"/gradient", func(t *testing.T) { c.gradient(t, e, tol) })
		t.Run(name+"/workers", func(t *testing.T) { c.workers(t, e) })
		t.Run(name+"/context", func(t *testing.T) { c.stops(t, e) })
		fixed := *c
		fixed.fixedStats = true
		t.Run(name+"/fixed statistics", func(t *testing.T) { fixed.gradient(t, e, tol) })
		limited := *c
		limited.limitGains = true
		t.Run(name+"/limited gains", func(t *testing.T) { limited.gradient(t, e, tol) })
		t.Run(name+"/graded", func(t *testing.T) { c.graded(t, e, tol) })
	}
	t.Run("allocations", func(t *testing.T) { allocations(t, e, 0) })
	t.Run("allocations of graded passes", func(t *testing.T) { allocations(t, e, 3) })
	t.Run("concurrency", func(t *testing.T) { concurrency(t, e) })
	t.Run("wrong parameters", func(t *testing.T) { wrongParams(t, e) })
}

// parse returns one of nets.
func parse(t *testing.T, name string) *spec.Net {
	t.Helper()
	net, err := spec.Parse(nets[name])
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return net
}

// testCase is a problem and how an engine is to solve it.
type testCase[T tensor.Float] struct {
	*problem

	fixedStats bool // take gradients with norms that use the parameters' statistics
	limitGains bool // take gradients with limited gains
	orders     int  // of graded passes, else 0
}

// problem is a network with random parameters and images.
type problem struct {
	net     *spec.Net
	classes int
	params  []float64
	images  [][]float64
	// evaluations are the reference's, by what is moved and how.
	evaluations map[string]evaluation
}

// evaluation is what the reference finds for the batch.
type evaluation struct {
	losses  []float64 // means, by orders
	penalty float64   // of gains
	stats   map[string][]float64
}

const images = 11

func newProblem(net *spec.Net) *problem {
	r := rand.New(rand.NewPCG(1, 2))
	c := &problem{net: net, classes: net.Out().Size(), evaluations: map[string]evaluation{}}
	for _, p := range net.Params() {
		for range p.Size() {
			v := r.NormFloat64()
			switch p.Role {
			case spec.Weight:
				v /= math.Sqrt(float64(p.FanIn))
			case spec.Coefs, spec.Expansion:
				v /= float64(p.Shape[0])
			case spec.Var, spec.Scale:
				v = 0.5 + math.Abs(v)
			case spec.Bias, spec.Shift, spec.Mean: // as drawn
			}
			c.params = append(c.params, v)
		}
	}
	for range images {
		image := make([]float64, net.Input.Size())
		for j := range image {
			image[j] = r.NormFloat64()
		}
		c.images = append(c.images, image)
	}
	return c
}

func convert[T tensor.Float](v []float64) []T {
	out := make([]T, len(v))
	for i, x := range v {
		out[i] = T(x)
	}
	return out
}

func (c *testCase[T]) input(i int, x []T) { copy(x, convert[T](c.images[i])) }

func (c *testCase[T]) forward(t *testing.T, e engine.Engine[T], tol float64) {
	want := newReference(c.net, c.params, false, 0).logits(c.images)
	for _, opts := range []engine.Options{{Workers: 1}, {Workers: 3, MicroBatch: 2}, {MicroBatch: 64}} {
		program, err := e.Compile(c.net, convert[T](c.params), opts)
		if err != nil {
			t.Fatal(err)
		}
		got := make([][]T, images)
		program.Run(images, c.input, func(i int, y []T) { got[i] = append([]T(nil), y...) })
		for i := range want {
			if err := compare(got[i], want[i], tol); err != nil {
				t.Fatalf("options %+v: logits of image %d: %v", opts, i, err)
			}
		}
	}
}

// target returns the class that image i is labelled with.
func (c *testCase[T]) target(i int) engine.Target {
	return engine.Target{Label: i % c.classes, Smoothing: 0.1}
}

func (c *testCase[T]) batch() *engine.Batch[T] {
	return &engine.Batch[T]{
		N: images, Input: c.input,
		Loss: func(i int, dy, y []T) float64 { return imageLoss(c, c.orders, i, dy, y) },
	}
}

// weights are those of the losses of the partial sums in graded passes.
var weights = []float64{0.5, 0.2, 0.3, 0.1, 0.4}

// imageLoss is the loss of image i in passes with the given orders.
func imageLoss[E, T tensor.Float](c *testCase[E], orders, i int, dy, y []T) float64 {
	if orders == 0 {
		return engine.CrossEntropy(dy, y, c.target(i))
	}
	return engine.GradedCrossEntropy(dy, y, c.target(i), weights[:orders])
}

// gains reports whether the network has gains.
func (c *testCase[T]) gains() bool { return strings.Contains(c.net.String(), "Gain") }

// options returns the trainer's options for a micro-batch.
func (c *testCase[T]) options(micro int) engine.TrainingOptions {
	return engine.TrainingOptions{
		Options:    engine.Options{MicroBatch: micro},
		FixedStats: c.fixedStats, LimitGains: c.limitGains, Orders: c.orders,
	}
}

// evaluate returns the reference's losses on micro-batches, the penalty that trainers add
// for the gradient, and the averages of the norms' statistics. One evaluation serves
// passes with fewer orders too, because what is computed of a series does not depend on
// where it ends. at returns the parameters and images, which what names.
func (c *testCase[T]) evaluate(what string, micro, highest int, at func() (params []float64, list [][]float64)) evaluation {
	key := fmt.Sprint(what, micro, c.fixedStats, c.limitGains && c.gains())
	if e, ok := c.evaluations[key]; ok {
		return e
	}
	params, list := at()
	e := evaluation{losses: make([]float64, highest+1), stats: map[string][]float64{}}
	parts := (images + micro - 1) / micro
	for m := range parts {
		first, end := m*images/parts, (m+1)*images/parts
		r := newReference(c.net, params, !c.fixedStats, highest)
		r.limited = c.limitGains
		for i, y := range r.logits(list[first:end]) {
			for orders := range e.losses {
				part := y[:c.classes]
				if orders > 0 {
					part = y[:(orders+2)*c.classes]
				}
				e.losses[orders] += imageLoss(c, orders, first+i, make([]float64, len(part)), part) / images
			}
		}
		e.penalty += r.penalty / images
		for name, v := range r.stats {
			if e.stats[name] == nil {
				e.stats[name] = make([]float64, len(v))
			}
			for k := range v {
				e.stats[name][k] += v[k] / float64(parts)
			}
		}
	}
	for _, p := range c.net.Params() {
		if p.Role.Statistic() && c.fixedStats {
			e.stats[p.Name] = make([]float64, p.Size())
		}
	}
	c.evaluations[key] = e
	return e
}

// gradient compares the loss, the statistics, and the gradient along random
// directions with central differences of the reference.
func (c *testCase[T]) gradient(t *testing.T, e engine.Engine[T], tol float64) {
	const micro = 4
	opts := c.options(micro)
	opts.InputGrad = true
	trainer, err := e.CompileTraining(c.net, opts)
	if err != nil {
		t.Fatal(err)
	}
	batch := c.batch()
	dx := make([][]T, images)
	batch.InputGrad = func(i int, v []T) { dx[i] = append([]T(nil), v...) }
	grads := make([]T, len(c.params))
	got := trainer.Gradient(grads, convert[T](c.params), batch)
	want := c.evaluate("", micro, c.highest(), func() ([]float64, [][]float64) { return c.params, c.images })
	if err := compare([]float64{got}, want.losses[c.orders:][:1], tol); err != nil {
		t.Fatalf("loss: %v", err)
	}
	for _, p := range c.net.Params() {
		part := grads[p.Offset:][:p.Size()]
		if p.Role.Statistic() {
			if err := compare(part, want.stats[p.Name], tol); err != nil {
				t.Fatalf("%s: %v", p.Name, err)
			}
			continue
		}
		c.direction(t, p.Name, part, tol, micro, func(step []float64) (params []float64, list [][]float64) {
			params = append([]float64(nil), c.params...)
			for i, d := range step {
				params[p.Offset+i] += d
			}
			return params, c.images
		})
	}
	c.withoutLoss(t, trainer, batch, want.stats, tol)
	c.fixed(t, e, micro, dx)
	var flat []T
	for _, v := range dx {
		flat = append(flat, v...)
	}
	size := c.net.Input.Size()
	c.direction(t, "input", flat, tol, micro, func(step []float64) (params []float64, list [][]float64) {
		for i, image := range c.images {
			moved := append([]float64(nil), image...)
			for j := range moved {
				moved[j] += step[i*size+j]
			}
			list = append(list, moved)
		}
		return c.params, list
	})
}

// withoutLoss checks that without a loss only the statistics are computed.
func (c *testCase[T]) withoutLoss(t *testing.T, trainer engine.Trainer[T], batch *engine.Batch[T], stats map[string][]float64, tol float64) {
	t.Helper()
	batch.Loss = nil
	trained := c.net.NumParams()
	average := make([]float64, len(c.params)-trained)
	var lock sync.Mutex
	micros := 0
	batch.Stats = func(stats []T) {
		lock.Lock()
		defer lock.Unlock()
		micros++
		for i, v := range stats {
			average[i] += float64(v)
		}
	}
	grads := make([]T, len(c.params))
	if loss := trainer.Gradient(grads, convert[T](c.params), batch); loss != 0 {
		t.Fatalf("loss without a loss function: %v", loss)
	}
	for _, p := range c.net.Params() {
		part, want := grads[p.Offset:][:p.Size()], stats[p.Name]
		if !p.Role.Statistic() {
			want = make([]float64, p.Size())
		}
		if err := compare(part, want, tol); err != nil {
			t.Fatalf("%s without a loss function: %v", p.Name, err)
		}
	}
	for i := range average {
		average[i] /= float64(micros)
	}
	if err := compare(grads[trained:], average, tol); err != nil {
		t.Fatalf("statistics of %d micro-batches: %v", micros, err)
	}
}

// fixed compares the gradient to the images with that of a trainer that computes
// nothing else.
func (c *testCase[T]) fixed(t *testing.T, e engine.Engine[T], micro int, want [][]T) {
	t.Helper()
	opts := c.options(micro)
	opts.InputGrad, opts.FixedParams = true, true
	trainer, err := e.CompileTraining(c.net, opts)
	if err != nil {
		t.Fatal(err)
	}
	batch := c.batch()
	batch.InputGrad = func(i int, v []T) {
		if !slices.Equal(v, want[i]) {
			t.Errorf("input gradient of image %d with fixed parameters: %v, want %v", i, v, want[i])
		}
	}
	params := convert[T](c.params)
	for range 2 {
		trainer.Gradient(nil, params, batch)
	}
}

// direction compares the gradient grad along random directions with central
// differences; move returns the parameters and images after a step.
func (c *testCase[T]) direction(t *testing.T, what string, grad []T, tol float64, micro int, move func(step []float64) ([]float64, [][]float64)) {
	t.Helper()
	r := rand.New(rand.NewPCG(3, 4))
	directions, highest := 3, c.highest()
	if c.orders > 0 { // whose reference takes long
		directions = 1
	}
	for k := range directions {
		const h = 1e-6
		step, minus := make([]float64, len(grad)), make([]float64, len(grad))
		var got, size float64
		for i, g := range grad {
			d := r.NormFloat64()
			step[i], minus[i] = h*d, -h*d
			got += d * float64(g)
			size += math.Abs(d * float64(g))
		}
		up := c.evaluate(fmt.Sprint(what, k, "+"), micro, highest, func() ([]float64, [][]float64) { return move(step) })
		down := c.evaluate(fmt.Sprint(what, k, "-"), micro, highest, func() ([]float64, [][]float64) { return move(minus) })
		want := (up.losses[c.orders] + up.penalty - down.losses[c.orders] - down.penalty) / (2 * h)
		// Graded passes take only the first direction.
		highest = 0
		// Orders cancel.
		if !approx.Close(got, want, max(tol, 1e-6)*(0.1+float64(c.orders)+size)) {
			t.Fatalf("gradient to %s along a direction: got %v, central difference %v", what, got, want)
		}
	}
}

// workers checks that gradients do not depend on the number of workers, to the
// bit.
func (c *testCase[T]) workers(t *testing.T, e engine.Engine[T]) {
	var first []T
	for _, workers := range []int{1, 2, 3, 4, 7} {
		opts := c.options(2)
		opts.Workers = workers
		trainer, err := e.CompileTraining(c.net, opts)
		if err != nil {
			t.Fatal(err)
		}
		grads := make([]T, len(c.params))
		for range 2 { // the second call finds what the first one left in memory
			trainer.Gradient(grads, convert[T](c.params), c.batch())
			if first == nil {
				first = append(first, grads...)
			}
			for i := range grads {
				if math.Float64bits(float64(grads[i])) != math.Float64bits(float64(first[i])) {
					t.Fatalf("%d workers: element %d is %v, with one worker %v", workers, i, grads[i], first[i])
				}
			}
		}
	}
}

// allocations checks that a training step allocates nothing.
func allocations[T tensor.Float](t *testing.T, e engine.Engine[T], orders int) {
	c := &testCase[T]{problem: newProblem(parse(t, "residual")), orders: orders}
	opts := c.options(2)
	opts.Workers = 2
	trainer, err := e.CompileTraining(c.net, opts)
	if err != nil {
		t.Fatal(err)
	}
	batch := c.batch()
	batch.Input = func(i int, x []T) {
		for j := range x {
			x[j] = T(c.images[i][j])
		}
	}
	grads, params := make([]T, len(c.params)), convert[T](c.params)
	trainer.Gradient(grads, params, batch)
	if n := testing.AllocsPerRun(20, func() { trainer.Gradient(grads, params, batch) }); n != 0 {
		t.Errorf("a step allocates %v times, want 0", n)
	}
}

// concurrency runs one program from several goroutines at once.
func concurrency[T tensor.Float](t *testing.T, e engine.Engine[T]) {
	c := &testCase[T]{problem: newProblem(parse(t, "dilated"))}
	program, err := e.Compile(c.net, convert[T](c.params), engine.Options{Workers: 2})
	if err != nil {
		t.Fatal(err)
	}
	run := func() string {
		got := make([][]T, images)
		program.Run(images, c.input, func(i int, y []T) { got[i] = append([]T(nil), y...) })
		return fmt.Sprint(got)
	}
	want := run()
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() {
			for range 5 {
				if got := run(); got != want {
					t.Error("logits differ between concurrent calls")
				}
			}
		})
	}
	wait.Wait()
	program.Run(0, nil, nil)
}

func wrongParams[T tensor.Float](t *testing.T, e engine.Engine[T]) {
	net := parse(t, "linear")
	if _, err := e.Compile(net, make([]T, 3), engine.Options{}); !errors.Is(err, engine.ErrParams) {
		t.Errorf("Compile with 3 parameters: error %v, want %v", err, engine.ErrParams)
	}
}

// compare tests that got is want within tol, relative to the largest magnitude in
// want or to 1, whichever is larger.
func compare[T tensor.Float](got []T, want []float64, tol float64) error {
	size := 1.0
	for _, w := range want {
		size = max(size, math.Abs(w))
	}
	return approx.Slices(got, want, func(int) float64 { return tol * size })
}
