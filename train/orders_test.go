package train

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"testing"

	"github.com/coarsegrain/taylornet/engine"
	"github.com/coarsegrain/taylornet/internal/ctxtest"
)

// graded is a graded run, to orders below the degree of its network.
func graded() Config {
	c := small()
	c.Net = "Input(8,8,1) Conv(3,3,4,1,1,1) Norm CG(2,2,4,2,2) Conv(1,1,6,1,1) Norm CG(2,2,6,2,2) Linear(10)"
	c.Orders, c.Graded = 2, 0.2
	return c
}

// TestGradedStops ends a graded run anywhere. The rest must come to the same model.
func TestGradedStops(t *testing.T) {
	data, cfg := digits(t), graded()
	cfg.Epochs = 2
	all := ctxtest.After(t.Context(), 0)
	whole, err := Run(all, cfg, data, Options{Workers: 1})
	if err != nil {
		t.Fatal(err)
	}
	const stops = 6
	for i := range stops {
		opts := Options{Workers: 1, Dir: filepath.Join(t.TempDir(), "run")}
		after := 1 + i*(all.Asked()-1)/stops
		if _, err := Run(ctxtest.After(t.Context(), after), cfg, data, opts); !errors.Is(err, ErrInterrupted) {
			t.Fatalf("ended at question %d of %d: %v", after, all.Asked(), err)
		}
		opts.Resume, opts.Workers = true, 2
		resumed, err := Run(t.Context(), cfg, data, opts)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(modelBytes(t, resumed), modelBytes(t, whole)) {
			t.Errorf("ended at question %d of %d: another model", after, all.Asked())
		}
		if got, want := resumed.History[1].Partial, whole.History[1].Partial; len(want) != cfg.Orders || !slices.Equal(got, want) {
			t.Errorf("ended at question %d of %d: partial sums %v, want %v", after, all.Asked(), got, want)
		}
	}
	if got := whole.Model.Expansion(); !slices.Equal(got, whole.Model.Normalisation().Mean) {
		t.Errorf("expansion point %v, want the mean level", got)
	}
}

// TestPartialSums compares the accuracies of partial sums with those of the network of
// degree 2 itself, whose orders follow from its logits at x, -x and 0.
func TestPartialSums(t *testing.T) {
	cfg := graded()
	cfg.Net, cfg.Orders = small().Net, 3
	r, err := newRun(cfg, digits(t), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := r.epoch(t.Context()); err != nil {
		t.Fatal(err)
	}
	program, err := r.opts.Engine.Compile(r.net, r.average, engine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	n, classes := r.validation.Len(), r.net.Out().Size()
	at := func(scale float32) []float32 { // the logits of the images times a number
		logits := make([]float32, n*classes)
		program.Run(n, func(i int, x []float32) {
			r.norm.Apply(x, r.validation.Image(i))
			for k := range x {
				x[k] *= scale
			}
		}, func(i int, y []float32) { copy(logits[i*classes:], y) })
		return logits
	}
	full, mirrored, zero := at(1), at(-1), at(0)
	var first, all float64
	for i := range n {
		y := full[i*classes:][:classes]
		all += accuracyOf(y, r.validation.Label(i))
		for c := range y {
			y[c] = zero[i*classes+c] + (y[c]-mirrored[i*classes+c])/2
		}
		first += accuracyOf(y, r.validation.Label(i))
	}
	got := r.History[0].Partial
	if len(got) != 3 {
		t.Fatalf("%d partial sums, want 3", len(got))
	}
	for k, want := range []float64{first, all, all} {
		within(t, fmt.Sprintf("order %d", k+1), got[k], want/float64(n), n)
	}
	if !(first < all) {
		t.Errorf("order 1 is as accurate as all: %v and %v", first, all)
	}
}

func accuracyOf(y []float32, label int) float64 {
	if hit(y, label) {
		return 1
	}
	return 0
}

// TestGradedLoss compares the loss of an image and its gradient with the sum over the full
// logits and the partial sums, each limited by itself.
func TestGradedLoss(t *testing.T) {
	cfg := graded()
	cfg.Spread = 4
	r, err := newRun(cfg, digits(t), Options{})
	if err != nil {
		t.Fatal(err)
	}
	const classes = 10
	y, dy := make([]float32, 4*classes), make([]float32, 4*classes)
	for i := range y {
		y[i] = float32(i*i%7) / 7
	}
	y[2*classes] = 50 // the first order, and so both partial sums, are beyond the limit
	r.targets[0] = engine.Target{Label: 3, Smoothing: 0.1}
	sum, unused := slices.Clone(y[classes:][:classes]), make([]float32, classes)
	want := r.crossEntropy(unused, y[:classes], 0)
	if free := engine.CrossEntropy(unused, y[:classes], r.targets[0]); want != free {
		t.Errorf("the loss of the full logits is %v, want %v without a limit", want, free)
	}
	for k := 1; k <= cfg.Orders; k++ {
		for c, v := range y[(1+k)*classes:][:classes] {
			sum[c] += v
		}
		loss := r.crossEntropy(unused, sum, 0)
		if free := engine.CrossEntropy(unused, sum, r.targets[0]); !(loss < free/10) {
			t.Errorf("the loss to order %d is %v, which is %v without a limit", k, loss, free)
		}
		want += cfg.Graded * loss
	}
	if got := r.loss(0, dy, y); !(math.Abs(got-want) <= 1e-12*want) || r.hits[0] != hit(y[:classes], 3) {
		t.Errorf("loss %v, want %v; hit %v", got, want, r.hits[0])
	}
	if n := testing.AllocsPerRun(10, func() { r.loss(0, dy, y) }); n > 0 {
		t.Errorf("the loss of an image allocates %v times", n)
	}
	// The sum over classes of a cross-entropy's gradient is zero, so that of each order is.
	for k := range 4 {
		var total float32
		for _, v := range dy[k*classes:][:classes] {
			total += v
		}
		if !(math.Abs(float64(total)) <= 1e-5) || dy[k*classes] == 0 {
			t.Errorf("gradient of part %d: %v", k, dy[k*classes:][:classes])
		}
	}
}

// TestMeasuredOrders measures the partial sums of a plain run, which changes nothing in it.
func TestMeasuredOrders(t *testing.T) {
	data, cfg := digits(t), graded()
	cfg.Orders, cfg.Graded, cfg.Epochs = 0, 0, 2
	plain, err := Run(t.Context(), cfg, data, Options{})
	if err != nil {
		t.Fatal(err)
	}
	cfg.Orders = 4 // the degree: the last partial sum is the network
	measured, err := Run(t.Context(), cfg, data, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(measured.Model.Params(), plain.Model.Params()) || measured.Best != plain.Best {
		t.Error("the run with measured orders came to another model")
	}
	for i, m := range measured.History {
		if len(m.Partial) != cfg.Orders {
			t.Errorf("epoch %d: partial sums %v, want %d", m.Epoch, m.Partial, cfg.Orders)
		}
		if want := plain.History[i]; m.TrainLoss != want.TrainLoss || m.ValidationLoss != want.ValidationLoss || want.Partial != nil {
			t.Errorf("epoch %d: %+v, without orders %+v", m.Epoch, m, want)
		}
		within(t, "validation", m.Partial[3], m.ValidationAccuracy, measured.Validation.Total)
	}
	if len(measured.TestPartial) != cfg.Orders || plain.TestPartial != nil {
		t.Fatalf("test accuracies of partial sums %v, without orders %v", measured.TestPartial, plain.TestPartial)
	}
	within(t, "test", measured.TestPartial[3], measured.Test.Accuracy(), measured.Test.Total)
	if !(measured.TestPartial[0] < measured.TestPartial[3]) {
		t.Errorf("order 1 is as accurate as all: %v", measured.TestPartial)
	}
}

// within checks that two accuracies on n images are the same but for an image, whose logits
// may be as good as equal.
func within(t *testing.T, what string, got, want float64, n int) {
	t.Helper()
	if !(math.Abs(got-want) <= 1.5/float64(n)) {
		t.Errorf("%s: got accuracy %v, want %v", what, got, want)
	}
}

func TestGradedNeedsPolynomial(t *testing.T) {
	cfg := graded()
	cfg.Net = "Input(8,8,1) Conv(3,3,4,1,1,1) ReLU Linear(10)"
	if err := Check(cfg, digits(t), Options{}); !errors.Is(err, engine.ErrNotPolynomial) {
		t.Errorf("a network with ReLU: %v", err)
	}
}
