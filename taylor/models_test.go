package taylor_test

import (
	"errors"
	"flag"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"github.com/coarsegrain/taylornet/dataset"
	"github.com/coarsegrain/taylornet/engine"
	"github.com/coarsegrain/taylornet/engine/cpu"
	"github.com/coarsegrain/taylornet/model"
	"github.com/coarsegrain/taylornet/taylor"
)

var (
	images = flag.Int("images", 25, "test images of each model to check")
	extra  = flag.String("model", "", "another model `FILE` to check")
	on     = flag.String("data", "", "the data set of -model")
)

// TestModels holds the expansions of trained models against the models, in
// float32 as they run and in float64:
//
//	go test ./taylor -run Models -v -images 1000
func TestModels(t *testing.T) {
	for _, m := range []struct{ file, data string }{
		{"../pretrained/digits.safetensors", "digits"}, {"../pretrained/mnist-paper.safetensors", "mnist"}, {*extra, *on},
	} {
		if m.file != "" {
			t.Run(m.data, func(t *testing.T) { checkModel(t, m.file, m.data) })
		}
	}
}

func checkModel(t *testing.T, file, name string) {
	data, err := dataset.Load(t.Context(), name, dataset.Options{Dirs: []string{os.Getenv("TAYLORNET_DATA")}})
	if errors.Is(err, dataset.ErrNotFound) {
		t.Skipf("%s is not there: set TAYLORNET_DATA", name)
	}
	if err != nil {
		t.Fatal(err)
	}
	m, err := model.Load(file)
	if err != nil {
		t.Fatal(err)
	}
	net, err := taylor.FromModel(m, taylor.Options{})
	if err != nil {
		t.Fatal(err)
	}
	exact, run := float64Program(t, m), float32Program(t, m)
	var worst struct{ single, double, shares float64 }
	about, right := taylor.Mean(m), 0
	for i := range min(*images, data.Test.Len()) {
		x := taylor.Point(data.Test.Image(i))
		l, err := net.Line(t.Context(), about, x)
		if err != nil {
			t.Fatal(err)
		}
		orders, logits := l.ByOrder(), l.Logits()
		want, single := exact(x), run(data.Test.Image(i))
		scale := 0.0
		for _, v := range want {
			scale = max(scale, math.Abs(v))
		}
		for k, v := range logits {
			worst.double = max(worst.double, math.Abs(v-want[k])/scale)
			worst.single = max(worst.single, math.Abs(v-float64(single[k]))/scale)
		}
		attributions, err := l.Attributions(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for k, attribution := range attributions {
			sum := orders[0][k]
			for _, shares := range attribution {
				for _, v := range shares {
					sum += v
				}
			}
			worst.shares = max(worst.shares, math.Abs(sum-want[k])/scale)
		}
		if slices.Index(logits, slices.Max(logits)) == int(data.Test.Labels[i]) {
			right++
		}
	}
	t.Logf("%d images, %d right: the orders' sum is within %.1e of the largest logit in float32 and %.1e in float64, the pixels' shares within %.1e",
		min(*images, data.Test.Len()), right, worst.single, worst.double, worst.shares)
	if !(worst.single <= 1e-4 && worst.double <= 1e-10 && worst.shares <= 1e-10) {
		t.Error("want 1e-4 in float32, 1e-10 in float64")
	}
	checkSecondOrder(t, m, net, exact)
}

// checkSecondOrder compares pair coefficients of the largest second-order terms
// of an input with finite differences.
func checkSecondOrder(t *testing.T, m *model.Model, net *taylor.Net, exact func(x []float64) []float64) {
	size, grey, in := m.Net().Input.Size(), taylor.Mean(m), m.Net().Input
	index := func(p [3]int) int { return (p[0]*in.W+p[1])*in.C + p[2] }
	r := rand.New(rand.NewPCG(1, 2))
	worst := 0.0
	for range 3 {
		x, centre := slices.Clone(grey), r.IntN(size)
		for i := range x {
			x[i]++ // unit steps, so that a pair's value is its coefficient
		}
		l, err := net.Line(t.Context(), grey, x)
		if err != nil {
			t.Fatal(err)
		}
		label := r.IntN(net.K)
		pairs, err := l.Pairs(t.Context(), label, []int{centre}, 5)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range pairs {
			i, j := index(p.Pixels[0]), index(p.Pixels[1])
			const h = 1e-3
			at := func(a, b float64) float64 {
				x := slices.Clone(grey)
				x[i] += a
				x[j] += b
				return exact(x)[label]
			}
			difference := (at(h, h) - at(h, -h) - at(-h, h) + at(-h, -h)) / (4 * h * h)
			if i == j {
				difference /= 2
			}
			worst = max(worst, math.Abs(p.Value-difference)/math.Abs(p.Value))
		}
	}
	t.Logf("the second-order coefficients are within %.1e of finite differences", worst)
	if !(worst <= 1e-3) {
		t.Error("want 1e-3")
	}
}

func float64Program(t *testing.T, m *model.Model) func(x []float64) []float64 {
	params := make([]float64, len(m.Params()))
	for i, v := range m.Params() {
		params[i] = float64(v)
	}
	program, err := cpu.Engine[float64]{}.Compile(m.Net(), params, engine.Options{Workers: 1})
	if err != nil {
		t.Fatal(err)
	}
	n := m.Normalisation()
	return func(x []float64) (logits []float64) {
		program.Run(1, func(_ int, to []float64) {
			for i := range to {
				c := i % len(n.Mean)
				to[i] = (x[i] - float64(n.Mean[c])) / float64(n.Std[c])
			}
		}, func(_ int, y []float64) { logits = slices.Clone(y) })
		return logits
	}
}

func float32Program(t *testing.T, m *model.Model) func(pixels []uint8) []float32 {
	program, err := cpu.New().Compile(m.Net(), m.Params(), engine.Options{Workers: 1})
	if err != nil {
		t.Fatal(err)
	}
	return func(pixels []uint8) (logits []float32) {
		program.Run(1, func(_ int, to []float32) { m.Normalisation().Apply(to, pixels) },
			func(_ int, y []float32) { logits = slices.Clone(y) })
		return logits
	}
}
