package drawing

import "math"

// What counts as ink, in parts of the contrast of the darkest (or lightest) strokes and
// of the ground's own variation.
const (
	inkPart      = 0.35  // of the contrast
	inkSigmas    = 4     // of the ground's variation
	leastSigmas  = 6     // of it, below which nothing is drawn
	leastEdge    = 0.05  // of the range of brightness, likewise
	strokesShare = 0.003 // of the picture's pixels, that strokes cover at least
)

// ink is what differs from the ground.
type ink struct {
	plane            // the contrast, at most 0 on the ground and on what is of the other kind
	sigma    float32 // the ground's variation
	contrast float32 // of the strokes
	dark     bool    // darker than the ground
}

// findInk takes the ground off a picture. ok is false if nothing stands out.
func findInk(colours [3]plane) (found ink, ok bool) {
	w, h := colours[0].w, colours[0].h
	light, v := newPlane(w, h), newPlane(w, h)
	for c, weight := range [3]float32{0.299, 0.587, 0.114} {
		ground := level(colours[c])
		for i, x := range colours[c].v {
			d := x - ground.v[i]
			light.v[i] += weight * d
			v.v[i] += d * d
		}
	}
	for i, d := range v.v {
		v.v[i] = float32(math.Copysign(math.Sqrt(float64(d)/3), float64(light.v[i])))
	}
	sigma := flatten(v)
	lighter := newSide(v.v, sigma)
	for i := range v.v {
		v.v[i] = -v.v[i]
	}
	side := newSide(v.v, sigma)
	found = ink{plane: v, sigma: sigma, dark: side.energy >= lighter.energy}
	if !found.dark {
		side = lighter
		for i := range v.v {
			v.v[i] = -v.v[i]
		}
	}
	found.contrast = side.contrast
	return found, found.contrast >= max(leastEdge, leastSigmas*sigma)
}

// side is how much of a picture stands out from the ground in one direction.
type side struct{ contrast, energy float32 }

// newSide measures the positive values: the contrast of those that stand out most, and
// the sum of all that are well above the ground's variation.
func newSide(v []float32, sigma float32) side {
	s := side{contrast: quantile(v, 1-strokesShare)}
	for _, x := range v {
		if x > max(leastEdge, inkSigmas*sigma) {
			s.energy += x
		}
	}
	return s
}

// flatten takes off the mean over the surroundings of what is not ink, and returns the
// variation that is left, as a standard deviation.
func flatten(p plane) float32 {
	sigma := variation(p.v)
	reach := max(1, max(p.w, p.h)/8)
	limit := max(leastEdge, 3*sigma)
	sums, counts := integral(p, func(v float32) (float64, float64) {
		if v < -limit || v > limit {
			return 0, 0
		}
		return float64(v), 1
	})
	for y := range p.h {
		for x := range p.w {
			n := counts.over(x-reach, y-reach, x+reach, y+reach)
			if n > 0 && n >= float64(reach*reach)/4 {
				p.v[y*p.w+x] -= float32(sums.over(x-reach, y-reach, x+reach, y+reach) / n)
			}
		}
	}
	return variation(p.v)
}

// variation is the standard deviation of the values that most have, from the median of
// their sizes.
func variation(v []float32) float32 {
	sizes := make([]float32, len(v))
	for i, x := range v {
		sizes[i] = max(x, -x)
	}
	return 1.4826 * quantile(sizes, 0.5)
}

// quantile returns the value that a share of the values do not exceed, to a thousandth.
// Values below 0 count as 0, those above 1 as 1.
func quantile(v []float32, share float64) float32 {
	const bins = 1000
	var counts [bins + 1]int
	for _, x := range v {
		counts[int(bins*min(1, max(0, x)))]++
	}
	rest := int(share * float64(len(v)))
	for bin, n := range counts {
		if rest -= n; rest < 0 {
			return float32(bin) / bins
		}
	}
	return 1
}

// table holds sums of a plane over everything above and to the left.
type table struct {
	w, h int
	s    []float64
}

// integral returns tables of the two values that of gives for each pixel.
func integral(p plane, of func(v float32) (float64, float64)) (a, b table) {
	a, b = table{p.w, p.h, make([]float64, (p.w+1)*(p.h+1))}, table{p.w, p.h, make([]float64, (p.w+1)*(p.h+1))}
	stride := p.w + 1
	for y := range p.h {
		for x := range p.w {
			va, vb := of(p.v[y*p.w+x])
			at := (y+1)*stride + x + 1
			a.s[at] = va + a.s[at-1] + a.s[at-stride] - a.s[at-stride-1]
			b.s[at] = vb + b.s[at-1] + b.s[at-stride] - b.s[at-stride-1]
		}
	}
	return a, b
}

// over returns the sum over the pixels from x0, y0 to x1, y1, both included.
func (t table) over(x0, y0, x1, y1 int) float64 {
	x0, y0, x1, y1 = max(0, x0), max(0, y0), min(t.w, x1+1), min(t.h, y1+1)
	at := func(x, y int) float64 { return t.s[y*(t.w+1)+x] }
	return at(x1, y1) - at(x0, y1) - at(x1, y0) + at(x0, y0)
}
