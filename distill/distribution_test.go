package distill

import (
	"maps"
	"math"
	"path/filepath"
	"slices"
	"testing"

	"github.com/coarsegrain/taylornet/dataset"
	"github.com/coarsegrain/taylornet/engine"
	"github.com/coarsegrain/taylornet/model"
	"github.com/coarsegrain/taylornet/spec"
)

// matching is a distillation of three levels for training. The first takes two chunks,
// the second goes on to another fresh network, and the third back to the first.
func matching() Config {
	c := Recipe(Distribution, "digits", 100)
	c.PerClass, c.Steps = []int{60, 2, 1}, []int{3, networkSteps + 2, 2}
	return c
}

func newTestDistribution(t testing.TB, leaves dataset.Subset, how Painting, workers int) *painter {
	t.Helper()
	nets := testEnsemble(t, workers, trained(t))
	c := matching()
	c.Paint = how
	return &painter{in: nets.input(), how: how, seed: 1, aim: newDistribution(leaves, nets, c, engine.Options{Workers: workers})}
}

// distributionOf is what a painter of newTestDistribution aims at.
func distributionOf(t testing.TB, p *painter) *distribution {
	t.Helper()
	d, ok := p.aim.(*distribution)
	if !ok {
		t.Fatalf("the painter aims at a %T", p.aim)
	}
	return d
}

// TestDistributionGradient compares with central differences along random directions.
func TestDistributionGradient(t *testing.T) {
	for _, how := range []Painting{{}, {Smooth: 0.3, Augment: dataset.Augment{Shift: 1, Rotate: 15}}} {
		p := newTestDistribution(t, someDigits(t, 300).All(), how, 2)
		const perClass, step = 2, networkSteps + 1
		images := randomImages(someDigits(t, 300).All(), perClass, 1)
		x := unitPixels(images.All())
		c := newCanvas(p, x, nil)
		c.labels = images.Labels
		got := gradient(t, c, step)
		g := distributionOf(t, p).guide
		if g.number != 1 {
			t.Fatalf("step %d uses network %d", step, g.number)
		}
		embed := float64Embedding(t, g.e)
		o := &objective{c: c}
		checkGradient(t, func(x []float64) (sum float64) {
			size := p.in.Size()
			y := make([]float64, len(g.means))
			for i, label := range images.Labels {
				image := x[i*size:][:size]
				for j, v := range embed(o.seen(image, imageName(i), step)) {
					y[int(label)*g.e.dim+j] += v / perClass
				}
				sum += how.Smooth * roughness(image, p.in.H, p.in.W, p.in.C)
			}
			for j, v := range y {
				d := v - float64(g.means[j])
				sum += perClass * d * d / g.spread / 2
			}
			return sum
		}, x, got)
	}
}

// Painted images are nearer to the training images' distribution under a network
// that no step was made with.
func TestDistributionComesNearer(t *testing.T) {
	leaves := digits(t).Train.All()
	p := newTestDistribution(t, leaves, Painting{Rate: 0.05}, 2)
	images := randomImages(leaves, 3, 1)
	x := unitPixels(images.All())
	g, err := distributionOf(t, p).fresh(t.Context(), 1001)
	if err != nil {
		t.Fatal(err)
	}
	away := func() float64 {
		y := make([]float32, images.Len()*g.e.dim)
		g.e.program.Run(images.Len(), func(i int, v []float32) {
			g.e.model.Normalisation().Apply(v, bytesOf(x[i*p.in.Size():][:p.in.Size()]))
		}, func(i int, v []float32) { copy(y[i*g.e.dim:], v) })
		off := g.off(y, images.Labels)
		return dot(off, off)
	}
	before := away()
	c := newCanvas(p, x, nil)
	c.labels = images.Labels
	if err := p.paint(t.Context(), c, 60, func(int) {}); err != nil {
		t.Fatal(err)
	}
	if after := away(); !(after < 0.6*before) {
		t.Errorf("the squared distance went from %.4g to %.4g", before, after)
	}
	for i, v := range x {
		if !(v >= 0 && v <= 1) {
			t.Fatalf("pixel %d is %v", i, v)
		}
	}
}

// The norms of a random network have the statistics of the images: it normalises them.
func TestRandomNetworkNormalises(t *testing.T) {
	d := distributionOf(t, newTestDistribution(t, digits(t).Train.All(), Painting{}, 2))
	net, err := spec.Parse("Input(8,8,1) Conv(3,3,5,1,1,1) Norm Linear(10)")
	if err != nil {
		t.Fatal(err)
	}
	images := shuffled(digits(t).Train, 3)
	sampler, err := dataset.NewSampler(images, d.norm, d.augment, 3)
	if err != nil {
		t.Fatal(err)
	}
	m, err := d.random(t.Context(), net, sampler, 3)
	if err != nil {
		t.Fatal(err)
	}
	const channels = 5
	var sum, squares [channels]float64
	for i, v := range embed(t, testEnsemble(t, 2, m), images) {
		sum[i%channels] += float64(v)
		squares[i%channels] += float64(v) * float64(v)
	}
	sites := float64(images.Len() * 64)
	for c := range channels {
		// A variance within micro-batches is a little less than that over all images.
		if mean, square := sum[c]/sites, squares[c]/sites; !(math.Abs(mean) <= 0.02) || !(math.Abs(square-1) <= 0.1) {
			t.Errorf("channel %d has mean %.3f and mean square %.3f, want 0 and 1", c, mean, square)
		}
	}
}

// A fresh network depends on the seed and its number alone, and is of one of the two
// kinds in turn.
func TestFreshNetworks(t *testing.T) {
	leaves := digits(t).Train.All()
	var want []*guide
	for _, workers := range allWorkers {
		d := distributionOf(t, newTestDistribution(t, leaves, Painting{}, workers))
		for number := range 4 {
			g, err := d.fresh(t.Context(), number)
			if err != nil {
				t.Fatal(err)
			}
			if workers == allWorkers[0] {
				want = append(want, g)
				continue
			}
			if !slices.Equal(g.e.params, want[number].e.params) || !slices.Equal(g.means, want[number].means) || g.spread != want[number].spread {
				t.Errorf("network %d is another with %d workers", number, workers)
			}
		}
	}
	if slices.Equal(want[0].e.params, want[2].e.params) || want[0].e.dim != want[2].e.dim || want[0].e.dim == want[1].e.dim {
		t.Error("networks are not of two kinds in turn, each fresh")
	}
	for number, g := range want {
		var sum float64
		for _, v := range g.means {
			sum += float64(v)
		}
		if !(g.spread > 0) || len(g.means) != 10*g.e.dim || sum == 0 {
			t.Errorf("network %d: means of %d values, spread %v", number, len(g.means), g.spread)
		}
	}
}

// Where all images of each class are the same there is no spread to divide by.
func TestDistributionOfOneImage(t *testing.T) {
	set := someDigits(t, 10)
	all := set.All()
	all.Index = nil
	for i := range set.Len() {
		all.Index = append(all.Index, int32(i), int32(i), int32(i))
	}
	p := newTestDistribution(t, all.Copy("thrice").All(), Painting{Rate: 0.1}, 2)
	x := unitPixels(set.All())
	c := newCanvas(p, x, nil)
	c.labels = set.Labels
	if err := p.paint(t.Context(), c, 3, func(int) {}); err != nil {
		t.Fatal(err)
	}
	for i, v := range x {
		if v != v {
			t.Fatalf("pixel %d is %v", i, v)
		}
	}
}

// A net too small for ConvNet's three halvings is matched by its own kind.
func TestDistributionOfTinyImages(t *testing.T) {
	m, set := rgb(t), colours(60, 1)
	c := matching()
	c.PerClass, c.Steps = []int{4}, []int{12}
	refs := distilled(t, c, set, m)[0]
	if refs.Len() != 12 {
		t.Errorf("%d images", refs.Len())
	}
}

// Whole classes are matched at a time.
func TestDistributionChunks(t *testing.T) {
	d := &distribution{}
	for _, tt := range []struct{ k, want int }{{1, 500}, {10, 500}, {50, 500}, {60, 480}, {499, 499}, {501, 501}, {2000, 2000}} {
		if got := d.chunk(tt.k); got != tt.want || got%tt.k != 0 {
			t.Errorf("%d images per class: chunks of %d, want %d", tt.k, got, tt.want)
		}
	}
}

// A run gives the same images for any number of workers, and when it is interrupted
// between chunks.
func TestDistributionRuns(t *testing.T) {
	c, set, models := matching(), someDigits(t, 1000), []*model.Model{trained(t)}
	files := func(dir string) map[string]string { return levelFiles(t, dir, c) }
	var want map[string]string
	for _, workers := range allWorkers {
		dir := filepath.Join(t.TempDir(), "run")
		if _, err := Run(t.Context(), c, models, set, Options{Dir: dir, Workers: workers}); err != nil {
			t.Fatal(err)
		}
		if want == nil {
			want = files(dir)
		}
		if !maps.Equal(files(dir), want) {
			t.Errorf("%d workers: other references", workers)
		}
	}
	dir := interruptedRun(t, c, models, set)
	if _, err := Run(t.Context(), c, models, set, Options{Dir: dir, Resume: true}); err != nil {
		t.Fatal(err)
	}
	if !maps.Equal(files(dir), want) {
		t.Error("other references after an interruption")
	}
	refs, err := Load(filepath.Join(dir, LevelFile(c.PerClass[1])))
	if err != nil {
		t.Fatal(err)
	}
	checkTree(t, refs, c.PerClass[1], models[0], set)
	if refs.Config.Objective != Distribution {
		t.Errorf("the file's objective is %q", refs.Config.Objective)
	}
}
