package optim

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// optimisers are the forms that every general test runs over.
func optimisers() map[string]func(n int, decayed []Range) Optimiser {
	return map[string]func(n int, decayed []Range) Optimiser{
		"adamw":    AdamW{Beta1: 0.9, Beta2: 0.99, Eps: 1e-6, WeightDecay: 0.1}.New,
		"sgd":      SGD{Momentum: 0.9, WeightDecay: 0.1}.New,
		"nesterov": SGD{Momentum: 0.9, Nesterov: true, WeightDecay: 0.1}.New,
		"muon": func(n int, decayed []Range) Optimiser {
			return Muon{AdamW{WeightDecay: 0.01}, 0.9, 2}.New(n, decayed, []Matrix{{0, 1, n / 2}, {n / 2, n - n/2, 1}})
		},
	}
}

// A first step has no memory: it follows from the formulas by hand.
func TestFirstStep(t *testing.T) {
	const rate = 0.1
	for name, want := range map[string][]float32{
		// The moments' quotient is the gradient's sign; the first is decayed by 1-0.1*0.1.
		"adamw":    {0.99*2 - 0.1, 1 + 0.1, 3},
		"sgd":      {0.99*2 - 0.1*0.5, 1 + 0.1*4, 3},
		"nesterov": {0.99*2 - 0.1*(0.5+0.9*0.5), 1 + 0.1*(4+0.9*4), 3},
	} {
		p := []float32{2, 1, 3}
		optimisers()[name](3, []Range{{0, 1}}).Step(p, []float32{0.5, -4, 0}, rate)
		for i := range want {
			if err := math.Abs(float64(p[i] - want[i])); !(err <= 1e-6) {
				t.Errorf("%s: p[%d] = %v, want %v", name, i, p[i], want[i])
			}
		}
	}
}

// A new optimiser that is given the saved state continues as the old one, bit for
// bit.
func TestResume(t *testing.T) {
	for name, newOptimiser := range optimisers() {
		t.Run(name, rapid.MakeCheck(func(t *rapid.T) {
			n := rapid.IntRange(2, 9).Draw(t, "n")
			vector := rapid.SliceOfN(rapid.Float32Range(-3, 3), n, n)
			params := vector.Draw(t, "params")
			split := rapid.IntRange(0, 5).Draw(t, "split")
			decayed := []Range{{0, n / 2}}

			whole, part := newOptimiser(n, decayed), newOptimiser(n, decayed)
			a, b := slices.Clone(params), slices.Clone(params)
			for step := range 6 {
				if step == split {
					resumed := newOptimiser(n, decayed)
					resumed.State().Steps = part.State().Steps
					for i, slot := range part.State().Slots {
						if into := resumed.State().Slots[i]; into.Name != slot.Name || copy(into.Data, slot.Data) != n {
							t.Fatalf("slot %d is %q of %d", i, into.Name, len(into.Data))
						}
					}
					part = resumed
				}
				g := vector.Draw(t, "grads")
				whole.Step(a, g, 0.01)
				part.Step(b, g, 0.01)
			}
			if whole.State().Steps != 6 || !slices.Equal(a, b) {
				t.Fatalf("after %d steps\n%v, not resumed\n%v, resumed", whole.State().Steps, a, b)
			}
		}))
	}
}

// Each optimiser finds the minimum of a narrow valley.
func TestDescends(t *testing.T) {
	for name, newOptimiser := range optimisers() {
		p, g := []float32{3, -2}, make([]float32, 2)
		opt := newOptimiser(2, nil)
		rate := 0.03
		if name == "muon" { // whose steps of a single weight are a fifth as long
			rate *= 5
		}
		for step := range 600 {
			g[0], g[1] = p[0], 20*p[1]
			opt.Step(p, g, Cosine{Peak: rate}.At(step, 600))
		}
		if norm := math.Hypot(float64(p[0]), float64(p[1])); !(norm < 1e-2) {
			t.Errorf("%s ends at %v, want (0,0)", name, p)
		}
	}
}

// The momentum of weights without a gradient ends, and does not linger below the
// normal numbers, where all arithmetic is slow.
func TestMuonForgetsUnusedWeights(t *testing.T) {
	const rows, cols = 4, 3
	p, g := make([]float32, rows*cols), make([]float32, rows*cols)
	opt := Muon{Momentum: 0.95, Workers: 1}.New(len(p), nil, []Matrix{{0, rows, cols}})
	for step := range 2000 {
		for i := range g {
			g[i] = float32(i%5) - 1.5
			if step > 0 && i%cols == 1 {
				g[i] = 0
			}
		}
		opt.Step(p, g, 1e-3)
	}
	for i, m := range opt.State().Slots[0].Data {
		if unused := i%cols == 1; unused != (m == 0) {
			t.Errorf("momentum of weight %d is %g", i, m)
		}
	}
}

// A setting left at 0 is the documented default.
func TestDefaults(t *testing.T) {
	named := AdamW{Beta1: 0.9, Beta2: 0.999, Eps: 1e-8, WeightDecay: 0.1}.New(2, []Range{{0, 2}})
	zero := AdamW{WeightDecay: 0.1}.New(2, []Range{{0, 2}})
	a, b := []float32{1, 2}, []float32{1, 2}
	for step := range 5 {
		g := []float32{float32(step) - 1, 1e-8}
		named.Step(a, g, 0.01)
		zero.Step(b, g, 0.01)
	}
	if !slices.Equal(a, b) {
		t.Errorf("zero settings lead to %v, the defaults to %v", b, a)
	}
}

func TestStepAllocatesNothing(t *testing.T) {
	p, g, avg := make([]float32, 100), make([]float32, 100), make([]float32, 100)
	for i := range g {
		g[i] = float32(i)
	}
	for name, newOptimiser := range optimisers() {
		opt := newOptimiser(100, []Range{{10, 50}})
		allocs := testing.AllocsPerRun(10, func() {
			ClipNorm(g, 1)
			opt.Step(p, g, OneCycle{1, 0.3, 25, 1e4}.At(3, 10))
			EMA{0.99}.Update(avg, p, 3)
		})
		if allocs != 0 {
			t.Errorf("%s: %v allocations in a step", name, allocs)
		}
	}
}

func TestPanics(t *testing.T) {
	one, two := make([]float32, 1), make([]float32, 2)
	for want, f := range map[string]func(){
		"optim.Optimiser.Step: 2 parameters and 1 gradients, want 2":                 func() { AdamW{}.New(2, nil).Step(two, one, 1) },
		"optim.Optimiser.Step: 1 parameters and 2 gradients, want 2":                 func() { SGD{}.New(2, nil).Step(one, two, 1) },
		"optim.EMA.Update: different numbers of averages and parameters":             func() { EMA{}.Update(one, two, 0) },
		"optim.Schedule.At: step 3 of 3":                                             func() { Constant{1}.At(3, 3) },
		"optim.Schedule.At: step -1 of 3":                                            func() { Cosine{Peak: 1}.At(-1, 3) },
		"optim.SGD.New: decay range {1 3} is out of order or outside 2 parameters":   func() { SGD{}.New(2, []Range{{1, 3}}) },
		"optim.SGD.New: decay range {1 2} is out of order or outside 9 parameters":   func() { SGD{}.New(9, []Range{{0, 2}, {1, 2}}) },
		"optim.AdamW.New: decay range {2 1} is out of order or outside 2 parameters": func() { AdamW{}.New(2, []Range{{2, 1}}) },
		"optim.Muon.New: decay range {-1 1} is out of order or outside 2 parameters": func() { Muon{}.New(2, []Range{{-1, 1}}, nil) },
		"optim.Muon.New: matrix {1 2 1} is out of order or outside 2 parameters":     func() { Muon{}.New(2, nil, []Matrix{{1, 2, 1}}) },
		"optim.Muon.New: matrix {0 1 1} is out of order or outside 9 parameters":     func() { Muon{}.New(9, nil, []Matrix{{0, 2, 2}, {0, 1, 1}}) },
		"optim.Schedule.At: step 0 of 0":                                             func() { OneCycle{Peak: 1}.At(0, 0) },
	} {
		func() {
			defer func() {
				if got := recover(); got != want {
					t.Errorf("panic %v, want %q", got, want)
				}
			}()
			f()
		}()
	}
}

func TestEMA(t *testing.T) {
	avg := []float32{0, 10}
	EMA{0.9}.Update(avg, []float32{1, 0}, 0) // decay 1/10
	if !(math.Abs(float64(avg[0])-0.9) <= 1e-6) || !(math.Abs(float64(avg[1])-1) <= 1e-6) {
		t.Errorf("after the first step %v, want [0.9 1]", avg)
	}
	avg = []float32{0}
	EMA{0.9}.Update(avg, []float32{1}, 1000) // decay 0.9
	if !(math.Abs(float64(avg[0])-0.1) <= 1e-6) {
		t.Errorf("after the thousandth step %v, want [0.1]", avg)
	}
}

func TestClipNorm(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	for _, tt := range []struct {
		grads []float32
		limit float64
		norm  float64
		want  []float32
	}{
		{[]float32{3, 4}, 10, 5, []float32{3, 4}},
		{[]float32{3, 4}, 5, 5, []float32{3, 4}},
		{[]float32{3, 4}, 2.5, 5, []float32{1.5, 2}},
		{[]float32{3 << 90, 4 << 90}, 2.5 * (1 << 90), 5 * (1 << 90), []float32{1.5 * (1 << 90), 2 << 90}}, // squares beyond float32
		{[]float32{inf, 4}, 1, math.Inf(1), []float32{inf, 4}},
		{[]float32{nan, 4}, 1, math.NaN(), []float32{nan, 4}},
		{nil, 1, 0, nil},
	} {
		got := slices.Clone(tt.grads)
		norm := ClipNorm(got, tt.limit)
		if fmt.Sprint(got) != fmt.Sprint(tt.want) || fmt.Sprintf("%.5g", norm) != fmt.Sprintf("%.5g", tt.norm) {
			t.Errorf("ClipNorm(%v, %v) = %v, leaves %v; want %v, %v", tt.grads, tt.limit, norm, got, tt.norm, tt.want)
		}
	}
}

func TestClipNormOfManyBlocks(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 3*normBlock).Draw(t, "n")
		grads := make([]float32, n)
		for i := range grads {
			grads[i] = float32(i%7) - 3
		}
		grads[n-1] = rapid.Float32Range(-9, 9).Draw(t, "last")
		limit := rapid.Float64Range(0.1, 100).Draw(t, "limit")
		ClipNorm(grads, limit)
		if norm := ClipNorm(grads, limit); !(norm <= limit*(1+1e-6)) {
			t.Fatalf("norm is %v after clipping to %v", norm, limit)
		}
	})
}

func TestValidate(t *testing.T) {
	nan := math.NaN()
	for _, tt := range []struct {
		config interface{ Validate() error }
		want   string // "" for none
	}{
		{AdamW{}, ""},
		{AdamW{Beta1: 0.5, Beta2: 0.9, Eps: 1e-6, WeightDecay: 1}, ""},
		{SGD{}, ""},
		{SGD{Momentum: 0.9, Nesterov: true, WeightDecay: 1}, ""},
		{Muon{}, ""},
		{OneCycle{Peak: 1}, ""},
		{Linear{Peak: 1}, ""},
		{Cosine{Peak: 1}, ""},
		{Constant{1}, ""},
		{EMA{0.999}, ""},
		{AdamW{Beta1: 1, Beta2: 0.9, Eps: -1}, "AdamW.Beta1 1: want at least 0 and below 1; AdamW.Eps -1: want at least 0"},
		{Muon{Momentum: 1}, "Muon.Momentum 1: want at least 0 and below 1"},
		{SGD{Momentum: nan, WeightDecay: -1}, "SGD.Momentum NaN: want at least 0 and below 1; SGD.WeightDecay -1: want at least 0"},
		{Cosine{Peak: math.Inf(1), WarmUp: 1}, "Cosine.Peak +Inf: want a positive number; Cosine.WarmUp 1: want at least 0 and below 1"},
		{Linear{WarmUp: -1}, "Linear.Peak 0: want a positive number; Linear.WarmUp -1: want at least 0 and below 1"},
		{OneCycle{Peak: 1, FinalDivisor: 0.5}, "OneCycle.FinalDivisor 0.5: want at least 1"},
		{Constant{}, "Constant.Rate 0: want a positive number"},
		{EMA{2}, "EMA.Decay 2: want at least 0 and below 1"},
	} {
		got := ""
		if err := tt.config.Validate(); err != nil {
			got = err.Error()
		}
		if got != tt.want {
			t.Errorf("%T: %q, want %q", tt.config, got, tt.want)
		}
	}
}
