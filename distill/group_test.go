package distill

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/coarsegrain/taylornet/internal/approx"
	"github.com/coarsegrain/taylornet/internal/rng"
)

// drawPoints returns a few random points with whole weights, some of them
// equal to others.
func drawPoints(t *rapid.T, most int) points {
	n, dim := rapid.IntRange(1, most).Draw(t, "n"), rapid.IntRange(1, 5).Draw(t, "dim")
	repeated := rapid.SampledFrom([]float64{0, 0.5, 1}).Draw(t, "repeated")
	r := rng.New(rapid.Uint64().Draw(t, "seed"), "points")
	p := points{dim: dim}
	for i := range n {
		p.weight = append(p.weight, float64(1+r.IntN(3)))
		if i > 0 && r.Float64() < repeated {
			p.x = append(p.x, p.at(r.IntN(i))...)
			continue
		}
		p.x = append(p.x, normal(r, dim)...)
	}
	return p
}

// scatter is the weighted sum of the squares of the points' distances from
// their groups' centres.
func scatter(p points, group []int32, centres []float32) (sum float64) {
	for i, g := range group {
		sum += p.weight[i] * squareDistance(p.at(i), centres[int(g)*p.dim:][:p.dim])
	}
	return sum
}

// byHand are the groups of the nearest centres, searched for one by one.
func byHand(p points, centres []float32) []int32 {
	group := make([]int32, p.n())
	for i := range group {
		for c := range len(centres) / p.dim {
			if squareDistance(p.at(i), centres[c*p.dim:][:p.dim]) < squareDistance(p.at(i), centres[int(group[i])*p.dim:][:p.dim]) {
				group[i] = int32(c)
			}
		}
	}
	return group
}

// closeness is the tolerance of squares of distances found in float32 as a
// difference of squares.
func closeness(p points) float64 {
	largest := 1.0
	for i := range p.n() {
		largest = max(largest, dot(p.at(i), p.at(i)))
	}
	return 1e-6 * largest * float64(p.dim+2)
}

// No group is empty, each centre is its group's mean, every point is in the
// group of the nearest, and the seeds are bettered.
func TestKMeans(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawPoints(t, 24)
		k := rapid.IntRange(1, p.n()).Draw(t, "k")
		seed := rapid.Uint64().Draw(t, "seed")
		group, centres, err := kMeans(t.Context(), p, k, seed, "test", []uint64{3}, 1)
		if err != nil {
			t.Fatal(err)
		}
		tol := closeness(p)
		size := make([]int, k)
		for i, g := range group {
			size[g]++
			own := squareDistance(p.at(i), centres[int(g)*p.dim:][:p.dim])
			for c := range k {
				if d := squareDistance(p.at(i), centres[c*p.dim:][:p.dim]); !(own <= d+tol) {
					t.Fatalf("point %d is %g from its centre, %g from that of group %d", i, own, d, c)
				}
			}
		}
		if slices.Contains(size, 0) {
			t.Fatalf("an empty group: sizes %v", size)
		}
		if !slices.Equal(centres, means(p, group, k)) {
			t.Fatal("the centres are not the groups' means")
		}
		seeds := ok(seedCentres(t.Context(), p, k, seed, "test", []uint64{3}, 1))
		if before, after := scatter(p, byHand(p, seeds), seeds), scatter(p, group, centres); !(after <= before+tol*float64(p.n())) {
			t.Fatalf("the scatter rose from %g to %g", before, after)
		}
	})
}

// As many groups as points: each is one of its own.
func TestKMeansOfAllPoints(t *testing.T) {
	p := points{normal(rng.New(1, "points"), 20*3), 3, ones(20)}
	group, centres, err := kMeans(t.Context(), p, 20, 1, "test", nil, 2)
	if err != nil {
		t.Fatal(err)
	}
	for i, g := range group {
		if !slices.Equal(centres[int(g)*3:][:3], p.at(i)) {
			t.Errorf("point %d is in a group whose centre is another point", i)
		}
	}
}

// Points that are all the same have no groups; they get some.
func TestKMeansOfOnePoint(t *testing.T) {
	p := points{weight: ones(9), dim: 2}
	for range p.weight {
		p.x = append(p.x, 0.1, -3)
	}
	group, centres, err := kMeans(t.Context(), p, 4, 1, "test", nil, 1)
	if err != nil {
		t.Fatal(err)
	}
	size := make([]int, 4)
	for _, g := range group {
		size[g]++
	}
	if slices.Contains(size, 0) {
		t.Errorf("sizes %v", size)
	}
	for i, v := range centres {
		if v != p.x[i] {
			t.Errorf("centres %v", centres)
			break
		}
	}
}

// Three clusters far from each other are found.
func TestKMeansFindsClusters(t *testing.T) {
	r := rng.New(1, "points")
	p := points{x: normal(r, 60*2), dim: 2, weight: ones(60)}
	for i := range 60 {
		p.at(i)[0] += float32(i%3) * 50
	}
	for seed := range uint64(20) {
		group, _, err := kMeans(t.Context(), p, 3, seed, "test", nil, 1)
		if err != nil {
			t.Fatal(err)
		}
		for i, g := range group {
			if g != group[i%3] || i < 3 && slices.Contains(group[:i], g) {
				t.Fatalf("seed %d: groups %v", seed, group)
			}
		}
	}
}

// The groups are the same bit for bit for any number of workers, and others
// for another seed, stream or place.
func TestKMeansIsReproducible(t *testing.T) {
	p := points{normal(rng.New(2, "points"), 500*7), 7, ones(500)}
	find := func(seed uint64, stream string, at uint64, workers int) string {
		group, centres, err := kMeans(t.Context(), p, 9, seed, stream, []uint64{at}, workers)
		if err != nil {
			t.Fatal(err)
		}
		return fmt.Sprint(group, centres)
	}
	want := find(1, "a", 0, 1)
	for _, workers := range allWorkers {
		if find(1, "a", 0, workers) != want {
			t.Errorf("%d workers: other groups", workers)
		}
	}
	for _, other := range []string{find(2, "a", 0, 1), find(1, "b", 0, 1), find(1, "a", 1, 1)} {
		if other == want {
			t.Error("another seed, stream or place gives the same groups")
		}
	}
}

// The nearest centre is that of a search one by one, up to rounding, and so is
// its distance.
func TestNearest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawPoints(t, 200)
		r := rng.New(rapid.Uint64().Draw(t, "centres"), "centres")
		centres := normal(r, p.dim*rapid.IntRange(1, 9).Draw(t, "k"))
		group, distance, err := nearest(t.Context(), p, centres, 1)
		if err != nil {
			t.Fatal(err)
		}
		tol := closeness(points{append(slices.Clone(p.x), centres...), p.dim, ones(p.n() + len(centres)/p.dim)})
		for i, want := range byHand(p, centres) {
			least := squareDistance(p.at(i), centres[int(want)*p.dim:][:p.dim])
			got := squareDistance(p.at(i), centres[int(group[i])*p.dim:][:p.dim])
			if !(got <= least+tol) || !approx.Close(distance[i], least, tol) || distance[i] < 0 {
				t.Fatalf("point %d: centre %d at %g, said to be %g; the nearest is %d at %g", i, group[i], got, distance[i], want, least)
			}
		}
	})
}

// A weight is as many equal points.
func TestWeightsAreRepeatedPoints(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawPoints(t, 24)
		k := rapid.IntRange(1, p.n()).Draw(t, "k")
		group := atRandom(p.n(), k, 1, "test", nil)
		repeated, of := points{dim: p.dim}, []int32(nil)
		for i, w := range p.weight {
			for range int(w) {
				repeated.x = append(repeated.x, p.at(i)...)
				of = append(of, group[i])
			}
		}
		repeated.weight = ones(len(of))
		got, want := means(p, group, k), means(repeated, of, k)
		for i := range got {
			if !approx.Close(float64(got[i]), float64(want[i]), 1e-6) {
				t.Fatalf("means %v, of repeated points %v", got, want)
			}
		}
	})
}

// Centres are drawn far from each other: none twice while there are others.
func TestSeedCentresAreDistinct(t *testing.T) {
	p := points{dim: 1, weight: ones(12)}
	for i := range 12 {
		p.x = append(p.x, float32(i/2)) // each twice
	}
	for seed := range uint64(50) {
		centres := ok(seedCentres(t.Context(), p, 6, seed, "test", nil, 2))
		slices.Sort(centres)
		if !slices.Equal(centres, []float32{0, 1, 2, 3, 4, 5}) {
			t.Fatalf("seed %d draws %v", seed, centres)
		}
	}
}

// A point is drawn with a chance that is its weight.
func TestSeedCentresByWeight(t *testing.T) {
	p := points{x: []float32{0, 1, 2}, dim: 1, weight: []float64{1, 6, 1}}
	const draws = 4000
	heavy := 0
	for seed := range uint64(draws) {
		if ok(seedCentres(t.Context(), p, 1, seed, "test", nil, 2))[0] == 1 {
			heavy++
		}
	}
	// Five standard deviations.
	if part := float64(heavy) / draws; !approx.Close(part, 0.75, 5*math.Sqrt(0.75*0.25/draws)) {
		t.Errorf("a point of three quarters of the weight is drawn in %v of the draws", part)
	}
}

// An empty group gets the point that is farthest from its centre and leaves
// others behind.
func TestFillEmpty(t *testing.T) {
	group := []int32{0, 0, 0, 3, 0, 1}
	fillEmpty(points{weight: ones(6)}, group, []float64{1, 3, 2, 9, 0, 8}, 5)
	if !slices.Equal(group, []int32{0, 2, 4, 3, 0, 1}) {
		t.Errorf("groups %v", group)
	}
}

func TestDraw(t *testing.T) {
	for _, tt := range []struct {
		chance []float64
		u      float64
		want   int
	}{
		{[]float64{0, 1, 0, 3, 0}, 0, 1},
		{[]float64{0, 1, 0, 3, 0}, 0.249, 1},
		{[]float64{0, 1, 0, 3, 0}, 0.251, 3},
		{[]float64{0, 1, 0, 3, 0}, math.Nextafter(1, 0), 3},
		{[]float64{0.1, 0.1, 0.1, 0}, math.Nextafter(1, 0), 2},
		{[]float64{0, 0}, 0.5, 0},
		{[]float64{5}, 0.5, 0},
	} {
		if got := draw(tt.chance, tt.u); got != tt.want {
			t.Errorf("draw(%v, %v) = %d, want %d", tt.chance, tt.u, got, tt.want)
		}
	}
}

func TestAtRandom(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 100).Draw(t, "n")
		k := rapid.IntRange(1, n).Draw(t, "k")
		seed := rapid.Uint64().Draw(t, "seed")
		group := atRandom(n, k, seed, "test", []uint64{1})
		size := make([]int, k)
		for _, g := range group {
			size[g]++
		}
		if slices.Max(size)-slices.Min(size) > 1 {
			t.Fatalf("sizes %v", size)
		}
		if !slices.Equal(group, atRandom(n, k, seed, "test", []uint64{1})) {
			t.Fatal("the same seed gives other groups")
		}
	})
	if slices.Equal(atRandom(50, 5, 1, "test", []uint64{1}), atRandom(50, 5, 1, "test", []uint64{2})) {
		t.Error("another place gives the same groups")
	}
}

// The point of a group that is most like its target is found one by one.
func TestMostLike(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawPoints(t, 24)
		k := rapid.IntRange(1, p.n()).Draw(t, "k")
		group := atRandom(p.n(), k, 1, "test", nil)
		targets := means(p, group, k)
		for g, best := range mostLike(p, group, targets) {
			target := targets[g*p.dim:][:p.dim]
			for i := range group {
				if int(group[best]) != g || int(group[i]) == g && dot(p.at(i), target) > dot(p.at(int(best)), target) {
					t.Fatalf("group %d: point %d of group %d is said to be best, not %d", g, best, group[best], i)
				}
			}
		}
	})
}

// Hard starts are those of small margin where a group has some, else its members of
// smallest margin; which of several, the seed says.
func TestHard(t *testing.T) {
	angles := []float64{0, 5, 10, 15, 30, 35, 40, 42} // of class 0, from its mean; class 1 is at 90
	p := points{dim: 2, weight: ones(len(angles))}
	for _, a := range angles {
		p.x = append(p.x, float32(math.Cos(a*math.Pi/180)), float32(math.Sin(a*math.Pi/180)))
	}
	group := []int32{0, 0, 1, 0, 1, 1, 1, 2}
	seen := map[int32]bool{}
	for seed := range uint64(40) {
		w := &distiller{Config: Config{Seed: seed}, means: []float32{1, 0, 0, 1}}
		chosen := ok(w.hard(t.Context(), 0, p, group, 3))
		if chosen[0] != 3 || chosen[2] != 7 {
			t.Errorf("seed %d: images %v, want 3 of the first group, whose hardest it is, and 7 of the last", seed, chosen)
		}
		if again := ok(w.hard(t.Context(), 0, p, group, 3)); !slices.Equal(again, chosen) {
			t.Errorf("seed %d: images %v, then %v", seed, chosen, again)
		}
		seen[chosen[1]] = true
	}
	if got := slices.Sorted(maps.Keys(seen)); !slices.Equal(got, []int32{4, 5, 6}) {
		t.Errorf("of the second group images %v, want any of 4, 5 and 6", got)
	}
}

// Margins are measured against the means of the training images.
func TestMargins(t *testing.T) {
	set, m := someDigits(t, 200), trained(t)
	w := &distiller{nets: testEnsemble(t, 2, m), leaves: set.All()}
	for class := range set.Classes {
		of := set.All().OfClass(class)
		x := points{directions(t, w.nets, set.All().Only(of)), w.nets.dim(), ones(len(of))}
		small := 0
		for _, v := range ok(w.margins(t.Context(), class, x)) {
			if !(v <= 1) {
				t.Fatalf("margin %v", v)
			}
			if v <= 0 {
				small++
			}
		}
		if small > len(of)/10 {
			t.Errorf("class %d: %d of %d training images are nearer to another class", class, small, len(of))
		}
	}
}
