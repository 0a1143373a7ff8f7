package distill

import (
	"context"
	"errors"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/coarsegrain/taylornet/dataset"
	"github.com/coarsegrain/taylornet/engine"
	"github.com/coarsegrain/taylornet/engine/cpu"
	"github.com/coarsegrain/taylornet/internal/approx"
	"github.com/coarsegrain/taylornet/internal/rng"
	"github.com/coarsegrain/taylornet/model"
)

func newTestPainter(t testing.TB, nets ensemble, how Painting, workers int) *painter {
	t.Helper()
	aim, err := newSimilarity(nets, engine.Options{Workers: workers})
	if err != nil {
		t.Fatal(err)
	}
	return &painter{in: nets.input(), how: how, seed: 1, aim: aim}
}

// newCanvas is images of which image i is named 7, i.
func newCanvas(p *painter, x, targets []float32) *canvas {
	c := p.canvas(x)
	c.targets, c.names = targets, imageName
	return c
}

func imageName(i int) []uint64 { return []uint64{7, uint64(i)} }

// gradient is what paint follows in a step.
func gradient(t testing.TB, c *canvas, step int) []float32 {
	t.Helper()
	if err := c.aim.pull(t.Context(), c, step); err != nil {
		t.Fatal(err)
	}
	c.smooth()
	return c.grad
}

// objective computes in float64 what the gradient is that of: for every image 1
// less its mean similarity to its target, and its roughness; their sum.
type objective struct {
	c     *canvas
	nets  ensemble
	step  uint64
	embed []func(x []float64) []float64
}

func newObjective(t *testing.T, c *canvas, nets ensemble, step uint64) *objective {
	o := &objective{c: c, nets: nets, step: step}
	for _, e := range nets {
		o.embed = append(o.embed, float64Embedding(t, e))
	}
	return o
}

// float64Embedding evaluates the operations of a model up to the embedding, norms
// and all, on pixels 0 to 1.
func float64Embedding(t *testing.T, e *embedder) func(x []float64) []float64 {
	params := make([]float64, len(e.params))
	for i, v := range e.params {
		params[i] = float64(v)
	}
	program, err := cpu.Engine[float64]{}.Compile(e.net, params, engine.Options{Workers: 1})
	if err != nil {
		t.Fatal(err)
	}
	norm := e.model.Normalisation()
	return func(x []float64) (y []float64) {
		program.Run(1, func(_ int, to []float64) {
			for j, v := range x {
				c := j % len(norm.Mean)
				to[j] = (v - float64(norm.Mean[c])) / float64(norm.Std[c])
			}
		}, func(_ int, out []float64) { y = slices.Clone(out) })
		return y
	}
}

func (o *objective) at(x []float64) (sum float64) {
	in := o.nets.input()
	size, dim := in.Size(), o.nets.dim()
	for i := range len(x) / size {
		image := x[i*size:][:size]
		from := i * dim
		for k, e := range o.nets {
			y := o.embed[k](o.seen(image, imageName(i), uint64(k), o.step))
			var product, square float64
			for j, v := range y {
				product += v * float64(o.c.targets[from+j])
				square += v * v
			}
			sum += (1 - product/math.Sqrt(square)) / float64(len(o.nets))
			from += e.dim
		}
		sum += o.c.how.Smooth * roughness(image, in.H, in.W, in.C)
	}
	return sum
}

// seen is an image as a network sees it that is shown by these names: the warp,
// which is linear, applied as the matrix that it is.
func (o *objective) seen(image []float64, names []uint64, at ...uint64) []float64 {
	if o.c.how.Augment == (dataset.Augment{}) {
		return image
	}
	in := o.c.in
	warp := o.c.how.Augment.Warp(in.H, in.W, in.C, o.c.seed, "paint", append(names, at...)...)
	out := make([]float64, len(image))
	one, column := make([]float32, len(image)), make([]float32, len(image))
	for j, v := range image {
		one[j] = 1
		warp.Apply(column, one)
		one[j] = 0
		for to, weight := range column {
			out[to] += v * float64(weight)
		}
	}
	return out
}

// roughness is the squares of the differences of neighbours, a pixel.
func roughness(x []float64, h, w, c int) (sum float64) {
	square := func(y, x float64) { sum += (y - x) * (y - x) }
	for y := range h {
		for col := range w {
			for ch := range c {
				here := x[(y*w+col)*c+ch]
				if col > 0 {
					square(here, x[(y*w+col-1)*c+ch])
				}
				if y > 0 {
					square(here, x[((y-1)*w+col)*c+ch])
				}
			}
		}
	}
	return sum / float64(len(x))
}

// TestPaintGradient compares with central differences along random directions.
func TestPaintGradient(t *testing.T) {
	augment := dataset.Augment{Shift: 1, Rotate: 15, Scale: 0.2, Shear: 10, Flip: true, Crop: 1}
	small := "Input(5,4,3) Conv(3,3,4,1,1,1) Norm CG(2,2,4,2,2) Linear(3)"
	norms := "Input(5,4,3) Norm Sum{ Conv(3,3,3,1,1,1) Norm | } Norm CG(2,2,3,2,2) Linear(3)"
	for _, tt := range []struct {
		name   string
		models []*model.Model
		how    Painting
	}{
		{"plain", []*model.Model{trained(t)}, Painting{}},
		{"smooth", []*model.Model{trained(t)}, Painting{Smooth: 3}},
		{"augmented", []*model.Model{trained(t)}, Painting{Smooth: 0.3, Augment: augment}},
		{"ensemble", []*model.Model{trained(t), disturbed(t)}, Painting{Smooth: 0.3, Augment: augment}},
		{"norms", []*model.Model{madeUp(t, norms, 1, "a", "b", "c")}, Painting{Smooth: 2, Augment: augment}},
		{"colour", []*model.Model{madeUp(t, small, 1, "a", "b", "c"), madeUp(t, small, 2, "a", "b", "c")}, Painting{Smooth: 2, Augment: augment}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			nets := testEnsemble(t, 2, tt.models...)
			r := rng.New(1, "paint")
			const images, step = 19, 5 // more than a micro-batch
			x, targets := make([]float32, images*nets.input().Size()), normal(r, images*nets.dim())
			for i := range x {
				x[i] = r.Float32()
			}
			nets.normalise(targets)
			c := newCanvas(newTestPainter(t, nets, tt.how, 2), x, targets)
			checkGradient(t, newObjective(t, c, nets, step).at, x, gradient(t, c, step))
		})
	}
}

func checkGradient(t *testing.T, objective func(x []float64) float64, x, got []float32) {
	t.Helper()
	r := rng.New(2, "directions")
	const h = 1e-4
	for range 6 {
		v := normal(r, len(x))
		moved := func(by float64) []float64 {
			out := make([]float64, len(x))
			for i := range out {
				out[i] = float64(x[i]) + by*float64(v[i])
			}
			return out
		}
		slope, want := dot(got, v), (objective(moved(h))-objective(moved(-h)))/(2*h)
		// Along a direction, of rounding errors in every value of the gradient.
		tol := 2e-5 * length(got)
		if !approx.Close(slope, want, tol) {
			t.Errorf("slope %v, by central differences %v: off by %g, tolerance %g", slope, want, math.Abs(slope-want), tol)
		}
	}
}

func TestDissimilarity(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 40).Draw(t, "n")
		r := rng.New(rapid.Uint64().Draw(t, "seed"), "vectors")
		y, target, dy := normal(r, n), normal(r, n), make([]float32, n)
		unit(target)
		value := func(j int, by float64) float64 {
			var product, square float64
			for i, v := range y {
				x := float64(v)
				if i == j {
					x += by
				}
				product += x * float64(target[i])
				square += x * x
			}
			return 1 - product/math.Sqrt(square)
		}
		if got, want := dissimilarity(dy, y, target), value(-1, 0); !approx.Close(got, want, 1e-12) {
			t.Fatalf("dissimilarity %v, want %v", got, want)
		}
		h := 1e-4 * length(y)
		for j, got := range dy {
			if want := (value(j, h) - value(j, -h)) / (2 * h); !approx.Close(float64(got), want, 1e-6/length(y)) {
				t.Fatalf("derivative %d is %v, by central differences %v", j, got, want)
			}
		}
	})
}

// TestPaintSteps makes the steps by hand: Adam along the gradient of each, with
// its rate on a cosine, within the range of pixels.
func TestPaintSteps(t *testing.T) {
	nets, r := testEnsemble(t, 2, trained(t), disturbed(t)), rng.New(1, "paint")
	const images, steps = 3, 6
	x, targets := make([]float32, images*64), normal(r, images*nets.dim())
	for i := range x {
		x[i] = r.Float32()
	}
	nets.normalise(targets)
	p := newTestPainter(t, nets, Painting{Rate: 0.05, Smooth: 0.5, Augment: dataset.Augment{Shift: 1}}, 2)
	want, m, v := slices.Clone(x), make([]float64, len(x)), make([]float64, len(x))
	for step := range steps {
		rate := 0.05 * (1 + math.Cos(math.Pi*float64(step)/steps)) / 2
		for i, g := range gradient(t, newCanvas(p, want, targets), step) {
			m[i] = 0.9*m[i] + 0.1*float64(g)
			v[i] = 0.999*v[i] + 0.001*float64(g)*float64(g)
			mean, square := m[i]/(1-math.Pow(0.9, float64(step+1))), v[i]/(1-math.Pow(0.999, float64(step+1)))
			want[i] = float32(min(1, max(0, float64(want[i])-rate*mean/(math.Sqrt(square)+1e-8))))
		}
	}
	if err := p.paint(t.Context(), newCanvas(p, x, targets), steps, func(int) {}); err != nil {
		t.Fatal(err)
	}
	for i := range x {
		if !approx.Close(float64(x[i]), float64(want[i]), 1e-4) {
			t.Errorf("pixel %d is %v, by hand %v", i, x[i], want[i])
		}
	}
}

// Every image of a level has its own variations, in whatever chunk it is.
func TestPaintNamesImages(t *testing.T) {
	nets, c := testEnsemble(t, 2, trained(t)), small()
	p := newTestPainter(t, nets, c.Paint, 2)
	set := digits(t).Test.All()
	set.Index = make([]int32, chunk+1) // the same image again and again
	made := &plan{level: &level{set: set.Copy("one")}, x: unitPixels(set)}
	made.set.Pixels = nil
	target := directions(t, nets, digits(t).Test.All().Only([]int32{5}))
	for range set.Index {
		made.targets = append(made.targets, target...)
	}
	w := distiller{Config: c, nets: nets, painter: p, workers: 2}
	if err := w.paint(t.Context(), made, func(int, int) {}, func() error { return nil }); err != nil {
		t.Fatal(err)
	}
	for _, i := range []int{1, chunk} {
		if slices.Equal(made.set.Image(0), made.set.Image(i)) {
			t.Errorf("images 0 and %d have the same variations", i)
		}
	}
}

// painted paints images towards the mean directions of classes of the digits,
// from random pixels.
func painted(t testing.TB, nets ensemble, n, steps, workers int) (x, targets []float32) {
	t.Helper()
	set := someDigits(t, 200).All()
	r := rng.New(3, "start")
	for i := range n {
		targets = append(targets, means(points{directions(t, nets, set.Only(set.OfClass(i%10))), nets.dim(), ones(len(set.OfClass(i % 10)))}, make([]int32, len(set.OfClass(i%10))), 1)...)
		for range nets.input().Size() {
			x = append(x, r.Float32())
		}
	}
	nets.normalise(targets)
	how := small().Paint
	how.Rate = 0.1
	seen := 0
	p := newTestPainter(t, nets, how, workers)
	err := p.paint(t.Context(), newCanvas(p, x, targets), steps, func(step int) {
		if seen++; step != seen {
			t.Errorf("progress reports step %d after %d calls", step, seen)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if seen != steps {
		t.Errorf("progress reports %d steps of %d", seen, steps)
	}
	return x, targets
}

// similarities are those of images to their targets, mean over the networks.
func similarityTo(t testing.TB, nets ensemble, x, targets []float32) (mean float64) {
	in := nets.input()
	n := len(x) / in.Size()
	set := dataset.Set{H: in.H, W: in.W, C: in.C, Pixels: bytesOf(x), Labels: make([]uint16, n)}
	return dot(directions(t, nets, set.All()), targets) / float64(n*len(nets))
}

func TestPaintRaisesSimilarity(t *testing.T) {
	for _, models := range [][]*model.Model{{trained(t)}, {trained(t), disturbed(t)}} {
		nets := testEnsemble(t, 2, models...)
		before, _ := painted(t, nets, 10, 0, 2)
		x, targets := painted(t, nets, 10, 40, 2)
		for i, v := range x {
			if !(v >= 0 && v <= 1) {
				t.Fatalf("pixel %d is %v", i, v)
			}
		}
		if slices.Max(x) < 1 || slices.Min(x) > 0 {
			t.Error("no pixel is at the bounds: they are not tested")
		}
		from, to := similarityTo(t, nets, before, targets), similarityTo(t, nets, x, targets)
		if !(to >= 0.7 && to >= from+0.3) {
			t.Errorf("%d models: the similarity went from %.3f to %.3f", len(models), from, to)
		}
	}
}

func TestPaintWorkersGiveIdenticalBits(t *testing.T) {
	models := []*model.Model{trained(t), disturbed(t)}
	var want []float32
	for _, workers := range allWorkers {
		got, _ := painted(t, testEnsemble(t, workers, models...), 70, 5, workers)
		if want == nil {
			want = got
		}
		if !slices.Equal(got, want) {
			t.Errorf("%d workers: other pixels than with 1", workers)
		}
	}
}

// What an image becomes does not depend on those beside it. The numbers of
// images are powers of two, by which a mean is divided exactly.
func TestPaintImagesAreIndependent(t *testing.T) {
	nets := testEnsemble(t, 2, trained(t))
	few, _ := painted(t, nets, 4, 5, 2)
	many, _ := painted(t, nets, 64, 5, 2)
	if !slices.Equal(few, many[:len(few)]) {
		t.Error("other pixels beside other images")
	}
}

func TestPaintStops(t *testing.T) {
	nets := testEnsemble(t, 1, trained(t))
	ctx, cancel := context.WithCancel(t.Context())
	x, targets := make([]float32, 64), make([]float32, nets.dim())
	targets[0] = 1
	steps := 0
	p := newTestPainter(t, nets, Painting{Rate: 0.1}, 1)
	err := p.paint(ctx, newCanvas(p, x, targets), 100, func(step int) {
		if steps = step; step == 3 {
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) || steps != 3 {
		t.Errorf("cancelled after step 3, it made %d: error %v", steps, err)
	}
}
