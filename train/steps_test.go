package train

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/coarsegrain/taylornet/dataset"
	"github.com/coarsegrain/taylornet/internal/cpu"
	"github.com/coarsegrain/taylornet/internal/safetensors"
)

// stepsData are the images and labels of testdata/steps/steps.py.
func stepsData() *dataset.Data {
	const n, classes, size = 160, 5, 64
	set := &dataset.Set{Name: "steps", Classes: []string{"a", "b", "c", "d", "e"}, H: 8, W: 8, C: 1}
	for i := range n {
		for j := range size {
			set.Pixels = append(set.Pixels, uint8((i*37+j*11+(i*j)%53)%256))
		}
		set.Labels = append(set.Labels, uint16(i*7%classes))
	}
	return &dataset.Data{Name: "steps", Train: set, Test: set}
}

// stepsCase is a network that testdata/steps/steps.py trained.
type stepsCase struct {
	dir, net string
	freeze   float64
	// noise is the parameters, by name, that mean nothing up to an index: a
	// constant added just before a norm, which takes it out again. Its gradient
	// is rounding noise, which Adam blows up to full steps, and which the norm's
	// mean follows.
	noise map[string]int
}

// Only the second reaches Winograd's algorithm, which needs 16 feature maps.
var stepsCases = []stepsCase{
	{
		dir: "small",
		net: `Input(8,8,1) Conv(3,3,6,1,1,1) Norm CG(2,2,6,2,2)
			Conv(3,3,5,1,1,1) CG(2,2,5,1,1,2) Norm Linear(5)`,
		noise: map[string]int{"0.conv.bias": 6, "4.cg.coefficients": 5}, // the constant terms come first
	},
	{
		dir: "wide",
		net: `Input(8,8,1) Conv(3,3,16,1,1,1) Norm Gain(2) CG(2,2,16,1,1,tie=1) Norm
			Conv(3,3,16,1,1,1) Norm CG(2,2,16,2,2,tie=1) Gain(4) Linear(5)`,
		freeze: 0.3,
		noise:  map[string]int{"0.conv.bias": 16, "1.norm.mean": 16, "5.conv.bias": 16, "6.norm.mean": 16},
	},
}

// TestStepsAgainstPyTorch makes ten whole steps, as a run makes them. It compares
// the losses and the parameters with those that PyTorch came to from the same start.
func TestStepsAgainstPyTorch(t *testing.T) {
	for _, level := range cpu.Supported() {
		for _, c := range stepsCases {
			t.Run(level.String()+"/"+c.dir, func(t *testing.T) {
				defer cpu.Set(level)()
				c.compare(t)
			})
		}
	}
}

func (c stepsCase) compare(t *testing.T) {
	cfg := Config{
		Data: "steps", Net: c.net,
		Epochs: 1, Batch: 16, MicroBatch: 16, Optimiser: "adamw", Rate: 0.02, WeightDecay: 0.05,
		Schedule: "onecycle", WarmUp: 0.3, Smoothing: 0.1, Clip: 1, Freeze: c.freeze,
	}
	r, err := newRun(cfg, stepsData(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	copy(r.params, c.golden(t, r, "initial"))
	for i := range r.order {
		r.order[i] = int32(i)
	}
	var want []float64
	text, err := os.ReadFile(c.file("losses.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &want); err != nil {
		t.Fatal(err)
	}
	for step, loss := range want {
		before := r.Partial.Loss
		if err := r.update(t.Context()); err != nil {
			t.Fatal(err)
		}
		got := (r.Partial.Loss - before) / float64(r.batch.N)
		if !(math.Abs(got-loss) <= 2e-5*loss) {
			t.Errorf("loss of step %d: got %v, PyTorch has %v", step, got, loss)
		}
	}
	final := c.golden(t, r, "final")
	for _, p := range r.net.Params() {
		if p.Role.Statistic() && c.freeze == 0 {
			continue // measured after an epoch, see calibrate
		}
		for i := c.noise[p.Name]; i < p.Size(); i++ {
			got, want := float64(r.params[p.Offset+i]), float64(final[p.Offset+i])
			if !(math.Abs(got-want) <= 3e-4*(1+math.Abs(want))) {
				t.Errorf("%s at %d: got %v, PyTorch has %v", p.Name, i, got, want)
				break
			}
		}
	}
}

func (c stepsCase) file(name string) string { return filepath.Join("testdata", "steps", c.dir, name) }

func (c stepsCase) golden(t *testing.T, r *run, name string) []float32 {
	t.Helper()
	data, err := os.ReadFile(c.file(name + ".safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	f, err := safetensors.Decode(data)
	if err != nil {
		t.Fatal(err)
	}
	vector := make([]float32, len(r.params))
	for _, p := range r.net.Params() {
		tensor, ok := f.Tensor(p.Name)
		if !ok || !slices.Equal(tensor.Shape, p.Shape) {
			t.Fatalf("%s: tensor %s has shape %v, want %v", name, p.Name, tensor.Shape, p.Shape)
		}
		copy(vector[p.Offset:], tensor.Data)
	}
	return vector
}
