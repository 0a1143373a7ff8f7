package distill

import (
	"cmp"
	"context"
	"math"
	"slices"

	"github.com/coarsegrain/taylornet/dataset"
	"github.com/coarsegrain/taylornet/engine"
	"github.com/coarsegrain/taylornet/internal/rng"
)

// level is a level of coarse-grained images, class by class.
type level struct {
	set *dataset.Set
	// group has for each image of the level below the image of this level that it
	// belongs to.
	group []int32
	// weight is the number of training images that each image stands for.
	weight []float64
}

// distiller makes each level from the one below.
type distiller struct {
	Config
	nets    ensemble
	painter *painter
	leaves  dataset.Subset
	levels  []*level
	means   []float32 // [K,Dim], the mean directions of the classes, once they are needed
	workers int
	memory  int64 // bytes for painting
}

// newPainter returns a painter with the aim that the settings name.
func (d *distiller) newPainter() (*painter, error) {
	p := &painter{in: d.nets.input(), how: d.Paint, seed: d.Seed}
	if d.Objective == Distribution {
		p.aim = newDistribution(d.leaves, d.nets, d.Config, d.options())
		return p, nil
	}
	var err error
	p.aim, err = newSimilarity(d.nets, d.options())
	return p, err
}

// options returns the options of what paints.
func (d *distiller) options() engine.Options {
	return engine.Options{Workers: d.workers, Memory: d.memory}
}

// below returns the images that the next level is made from.
func (d *distiller) below() dataset.Subset {
	if n := len(d.levels); n > 0 {
		return d.levels[n-1].set.All()
	}
	return d.leaves
}

// plan is a level before its images are optimised.
type plan struct {
	*level
	x       []float32 // [N,H,W,C], the images to start from
	targets []float32 // [N,Dim]
}

// plan gathers the images of the level below into groups.
func (d *distiller) plan(ctx context.Context) (*plan, error) {
	depth := len(d.levels)
	k, classes := d.PerClass[depth], len(d.leaves.Set.Classes)
	set := *d.leaves.Set
	set.Name = d.leaves.Set.Name + " distilled"
	set.Pixels, set.Labels = nil, nil
	p := &plan{level: &level{set: &set, group: make([]int32, d.below().Len()), weight: make([]float64, k*classes)}}
	for class := range classes {
		members := d.below().OfClass(class)
		points, err := d.points(ctx, class, members)
		if err != nil {
			return nil, err
		}
		group, targets, err := d.gather(ctx, points, k, []uint64{uint64(depth), uint64(class)})
		if err != nil {
			return nil, err
		}
		for i, g := range group {
			p.group[members[i]] = int32(class*k) + g
			p.weight[int32(class*k)+g] += points.weight[i]
		}
		start, err := d.start(ctx, class, members, points, group, targets)
		if err != nil {
			return nil, err
		}
		p.x = append(p.x, start...)
		p.targets = append(p.targets, targets...)
		for range k {
			set.Labels = append(set.Labels, uint16(class))
		}
	}
	if d.Refine > 0 {
		return p, d.refine(ctx, p.targets, k)
	}
	return p, nil
}

// points represents the images of a class in the level below by the directions of their
// embeddings, or by the mean directions of the training images that they stand for.
func (d *distiller) points(ctx context.Context, class int, members []int32) (p points, err error) {
	p = points{dim: d.nets.dim(), weight: ones(len(members))}
	if n := len(d.levels); n > 0 {
		for i, m := range members {
			p.weight[i] = d.levels[n-1].weight[m]
		}
	}
	if len(d.levels) == 0 || d.Target == "level" {
		p.x, err = d.nets.directions(ctx, d.below().Only(members))
		return p, err
	}
	leaves, group, err := d.leavesOf(ctx, class, members)
	if err == nil {
		p.x = means(leaves, group, len(members))
	}
	return p, err
}

// leavesOf returns the directions of a class's training images, and for each the member
// (an image of the level below) that it belongs to.
func (d *distiller) leavesOf(ctx context.Context, class int, members []int32) (points, []int32, error) {
	place := make(map[int32]int32, len(members))
	for i, m := range members {
		place[m] = int32(i)
	}
	leaves := d.leaves.OfClass(class)
	group := make([]int32, len(leaves))
	for i, leaf := range leaves {
		for _, l := range d.levels {
			leaf = l.group[leaf]
		}
		group[i] = place[leaf]
	}
	x, err := d.nets.directions(ctx, d.leaves.Only(leaves))
	return points{x, d.nets.dim(), ones(len(leaves))}, group, err
}

// gather parts points into k groups and returns the directions that the images of the
// groups are to have.
func (d *distiller) gather(ctx context.Context, p points, k int, at []uint64) (group []int32, targets []float32, err error) {
	if d.Grouping == "random" {
		group = atRandom(p.n(), k, d.Seed, "group", at)
		targets = means(p, group, k)
	} else if group, targets, err = kMeans(ctx, p, k, d.Seed, "group", at, d.workers); err != nil {
		return nil, nil, err
	}
	d.nets.normalise(targets)
	return group, targets, nil
}

// start returns the images to start from, pixels 0 to 1.
func (d *distiller) start(ctx context.Context, class int, members []int32, p points, group []int32, targets []float32) ([]float32, error) {
	images := d.below().Only(members)
	switch d.Start {
	case "mean":
		return means(points{unitPixels(images), d.nets.input().Size(), p.weight}, group, len(targets)/p.dim), nil
	case "leaf", "hard":
		leaves, of, err := d.leavesOf(ctx, class, members)
		if err != nil {
			return nil, err
		}
		for i, member := range of {
			of[i] = group[member]
		}
		chosen := mostLike(leaves, of, targets)
		if d.Start == "hard" && len(chosen) > 1 { // the only image of a class is to be a typical one
			if chosen, err = d.hard(ctx, class, leaves, of, len(chosen)); err != nil {
				return nil, err
			}
		}
		return unitPixels(d.leaves.Only(d.leaves.OfClass(class)).Only(chosen)), nil
	}
	return unitPixels(images.Only(mostLike(p, group, targets))), nil
}

// hard draws one training image of each of k groups of a class: one from the half of the
// class that is hardest to tell from other classes, if the group has one.
func (d *distiller) hard(ctx context.Context, class int, leaves points, group []int32, k int) ([]int32, error) {
	margins, err := d.margins(ctx, class, leaves)
	if err != nil {
		return nil, err
	}
	median := slices.Sorted(slices.Values(margins))[len(margins)/2]
	order, chosen := make([]int32, len(group)), make([]int32, k)
	rng.Permutation(order, d.Seed, "start", uint64(len(d.levels)), uint64(class))
	slices.SortStableFunc(order, func(a, b int32) int { // the easy ones first: the last of a group is the one chosen
		return cmp.Compare(min(0, median-margins[a]), min(0, median-margins[b]))
	})
	for _, i := range order {
		chosen[group[i]] = i
	}
	return chosen, nil
}

// margins returns by how much the directions of a class's images are more similar to
// the mean direction of their class than to that of any other class.
func (d *distiller) margins(ctx context.Context, class int, images points) ([]float64, error) {
	if d.means == nil {
		var all []float32
		for k := range d.leaves.Set.Classes {
			x, err := d.nets.directions(ctx, d.leaves.Only(d.leaves.OfClass(k)))
			if err != nil {
				return nil, err
			}
			n := len(x) / images.dim
			all = append(all, means(points{x, images.dim, ones(n)}, make([]int32, n), 1)...)
		}
		d.nets.normalise(all)
		d.means = all
	}
	list := make([]float64, images.n())
	for i := range list {
		own, other := 0.0, math.Inf(-1)
		for k := range len(d.means) / images.dim {
			if like := dot(images.at(i), d.means[k*images.dim:][:images.dim]); k == class {
				own = like
			} else {
				other = max(other, like)
			}
		}
		list[i] = own - other
	}
	return list, nil
}

// mostLike returns the point of each group whose product with the group's target
// is largest.
func mostLike(p points, group []int32, targets []float32) []int32 {
	best := make([]int32, len(targets)/p.dim)
	like := make([]float64, len(best))
	for g := range best {
		best[g] = -1
	}
	for i, g := range group {
		if s := dot(p.at(i), targets[int(g)*p.dim:][:p.dim]); best[g] < 0 || s > like[g] {
			best[g], like[g] = int32(i), s
		}
	}
	return best
}

// unitPixels returns the pixels of images, [N,H,W,C], 0 to 1.
func unitPixels(images dataset.Subset) []float32 {
	var x []float32
	for i := range images.Len() {
		for _, v := range images.Image(i) {
			x = append(x, float32(v)/255)
		}
	}
	return x
}

// paint optimises the images of the next level that p.set does not have yet, a chunk at
// a time. It calls save after each chunk.
func (d *distiller) paint(ctx context.Context, p *plan, progress func(images, step int), save func() error) error {
	depth, size, dim := uint64(len(d.levels)), d.nets.input().Size(), d.nets.dim()
	for {
		first := len(p.set.Pixels) / size
		n := min(d.painter.aim.chunk(d.PerClass[depth]), p.set.Len()-first)
		if n == 0 {
			return nil
		}
		c := d.painter.canvas(p.x[first*size:][:n*size])
		c.targets, c.labels = p.targets[first*dim:][:n*dim], p.set.Labels[first:][:n]
		c.names = func(i int) []uint64 { return []uint64{depth, uint64(first + i)} }
		if err := d.painter.paint(ctx, c, d.Steps[depth], func(step int) { progress(n, step) }); err != nil {
			return err
		}
		p.set.Pixels = append(p.set.Pixels, bytesOf(c.x)...)
		if err := save(); err != nil {
			return err
		}
	}
}

// atRandom deals n points into k groups whose sizes differ by at most one.
func atRandom(n, k int, seed uint64, stream string, at []uint64) []int32 {
	order, group := make([]int32, n), make([]int32, n)
	rng.Permutation(order, seed, stream, at...)
	for place, i := range order {
		group[i] = int32(place % k)
	}
	return group
}
