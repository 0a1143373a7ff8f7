package distill

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/coarsegrain/taylornet/dataset"
	"github.com/coarsegrain/taylornet/internal/approx"
	"github.com/coarsegrain/taylornet/internal/rng"
	"github.com/coarsegrain/taylornet/model"
)

// directLoss is prototypeLoss without its care for large numbers.
func directLoss(y []float64, class, k int, scale float64) float64 {
	var own, all float64
	for r, v := range y {
		all += math.Exp(scale * v)
		if r/k == class {
			own += math.Exp(scale * v)
		}
	}
	return -math.Log(own / all)
}

func TestPrototypeLoss(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		classes, k := rapid.IntRange(1, 5).Draw(t, "classes"), rapid.IntRange(1, 4).Draw(t, "k")
		class := rapid.IntRange(0, classes-1).Draw(t, "class")
		scale := rapid.Float64Range(0.1, 20).Draw(t, "scale")
		r := rng.New(rapid.Uint64().Draw(t, "seed"), "similarities")
		y, dy := make([]float32, classes*k), make([]float32, classes*k)
		for i := range y {
			y[i] = 2*r.Float32() - 1
		}
		at := func(j int, by float64) float64 {
			moved := make([]float64, len(y))
			for i, v := range y {
				moved[i] = float64(v)
			}
			moved[j] += by
			return directLoss(moved, class, k, scale)
		}
		if got, want := prototypeLoss(dy, y, class, k, scale), at(0, 0); !approx.Close(got, want, 1e-12*(1+want)) {
			t.Fatalf("loss %v, want %v", got, want)
		}
		const h = 1e-5
		for j, got := range dy {
			if want := (at(j, h) - at(j, -h)) / (2 * h); !approx.Close(float64(got), want, 1e-6*scale) {
				t.Fatalf("derivative %d is %v, by central differences %v", j, got, want)
			}
		}
	})
}

// Similarities that an exponential overflows or underflows with have a loss.
func TestPrototypeLossOfExtremes(t *testing.T) {
	dy := make([]float32, 3)
	for _, tt := range []struct {
		y    []float32
		want float64
	}{
		{[]float32{1e4, 1e4, 1e4}, math.Log(3)},
		{[]float32{-1e4, -1e4, -1e4}, math.Log(3)},
		{[]float32{0, 500, 0}, 1e4},
		{[]float32{500, 0, 0}, 0},
	} {
		if got := prototypeLoss(dy, tt.y, 0, 1, 20); !approx.Close(got, tt.want, 1e-9) {
			t.Errorf("%v: loss %v, want %v", tt.y, got, tt.want)
		}
		var sum float64
		for _, v := range dy {
			sum += float64(v)
		}
		if !approx.Close(sum, 0, 1e-5) {
			t.Errorf("%v: the gradient %v has the sum %v", tt.y, dy, sum)
		}
	}
}

// planned is the targets of the first level, and their loss: the mean of that of
// the training images as they are.
func planned(t *testing.T, c Config, workers int, models ...*model.Model) (targets []float32, loss float64) {
	t.Helper()
	r, err := newRun(c, models, someDigits(t, 600), Options{Workers: workers})
	if err != nil {
		t.Fatal(err)
	}
	p, err := r.plan(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	dim := r.nets.dim()
	y := make([]float64, p.set.Len())
	for i, v := range slices.Collect(slices.Chunk(directions(t, r.nets, r.leaves), dim)) {
		for j := range y {
			y[j] = dot(v, p.targets[j*dim:][:dim]) / float64(len(models))
		}
		loss += directLoss(y, r.leaves.Label(i), c.PerClass[0], refineScale) / float64(r.leaves.Len())
	}
	return p.targets, loss
}

// Refined targets tell the classes of the training images apart better, and are
// directions.
func TestRefine(t *testing.T) {
	for _, models := range [][]*model.Model{{trained(t)}, {trained(t), disturbed(t)}} {
		c := small()
		c.PerClass, c.Steps, c.Refine = []int{2}, []int{0}, 0
		_, before := planned(t, c, 2, models...)
		c.Refine = 40
		targets, after := planned(t, c, 2, models...)
		if !(after <= 0.9*before) {
			t.Errorf("%d models: the loss went from %v to %v", len(models), before, after)
		}
		for part := range slices.Chunk(targets, 32) {
			if !approx.Close(length(part), 1, 1e-6) {
				t.Fatalf("a target of length %v", length(part))
			}
		}
	}
}

// A model beside itself is that model: the mean of equal similarities.
func TestRefineTwice(t *testing.T) {
	c := small()
	once, _ := planned(t, c, 2, trained(t))
	twice, _ := planned(t, c, 2, trained(t), trained(t))
	for i, part := range slices.Collect(slices.Chunk(twice, 32)) {
		for j, want := range once[i/2*32:][:32] {
			if !approx.Close(float64(part[j]), float64(want), 1e-4) {
				t.Fatalf("target %d has %v at %d, alone %v", i/2, part[j], j, want)
			}
		}
	}
}

func TestRefineIsReproducible(t *testing.T) {
	c, models := small(), []*model.Model{trained(t), disturbed(t)}
	c.Refine = 2
	want, _ := planned(t, c, 1, models...)
	for _, workers := range allWorkers {
		if got, _ := planned(t, c, workers, models...); !slices.Equal(got, want) {
			t.Errorf("%d workers: other targets", workers)
		}
	}
}

// Classes with many images are refined on some of each, those with few on all.
func TestRefined(t *testing.T) {
	set := colours(9000, 1)
	w := distiller{Config: small(), leaves: set.All()}
	images := w.refined()
	if !slices.Equal(images.Counts(), []int{refineMost, refineMost, refineMost}) {
		t.Errorf("counts %v", images.Counts())
	}
	if distinct := slices.Compact(slices.Sorted(slices.Values(images.Index))); len(distinct) != images.Len() {
		t.Errorf("%d of %d images are distinct", len(distinct), images.Len())
	}
	w.leaves.Index = w.leaves.Index[:100]
	if few := w.refined(); !slices.Equal(few.Counts(), w.leaves.Counts()) {
		t.Errorf("counts %v of %v", few.Counts(), w.leaves.Counts())
	}
}

// Each pass augments images differently; without augmentation they stay.
func TestVaried(t *testing.T) {
	nets, images := testEnsemble(t, 2, trained(t), disturbed(t)), someDigits(t, 20).All()
	w := distiller{Config: small(), nets: nets}
	varied := func(pass int) []float32 {
		t.Helper()
		x, err := w.varied(t.Context(), images, pass)
		if err != nil {
			t.Fatal(err)
		}
		return x
	}
	if slices.Equal(varied(0), varied(1)) || slices.Equal(varied(0), directions(t, nets, images)) {
		t.Error("the images are not varied")
	}
	w.Paint.Augment = dataset.Augment{}
	if !slices.Equal(varied(0), directions(t, nets, images)) {
		t.Error("without augmentation the images are others")
	}
}

func TestTranspose(t *testing.T) {
	x := make([]float32, 6)
	transpose(x, []float32{1, 2, 3, 4, 5, 6}, 2) // [2,3] to [3,2]
	if !slices.Equal(x, []float32{1, 4, 2, 5, 3, 6}) {
		t.Errorf("transposed %v", x)
	}
}
