package model

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/coarsegrain/taylornet/dataset"
)

// Guard notices pictures that are unlike the training images. It knows three traits of
// theirs, by the class that is answered: the logit of the answer, which is low if nothing
// in the picture speaks for a class; the brightness; and the roughness, which is how much
// neighbouring pixels differ. A picture is unlike the training images if a trait is
// further from its mean than nearly all of theirs, in standard deviations.
type Guard struct {
	Mean  []Traits `json:"mean"`  // [K], by the class that is answered
	Std   []Traits `json:"std"`   // [K], positive
	Limit Traits   `json:"limit"` // in standard deviations
}

// Traits are the logit of the answer, the logarithm of the mean brightness, and the
// logarithm of the roughness: the mean square of the differences of neighbouring pixels,
// in units of the mean square of the pixels. Pixels count from 0 to 1.
type Traits [3]float32

// dim keeps logarithms finite, and black images alike.
const dim = 1e-3

func traits(pixels []uint8, in shape, logit float32) Traits {
	var sum, squares, differences float64
	line := in.W * in.C
	for i, v := range pixels {
		x := float64(v) / 255
		sum, squares = sum+x, squares+x*x
		if i%line >= in.C {
			d := x - float64(pixels[i-in.C])/255
			differences += d * d
		}
		if i >= line {
			d := x - float64(pixels[i-line])/255
			differences += d * d
		}
	}
	return Traits{
		logit, float32(math.Log(sum/float64(len(pixels)) + dim)),
		float32(math.Log((differences + dim) / (squares + dim))),
	}
}

// distances returns how far traits are from those of a class, in standard deviations. A
// high logit is not far.
func (g *Guard) distances(class int, t Traits) Traits {
	var out Traits
	for j, v := range t {
		out[j] = (v - g.Mean[class][j]) / g.Std[class][j]
	}
	out[0] = max(0, -out[0])
	for j := 1; j < len(out); j++ {
		out[j] = max(out[j], -out[j])
	}
	return out
}

// unlike reports whether an image with these logits, which are finite, is unlike the
// training images.
func (m *Model) unlike(pixels []uint8, logits []float32) bool {
	g := m.cfg.Guard
	if g == nil {
		return false
	}
	class := argmax(logits)
	for j, d := range g.distances(class, traits(pixels, m.cfg.Net.Input, logits[class])) {
		if !(d <= g.Limit[j]) {
			return true
		}
	}
	return false
}

func (g *Guard) clone() *Guard {
	if g == nil {
		return nil
	}
	return &Guard{slices.Clone(g.Mean), slices.Clone(g.Std), g.Limit}
}

func (g *Guard) validate(classes int) error {
	if g == nil {
		return nil
	}
	if len(g.Mean) != classes || len(g.Std) != classes {
		return fmt.Errorf("the guard knows %d and %d classes, the model %d", len(g.Mean), len(g.Std), classes)
	}
	for k := range classes {
		for j := range g.Limit {
			if !finite(g.Mean[k][j]) || !finite(g.Std[k][j]) || g.Std[k][j] <= 0 {
				return fmt.Errorf("the guard has a mean of %v and a standard deviation of %v for class %d", g.Mean[k][j], g.Std[k][j], k)
			}
		}
	}
	for _, v := range g.Limit {
		if !finite(v) || v < 0 {
			return fmt.Errorf("the guard has the limit %v", v)
		}
	}
	return nil
}

// within is the fraction of images whose traits lie within the limits of a guard, each
// trait by itself. margin widens the limits of few images: by margin by the square root
// of their number.
const (
	within = 0.9993
	margin = 5
)

// MeasureGuard returns the guard that knows these images. validation are images that the
// model did not learn, which may be none: a model is surer of the images that it learned
// than of others like them. The guard is nil if the logits of an image overflow, or there
// are fewer than two.
func (m *Model) MeasureGuard(ctx context.Context, training, validation dataset.Subset) (*Guard, error) {
	learned, err := m.traitsOf(ctx, training)
	if err != nil || len(learned) < 2 {
		return nil, err
	}
	var others []answered
	if validation.Len() > 0 {
		if others, err = m.traitsOf(ctx, validation); err != nil {
			return nil, err
		}
		others = slices.DeleteFunc(others, func(a answered) bool { return !finite(a.traits[0]) })
	}
	g, ok := guardOf(learned, len(m.cfg.Classes))
	if !ok {
		return nil, nil
	}
	for _, images := range [][]answered{learned, others} {
		for j := range g.Limit {
			g.Limit[j] = max(g.Limit[j], g.limit(images, j))
		}
	}
	return g, nil
}

// answered are the traits of an image and the class that was answered.
type answered struct {
	class  int
	traits Traits
}

func (m *Model) traitsOf(ctx context.Context, images dataset.Subset) ([]answered, error) {
	if err := m.CheckFits(images.Set); err != nil {
		return nil, err
	}
	out := make([]answered, images.Len())
	err := m.run(ctx, len(out), func(i int, x []float32) {
		m.cfg.Normalisation.Apply(x, images.Image(i))
	}, func(i int, y []float32) {
		k := argmax(y)
		out[i] = answered{k, traits(images.Image(i), m.cfg.Net.Input, y[k])}
	})
	return out, err
}

// guardOf returns a guard without limits, and whether it is valid: logits may overflow. A
// class that was seldom answered gets the figures of all.
func guardOf(images []answered, classes int) (*Guard, bool) {
	const seldom = 10
	g := &Guard{Mean: make([]Traits, classes), Std: make([]Traits, classes)}
	all := func(int) bool { return true }
	mean, std, _ := moments(images, all)
	for k := range classes {
		g.Mean[k], g.Std[k] = mean, std
		if m, s, n := moments(images, func(class int) bool { return class == k }); n >= seldom {
			g.Mean[k], g.Std[k] = m, s
		}
	}
	return g, g.validate(classes) == nil
}

// moments returns the means and standard deviations of the traits of the images for which
// a class of those wanted was answered, and their number.
func moments(images []answered, wanted func(class int) bool) (mean, std Traits, n int) {
	var sum, squares [len(mean)]float64
	for _, a := range images {
		if !wanted(a.class) {
			continue
		}
		n++
		for j, v := range a.traits {
			sum[j] += float64(v)
			squares[j] += float64(v) * float64(v)
		}
	}
	for j := range mean {
		average := sum[j] / float64(max(1, n))
		mean[j] = float32(average)
		// Equal images have no deviation: then any other is far.
		std[j] = float32(max(1e-3, math.Sqrt(max(0, squares[j]/float64(max(1, n))-average*average))))
	}
	return mean, std, n
}

// limit returns the distance of trait j that nearly all of the images stay within, with a
// margin.
func (g *Guard) limit(images []answered, j int) float32 {
	n := len(images)
	if n == 0 {
		return 0
	}
	var list []float32
	for _, a := range images {
		list = append(list, g.distances(a.class, a.traits)[j])
	}
	slices.Sort(list)
	at := min(n-1, int(math.Ceil(within*float64(n)))-1)
	return list[at] * float32(1+margin/math.Sqrt(float64(n)))
}
