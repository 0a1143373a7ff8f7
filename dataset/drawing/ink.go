package drawing

import "math"

// What counts as ink, in parts of the contrast of the strokes and of the picture's noise.
const (
	inkPart      = 0.35  // of the contrast
	inkSigmas    = 4     // of the noise
	leastSigmas  = 6     // of the noise, below which nothing is drawn
	leastEdge    = 0.07  // of the range of brightness, likewise
	strokesShare = 0.003 // of the picture's pixels, that strokes cover at least
)

// ink is what stands out from the ground, darker or lighter.
type ink struct {
	plane            // how far, 0 on the ground
	sigma    float32 // of the noise
	contrast float32 // of the strokes
	// surplus is how far the pixels differ from what most of the picture is like, in
	// the same direction.
	surplus plane
}

// findInk returns what is darker than the ground and what is lighter.
func findInk(colours [3]plane) (dark, light ink) {
	overall := difference(colours)
	sigma := noise(colours)
	inks := [2]ink{}
	for i := range inks {
		lighter := i == 1
		v := standOut(colours, lighter)
		surplus := newPlane(v.w, v.h)
		for k, d := range overall.v {
			if !lighter {
				d = -d
			}
			surplus.v[k] = max(0, d)
		}
		inks[i] = ink{plane: v, sigma: sigma, contrast: quantile(v.v, 1-strokesShare), surplus: surplus}
	}
	return inks[0], inks[1]
}

// stands reports whether anything stands out.
func (k ink) stands() bool { return k.contrast >= max(leastEdge, leastSigmas*k.sigma) }

// difference returns how far the pixels differ from a smooth ground, below 0 where they
// are darker.
func difference(colours [3]plane) plane {
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
		v.v[i] = float32(math.Copysign(float64(root(d/3)), float64(light.v[i])))
	}
	return v
}

// noise estimates the standard deviation of the noise from the differences of
// neighbours, most of which are on the ground.
func noise(colours [3]plane) float32 {
	p := colours[1]
	if p.w < 2 {
		return 0
	}
	steps := make([]float32, 0, len(p.v))
	for y := range p.h {
		row := p.v[y*p.w:][:p.w]
		for x, v := range row[1:] {
			steps = append(steps, max(v-row[x], row[x]-v))
		}
	}
	return 1.4826 / math.Sqrt2 * quantile(steps, 0.5)
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

func root(v float32) float32 { return float32(math.Sqrt(float64(v))) }
