package engine_test

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/coarsegrain/taylornet/engine"
	"github.com/coarsegrain/taylornet/engine/cpu"
	"github.com/coarsegrain/taylornet/spec"
)

func parse(t testing.TB, source string) *spec.Net {
	t.Helper()
	net, err := spec.Parse(source)
	if err != nil {
		t.Fatal(err)
	}
	return net
}

func preset(t testing.TB, name string) *spec.Net {
	t.Helper()
	net, ok := spec.Preset(name)
	if !ok {
		t.Fatalf("no preset %s", name)
	}
	return net
}

// TestFoldLeavesNoNorm checks what becomes of norms; that the function stays
// the same is checked by engine/enginetest, whose reference does not fold.
func TestFoldLeavesNoNorm(t *testing.T) {
	for _, tt := range []struct{ net, want string }{
		{"Input(4,4,1) Conv(3,3,2,1,1,1) Norm CG(2,2,2,2,2) Norm Linear(3) Norm", "Input(4,4,1) Conv(3,3,2,1,1,1) CG(2,2,2,2,2) Linear(3)"},
		{"Input(4,4,1) Conv(3,3,2,1,1,1) Norm Norm Linear(3)", "Input(4,4,1) Conv(3,3,2,1,1,1) Linear(3)"},
		{"Input(4,4,2) Norm Norm Linear(3)", "Input(4,4,2) CG(1,1,2,1,1,order=1) Linear(3)"},
		{"Input(4,4,2) Sum{ Conv(1,1,2,1,1) Norm | } Norm Linear(3)", "Input(4,4,2) Sum{ Conv(1,1,2,1,1) | } CG(1,1,2,1,1,order=1) Linear(3)"},
		{"Input(4,4,2) Sum{ Conv(1,1,2,1,1) Norm | Conv(1,1,2,1,1) } Norm Norm Linear(3)", "Input(4,4,2) Sum{ Conv(1,1,2,1,1) | Conv(1,1,2,1,1) } CG(1,1,2,1,1,order=1) Linear(3)"},
		{"Input(4,4,2) Conv(1,1,2,1,1) Flatten Norm Linear(3)", "Input(4,4,2) Conv(1,1,2,1,1) Flatten CG(1,1,32,1,1,order=1) Linear(3)"},
		{"Input(4,4,2) Conv(1,1,2,1,1) Sum{ Norm | } Linear(3)", "Input(4,4,2) Conv(1,1,2,1,1) Sum{ CG(1,1,2,1,1,order=1) | } Linear(3)"},
		{
			"Input(4,4,2) Cat{ Norm | Sum{ CG(1,1,2,1,1) Norm | } } Linear(3)",
			"Input(4,4,2) Cat{ CG(1,1,2,1,1,order=1) | Sum{ CG(1,1,2,1,1) | } } Linear(3)",
		},
	} {
		net := parse(t, tt.net)
		folded, err := engine.Fold(net, engine.Init(net, 1))
		if err != nil {
			t.Fatalf("%s: %v", tt.net, err)
		}
		if want := parse(t, tt.want); folded.Net.String() != want.String() {
			t.Errorf("%s folds to\n%swant\n%s", tt.net, folded.Net, want)
		}
		if want := engine.VectorLen(folded.Net.Params()); len(folded.Params) != want {
			t.Errorf("%s: %d values, want %d", tt.net, len(folded.Params), want)
		}
		checkFrom(t, net, folded)
	}
}

// checkFrom checks that each step of a folded network was made from a step of its own
// kind and shape, and that only norms are missing.
func checkFrom(t *testing.T, net *spec.Net, folded *engine.Folded[float32]) {
	t.Helper()
	original, steps := net.Steps(), folded.Net.Steps()
	if len(folded.From) != len(steps) {
		t.Fatalf("%v: %d steps are made from %d", net, len(steps), len(folded.From))
	}
	kept := make([]bool, len(original))
	for i, from := range folded.From {
		kept[from] = true
		a, b := original[from], steps[i]
		if a.Name() != b.Name() && a.Name() != "Norm" || a.Out != b.Out {
			t.Errorf("%v: step %v is made from %v", net, b, a)
		}
	}
	for i, s := range original {
		if !kept[i] && s.Name() != "Norm" {
			t.Errorf("%v: nothing is made from step %v", net, s)
		}
	}
}

func TestFoldRefusesOtherVectors(t *testing.T) {
	net := parse(t, "Input(2,2,1) Linear(2)")
	if _, err := engine.Fold(net, make([]float32, 9)); !errors.Is(err, engine.ErrParams) {
		t.Errorf("error %v, want %v", err, engine.ErrParams)
	}
}

func TestInit(t *testing.T) {
	net := preset(t, "mnist-paper")
	a, b, c := engine.Init(net, 1), engine.Init(net, 1), engine.Init(net, 2)
	if !slices.Equal(a, b) || slices.Equal(a, c) {
		t.Error("initial parameters do not follow from the seed")
	}
	for _, p := range net.Params() {
		v := a[p.Offset:][:p.Size()]
		switch p.Role {
		case spec.Weight:
			var squares float64
			for _, x := range v {
				squares += float64(x) * float64(x)
			}
			variance := squares / float64(len(v)) * float64(p.FanIn)
			if !(math.Abs(variance-1) <= 0.3) {
				t.Errorf("%s: variance times fan-in is %v, want 1", p.Name, variance)
			}
		case spec.Scale, spec.Var:
			if slices.Min(v) != 1 || slices.Max(v) != 1 {
				t.Errorf("%s is not one", p.Name)
			}
		case spec.Bias, spec.Shift, spec.Mean, spec.Expansion:
			if slices.Min(v) != 0 || slices.Max(v) != 0 {
				t.Errorf("%s is not zero", p.Name)
			}
		case spec.Coefs:
			if v[0] != 0 || v[p.Shape[1]] != 0.25 {
				t.Errorf("%s: constant %v, first linear coefficient %v, want 0 and 0.25", p.Name, v[0], v[p.Shape[1]])
			}
		}
	}
}

// A network of one coarse-graining, y = c + sum a_i x_i + sum b_ij x_i x_j,
// evaluated on one image of two pixels.
func Example() {
	net, err := spec.Parse("Input(1,2,1) CG(1,2,1,1,1)")
	if err != nil {
		fmt.Println(err)
		return
	}
	coefs := []float32{1, 2, 3, 10, 20, 30} // 1, x1, x2, x1x1, x1x2, x2x2
	program, err := cpu.New().Compile(net, coefs, engine.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	program.Run(1,
		func(_ int, x []float32) { copy(x, []float32{1, 2}) },
		func(_ int, y []float32) { fmt.Println(y[0]) })
	// Output: 179
}

// BenchmarkGradient is a training step on a batch of 128 images.
func BenchmarkGradient(b *testing.B) {
	for _, name := range []string{"digits", "mnist-small", "mnist-paper"} {
		b.Run(name, func(b *testing.B) {
			net := preset(b, name)
			trainer, err := cpu.New().CompileTraining(net, engine.TrainingOptions{})
			if err != nil {
				b.Fatal(err)
			}
			images := randomImages(128, net.Input.Size())
			batch := &engine.Batch[float32]{
				N:     len(images),
				Input: func(i int, x []float32) { copy(x, images[i]) },
				Loss:  func(i int, dy, y []float32) float64 { return engine.CrossEntropy(dy, y, engine.Target{Label: i % 10}) },
			}
			params := engine.Init(net, 1)
			grads := make([]float32, len(params))
			for b.Loop() {
				trainer.Gradient(grads, params, batch)
			}
			b.ReportMetric(float64(b.N*len(images))/b.Elapsed().Seconds(), "images/s")
		})
	}
}

// BenchmarkRun is inference on 128 images, and on a single one.
func BenchmarkRun(b *testing.B) {
	net := preset(b, "mnist-paper")
	program, err := cpu.New().Compile(net, engine.Init(net, 1), engine.Options{})
	if err != nil {
		b.Fatal(err)
	}
	for _, n := range []int{1, 128} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			images := randomImages(n, net.Input.Size())
			for b.Loop() {
				program.Run(n, func(i int, x []float32) { copy(x, images[i]) }, func(int, []float32) {})
			}
			b.ReportMetric(float64(b.N*n)/b.Elapsed().Seconds(), "images/s")
		})
	}
}

func randomImages(n, size int) [][]float32 {
	r := rand.New(rand.NewPCG(1, 2))
	images := make([][]float32, n)
	for i := range images {
		images[i] = make([]float32, size)
		for j := range images[i] {
			images[i][j] = float32(r.NormFloat64())
		}
	}
	return images
}

func TestMicroBatch(t *testing.T) {
	tests := []struct {
		name, net string
		want      int
	}{
		{"all maps fit in a cache", "Input(8,8,1) Conv(3,3,64,1,1,1) Flatten Linear(10)", 16},
		{"large maps, few parameters", "Input(64,64,1) Conv(3,3,64,1,1,1) Flatten Linear(1)", 8},
		{"large maps, more parameters", "Input(64,64,1) Conv(3,3,64,1,1,1) Flatten Linear(10)", 16},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := engine.MicroBatch(parse(t, tt.net)); got != tt.want {
				t.Errorf("%d images, want %d", got, tt.want)
			}
		})
	}
}
