package optim

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"slices"
	"testing"
)

// golden is what testdata/golden.py wrote.
type golden struct {
	Start     []float32
	Rate      float64
	Decay     float64
	Gradients [][]float32
	AdamW     [][]float32
	SGD       [][]float32
	Nesterov  [][]float32
	Muon      []struct {
		Rows, Cols int
		Start      []float32
		Gradients  [][]float32
		Path       [][]float32
	}
	OneCycle []struct {
		Total  int
		WarmUp float64 `json:"warm_up"`
		Rates  []float64
	} `json:"one_cycle"`
	Clip struct {
		Limit, Norm float64
		Clipped     []float32
	}
}

func readGolden(t *testing.T) golden {
	t.Helper()
	data, err := os.ReadFile("testdata/golden.json")
	if err != nil {
		t.Fatal(err)
	}
	var g golden
	if err := json.Unmarshal(data, &g); err != nil {
		t.Fatal(err)
	}
	return g
}

func TestOptimisersAgainstPyTorch(t *testing.T) {
	g := readGolden(t)
	for _, tt := range []struct {
		name string
		opt  func(n int, decayed []Range) Optimiser
		want [][]float32
	}{
		{"adamw", AdamW{Beta1: 0.9, Beta2: 0.99, Eps: 1e-6, WeightDecay: g.Decay}.New, g.AdamW},
		{"sgd", SGD{Momentum: 0.9, WeightDecay: g.Decay}.New, g.SGD},
		{"nesterov", SGD{Momentum: 0.9, Nesterov: true, WeightDecay: g.Decay}.New, g.Nesterov},
	} {
		if len(tt.want) != len(g.Gradients) || len(tt.want) < 10 {
			t.Fatalf("%s: %d steps for %d gradients", tt.name, len(tt.want), len(g.Gradients))
		}
		p := slices.Clone(g.Start)
		opt := tt.opt(len(p), []Range{{0, 3}})
		for step, grads := range g.Gradients {
			opt.Step(p, grads, g.Rate)
			compare(t, fmt.Sprintf("%s, step %d", tt.name, step), p, tt.want[step])
		}
	}
}

// Each matrix is decayed, and stands between two other parameters.
func TestMuonAgainstPyTorch(t *testing.T) {
	g := readGolden(t)
	if len(g.Muon) < 3 {
		t.Fatalf("%d matrices", len(g.Muon))
	}
	for _, tt := range g.Muon {
		n := tt.Rows * tt.Cols
		p := append(append([]float32{1}, tt.Start...), 1)
		opt := Muon{AdamW{Beta1: 0.9, Beta2: 0.99, Eps: 1e-6, WeightDecay: g.Decay}, 0.9, 0}.
			New(n+2, []Range{{1, n + 1}}, []Matrix{{1, tt.Rows, tt.Cols}})
		for step, grads := range tt.Gradients {
			opt.Step(p, append(append([]float32{1}, grads...), -1), g.Rate)
			compare(t, fmt.Sprintf("%dx%d, step %d", tt.Rows, tt.Cols, step), p[1:n+1], tt.Path[step])
			// A constant gradient makes AdamW's steps as long as the rate.
			moved := float32(g.Rate) * float32(step+1)
			compare(t, fmt.Sprintf("around it, step %d", step), []float32{p[0], p[n+1]}, []float32{1 - moved, 1 + moved})
		}
	}
}

func TestOneCycleAgainstPyTorch(t *testing.T) {
	for _, tt := range readGolden(t).OneCycle {
		cycle := OneCycle{Peak: 0.02, WarmUp: tt.WarmUp, StartDivisor: 10, FinalDivisor: 100}
		if len(tt.Rates) != tt.Total {
			t.Fatalf("%d rates for %d steps", len(tt.Rates), tt.Total)
		}
		for step, want := range tt.Rates {
			if got := cycle.At(step, tt.Total); !(math.Abs(got-want) <= 1e-12*cycle.Peak) {
				t.Errorf("step %d of %d: %v, want %v", step, tt.Total, got, want)
			}
		}
	}
}

func TestClipNormAgainstPyTorch(t *testing.T) {
	g := readGolden(t)
	grads := slices.Clone(g.Gradients[0])
	if norm := ClipNorm(grads, g.Clip.Limit); !(math.Abs(norm-g.Clip.Norm) <= 1e-6) {
		t.Errorf("norm %v, want %v", norm, g.Clip.Norm)
	}
	compare(t, "clipped", grads, g.Clip.Clipped)
}

// compare allows for a few roundings of values near 1.
func compare(t *testing.T, what string, got, want []float32) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d values, want %d", what, len(got), len(want))
	}
	for i := range want {
		if err := math.Abs(float64(got[i]) - float64(want[i])); !(err <= 2e-6) {
			t.Errorf("%s: value %d is %v, want %v", what, i, got[i], want[i])
		}
	}
}
