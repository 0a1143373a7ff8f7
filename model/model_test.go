package model_test

import (
	"context"
	"errors"
	"image"
	"math"
	"slices"
	"sync"
	"testing"

	"github.com/coarsegrain/taylornet/engine"
	"github.com/coarsegrain/taylornet/internal/approx"
	"github.com/coarsegrain/taylornet/model"
	"github.com/coarsegrain/taylornet/poly"
	"github.com/coarsegrain/taylornet/spec"
	"github.com/coarsegrain/taylornet/tensor"
)

func TestNewRefuses(t *testing.T) {
	const net = "Input(2,2,1) CG(2,2,1,2,2) Norm Linear(2)"
	for _, tt := range []struct {
		name   string
		change func(c *model.Config)
		want   string
	}{
		{"nothing", func(c *model.Config) { *c = model.Config{} }, "no network"},
		{"an empty network", func(c *model.Config) { c.Net = &spec.Net{} }, "network: "},
		{"a class too many", func(c *model.Config) { c.Classes = []string{"a", "b", "c"} }, "the network has 2 outputs for 3 classes"},
		{"a parameter too few", func(c *model.Config) { c.Params = c.Params[1:] }, "parameters do not fit the network"},
		{"NaN", func(c *model.Config) { tensorOf(*c, "2.linear.bias")[1] = float32(math.NaN()) }, "parameter 2.linear.bias has the value NaN at 1"},
		{"infinity", func(c *model.Config) { tensorOf(*c, "0.cg.coefficients")[3] = float32(math.Inf(-1)) }, "parameter 0.cg.coefficients has the value -Inf at 3"},
		{"negative variance", func(c *model.Config) { tensorOf(*c, "1.norm.variance")[0] = -1 }, "parameter 1.norm.variance has the negative variance -1 at 0"},
		{"channels", func(c *model.Config) { c.Normalisation.Mean = []float32{0, 0} }, "normalisation has 2 means"},
		{"no standard deviation", func(c *model.Config) { c.Normalisation.Std = []float32{0} }, "standard deviation of channel 0 is 0"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := config(t, net, "a", "b")
			tt.change(&c)
			_, err := model.New(c)
			oneLine(t, err, tt.want)
		})
	}
	c := config(t, net, "a", "b")
	c.Params = nil
	if _, err := model.New(c); !errors.Is(err, engine.ErrParams) {
		t.Errorf("error %v does not wrap ErrParams", err)
	}
}

// A model's norms are folded into their neighbours, which must change nothing:
// its logits are those of the network as it is written, worked out here by the
// formulas, in float64.
func TestNormsAreFolded(t *testing.T) {
	c := config(t, "Input(2,2,1) Conv(1,1,2,1,1) Norm CG(2,2,2,2,2) Norm Linear(3)", "a", "b", "c")
	m := compile(t, c)
	pixels := []float32{0.1, 0.9, 0.4, 0.65}
	got, err := m.Logits(t.Context(), tensor.Tensor{Shape: []int{1, 2, 2, 1}, Data: pixels})
	if err != nil {
		t.Fatal(err)
	}
	value := func(name string, i int) float64 { return float64(tensorOf(c, name)[i]) }
	norm := func(path string, ch int, v float64) float64 {
		root := math.Sqrt(value(path+".norm.variance", ch) + 1e-5)
		return (v-value(path+".norm.mean", ch))/root*value(path+".norm.scale", ch) + value(path+".norm.shift", ch)
	}
	want := []float64{value("4.linear.bias", 0), value("4.linear.bias", 1), value("4.linear.bias", 2)}
	for ch := range 2 {
		var window []float64
		for _, p := range pixels {
			x := (float64(p) - float64(c.Normalisation.Mean[0])) / float64(c.Normalisation.Std[0])
			window = append(window, norm("1", ch, x*value("0.conv.weight", ch)+value("0.conv.bias", ch)))
		}
		sum := 0.0
		for i, monomial := range poly.Monomials(4, 2) {
			term := value("2.cg.coefficients", 2*i+ch)
			for _, j := range monomial {
				term *= window[j]
			}
			sum += term
		}
		for k := range want {
			want[k] += norm("3", ch, sum) * value("4.linear.weight", 3*ch+k)
		}
	}
	if err := approx.Slices(got.Data, want, func(i int) float64 { return 1e-5 * math.Max(1, math.Abs(want[i])) }); err != nil {
		t.Error(err)
	}
}

func TestConcurrentUse(t *testing.T) {
	m := compile(t, config(t, "Input(6,6,1) Conv(3,3,4,1,1,1) Norm CG(2,2,4,2,2) Linear(2)", "a", "b"))
	x := tensor.New(9, 6, 6, 1)
	for i := range x.Data {
		x.Data[i] = float32(i%7) / 7
	}
	want, err := m.Logits(t.Context(), x)
	if err != nil {
		t.Fatal(err)
	}
	var wait sync.WaitGroup
	for n := range 9 {
		wait.Go(func() {
			part := tensor.Tensor{Shape: []int{n + 1, 6, 6, 1}, Data: x.Data[:(n+1)*36]}
			for range 5 {
				got, err := m.Logits(t.Context(), part)
				if err != nil || !slices.Equal(got.Data, want.Data[:(n+1)*2]) {
					t.Errorf("with others at once: %v, error %v, want %v", got.Data, err, want.Data[:(n+1)*2])
				}
			}
		})
	}
	wait.Wait()
}

// Neither what a model was made from nor what its accessors return is a way to change it.
func TestModelDoesNotChange(t *testing.T) {
	c := config(t, "Input(2,2,1) CG(2,2,1,2,2) Linear(2)", "a", "b")
	m := compile(t, c)
	before := fileOf(t, m)
	for _, c := range []model.Config{c, m.Config(), {
		Net: m.Net(), Params: m.Params(), Classes: m.Classes(), Normalisation: m.Normalisation(), Training: m.Training(),
	}} {
		c.Params[0]++
		c.Classes[0] = "c"
		c.Normalisation.Mean[0]++
		c.Normalisation.Std[0]++
		c.Training[0] = ' '
		if cg, ok := c.Net.Ops[0].(*spec.CG); ok {
			cg.Order = 1
		}
		c.Net.Ops = c.Net.Ops[:1]
	}
	if !slices.Equal(fileOf(t, m), before) {
		t.Error("the model has changed")
	}
}

func TestInterrupted(t *testing.T) {
	m := brightest(t)
	ctx, cancel := context.WithCancelCause(t.Context())
	cause := errors.New("enough")
	cancel(cause)
	images := coloured().All()
	_, evaluate := m.Evaluate(ctx, images)
	_, measure := m.MeasureRange(ctx, images)
	_, predict := m.PredictBatch(ctx, []image.Image{images.Set.Picture(0)})
	_, logits := m.Logits(ctx, tensor.New(1, 1, 1, 3))
	for _, err := range []error{evaluate, measure, predict, logits} {
		if !errors.Is(err, cause) {
			t.Errorf("error %v, want one that wraps the cause of the context", err)
		}
	}
}
