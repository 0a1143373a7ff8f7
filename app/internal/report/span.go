package report

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/coarsegrain/taylornet/app/internal/plain"
)

// The values that a chart draws: finite, and so far from the ends of float64 that ranges
// and margins neither overflow nor vanish. Ranges below narrow, as a fraction of the
// values, are drawn as a constant: their labels would not differ.
const (
	largest  = 1e307
	smallest = 1e-300 // of a logarithmic axis, and of ranges
	narrow   = 1e-12
	logWidth = 1e-9 // the least of a logarithmic axis
)

// draws reports whether the axis can show a value.
func (a Axis) draws(v float64) bool {
	return math.Abs(v) <= largest && (!a.Log || v >= smallest)
}

// span is the range of values of an axis. The chart is drawn in fractions of it, because
// the plot's own scales overflow.
type span struct {
	lo, hi float64
	log    bool
}

func (s span) has(v float64) bool { return v >= s.lo && v <= s.hi }

// at returns where a value lies, from 0 to 1 between the ends. What is far beyond them is
// brought nearer.
func (s span) at(v float64) float64 {
	const far = 1e6
	part := (v - s.lo) / (s.hi - s.lo)
	if s.log {
		part = (math.Log(v) - math.Log(s.lo)) / (math.Log(s.hi) - math.Log(s.lo))
	}
	return min(max(part, -far), far)
}

// ends returns the ends of an axis for values that it draws, with a margin as a fraction of
// their range.
func (a Axis) ends(values []float64, margin float64) (span, error) {
	s := span{lo: a.Min, hi: a.Max, log: a.Log}
	if a.Min != a.Max {
		for _, v := range []float64{a.Min, a.Max} {
			if !a.draws(v) {
				return s, fmt.Errorf("the axis cannot end at %v", v)
			}
		}
		if a.Max-a.Min < smallest+narrow*math.Abs(a.Max) {
			return s, errors.New("the axis is too short")
		}
		return s, nil
	}
	if len(values) == 0 {
		values = []float64{1}
	}
	s.lo, s.hi = slices.Min(values), slices.Max(values)
	switch {
	case a.Log && math.Log(s.hi)-math.Log(s.lo) < logWidth:
		s.lo, s.hi = s.lo/2, s.hi*2
	case a.Log:
		by := math.Exp(margin * (math.Log(s.hi) - math.Log(s.lo)))
		s.lo, s.hi = max(s.lo/by, smallest/10), min(s.hi*by, 10*largest)
	case s.hi-s.lo < smallest+narrow*max(math.Abs(s.lo), math.Abs(s.hi)):
		half := max(0.5, math.Abs(s.lo)/10)
		s.lo, s.hi = s.lo-half, s.hi+half
	default:
		by := margin * (s.hi - s.lo)
		s.lo, s.hi = s.lo-by, s.hi+by
	}
	return s, nil
}

// The most points of a line that are drawn, and the most columns of its name in the legend
// and of other texts.
const (
	mostPoints          = 2000
	mostName, mostLabel = 40, 80
)

// drawn returns the chart with the points that its axes can show, and how many they cannot.
func (c Chart) drawn() (Chart, int, error) {
	points, left := 0, 0
	lines := make([]Line, len(c.Lines))
	for i, l := range c.Lines {
		if len(l.X) != len(l.Y) || len(l.Low) != len(l.High) || (l.Low != nil && len(l.Low) != len(l.Y)) {
			return c, 0, fmt.Errorf("line %q has %d x, %d y and intervals from %d to %d values", l.Name, len(l.X), len(l.Y), len(l.Low), len(l.High))
		}
		keep := slices.DeleteFunc(indices(len(l.X)), func(i int) bool {
			return !c.X.draws(l.X[i]) || !c.Y.draws(l.Y[i]) || l.Low != nil && (!c.Y.draws(l.Low[i]) || !c.Y.draws(l.High[i]))
		})
		points, left = points+len(l.X), left+len(l.X)-len(keep)
		lines[i] = l.part(keep)
		lines[i] = lines[i].part(lines[i].peaks())
		lines[i].Name = plain.Cut(plain.Text(l.Name), mostName)
	}
	if points == 0 {
		return c, 0, errors.New("it has no points")
	}
	c.Lines = lines
	for _, text := range []*string{&c.Title, &c.X.Label, &c.Y.Label} {
		*text = plain.Cut(plain.Text(*text), mostLabel)
	}
	return c, left, nil
}

// part returns the points of the line at the indices.
func (l Line) part(indices []int) Line {
	pick := func(list []float64) (out []float64) {
		if list == nil {
			return nil
		}
		for _, i := range indices {
			out = append(out, list[i])
		}
		return out
	}
	l.X, l.Y, l.Low, l.High = pick(l.X), pick(l.Y), pick(l.Low), pick(l.High)
	return l
}

// peaks returns the indices of at most mostPoints points of the line: of each stretch of a
// longer one the lowest and the highest, so that no peak is lost.
func (l Line) peaks() []int {
	n := len(l.Y)
	if n <= mostPoints {
		return indices(n)
	}
	var list []int
	const stretches = mostPoints / 2
	for i := range stretches {
		from := i * n / stretches
		lo, hi := from, from
		for j := from; j < (i+1)*n/stretches; j++ {
			if l.Y[j] < l.Y[lo] {
				lo = j
			}
			if l.Y[j] > l.Y[hi] {
				hi = j
			}
		}
		list = append(list, min(lo, hi))
		if lo != hi {
			list = append(list, max(lo, hi))
		}
	}
	return list
}
