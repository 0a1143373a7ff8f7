package distill

import (
	"cmp"
	"context"
	"math"
	"slices"

	"github.com/coarsegrain/taylornet/engine"
	"github.com/coarsegrain/taylornet/engine/cpu"
	"github.com/coarsegrain/taylornet/internal/parallel"
	"github.com/coarsegrain/taylornet/internal/rng"
	"github.com/coarsegrain/taylornet/spec"
)

// kMeansRounds is the largest number of rounds of k-means, which are rarely all needed.
const kMeansRounds = 30

// points are vectors with weights.
type points struct {
	x      []float32 // [N,dim]
	dim    int
	weight []float64 // [N]
}

func (p points) n() int             { return len(p.weight) }
func (p points) at(i int) []float32 { return p.x[i*p.dim:][:p.dim] }

// kMeans parts points into k groups, none of them empty, by Lloyd's iteration from
// k-means++ (Arthur and Vassilvitskii, SODA 2007). It returns the group of each point
// and the weighted means of the groups, [k,dim].
func kMeans(ctx context.Context, p points, k int, seed uint64, stream string, at []uint64, workers int) (group []int32, centres []float32, err error) {
	if centres, err = seedCentres(ctx, p, k, seed, stream, at, workers); err != nil {
		return nil, nil, err
	}
	group = make([]int32, p.n())
	for range kMeansRounds {
		next, distance, err := nearest(ctx, p, centres, workers)
		if err != nil {
			return nil, nil, err
		}
		fillEmpty(p, next, distance, k)
		same := slices.Equal(group, next)
		group = next
		centres = means(p, group, k)
		if same {
			break
		}
	}
	return group, centres, nil
}

// seedCentres draws k of the points. The chance of each is its weight times the square
// of its distance from those already drawn.
func seedCentres(ctx context.Context, p points, k int, seed uint64, stream string, at []uint64, workers int) ([]float32, error) {
	r := rng.New(seed, stream, at...)
	chance := slices.Clone(p.weight)
	distance := make([]float64, p.n())
	for i := range distance {
		distance[i] = math.Inf(1)
	}
	centres := make([]float32, 0, k*p.dim)
	for range k {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		c := p.at(draw(chance, r.Float64()))
		centres = append(centres, c...)
		parallel.NewCrew(workers).Run(p.n(), func(_, i int) {
			distance[i] = min(distance[i], squareDistance(p.at(i), c))
			chance[i] = p.weight[i] * distance[i]
		})
	}
	return centres, nil
}

// draw returns the index where the running sum of the chances passes the fraction u of
// their total.
func draw(chance []float64, u float64) int {
	var total float64
	for _, c := range chance {
		total += c
	}
	u *= total
	last := 0
	for i, c := range chance {
		if c > 0 {
			last = i
			if u -= c; u < 0 {
				break
			}
		}
	}
	return last
}

// nearest returns for each point the nearest centre and the square of its distance.
func nearest(ctx context.Context, p points, centres []float32, workers int) (group []int32, distance []float64, err error) {
	biases := make([]float32, len(centres)/p.dim)
	for c := range biases {
		centre := centres[c*p.dim:][:p.dim]
		biases[c] = float32(-dot(centre, centre) / 2)
	}
	program, err := products(centres, biases, workers)
	if err != nil {
		return nil, nil, err
	}
	group, distance = make([]int32, p.n()), make([]float64, p.n())
	err = program.RunContext(ctx, p.n(), func(i int, x []float32) { copy(x, p.at(i)) }, func(i int, y []float32) {
		best := 0
		for c, v := range y {
			if v > y[best] {
				best = c
			}
		}
		group[i] = int32(best)
		distance[i] = max(0, dot(p.at(i), p.at(i))-2*float64(y[best]))
	})
	return group, distance, err
}

// products returns a program for the products of a vector with rows [R,dim], plus a bias
// for each. It is a linear layer, because that has fast kernels.
func products(rows, biases []float32, workers int) (engine.Program[float32], error) {
	r := len(biases)
	dim := len(rows) / r
	net := &spec.Net{Input: spec.Shape{H: 1, W: 1, C: dim}, Ops: []spec.Op{&spec.Linear{N: r}}}
	params := make([]float32, (dim+1)*r)
	transpose(params, rows, r)
	copy(params[dim*r:], biases)
	return cpu.New().Compile(net, params, engine.Options{Workers: workers, MicroBatch: 64})
}

// fillEmpty gives each empty group the point that is farthest from its centre, among the
// groups with several points.
func fillEmpty(p points, group []int32, distance []float64, k int) {
	size := make([]int, k)
	for _, g := range group {
		size[g]++
	}
	if !slices.Contains(size, 0) {
		return
	}
	order := make([]int, p.n())
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(distance[b], distance[a]) })
	for g := range size {
		for size[g] == 0 {
			i := order[0]
			order = order[1:]
			if size[group[i]] > 1 {
				size[group[i]]--
				size[g]++
				group[i] = int32(g)
			}
		}
	}
}

// means returns the weighted means of the groups, [k,dim].
func means(p points, group []int32, k int) []float32 {
	sum, weight := make([]float64, k*p.dim), make([]float64, k)
	for i, g := range group {
		w := p.weight[i]
		weight[g] += w
		into := sum[int(g)*p.dim:][:p.dim]
		for j, x := range p.at(i) {
			into[j] += w * float64(x)
		}
	}
	out := make([]float32, len(sum))
	for i, s := range sum {
		out[i] = float32(s / weight[i/p.dim])
	}
	return out
}
