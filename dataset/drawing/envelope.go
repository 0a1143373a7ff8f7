package drawing

// The ground about strokes is their surroundings' envelope: dark strokes are filled by
// the largest values within reach, and the smallest of those (a closing), light ones the
// other way round (an opening). Edges of shadows and of paper stay where they are, which
// no smooth ground follows.
const (
	coarse = 128  // longest side of the plane that envelopes are computed on, in pixels
	window = 0.25 // of the side: strokes are narrower
)

// standOut returns how far the pixels are below the envelope of their surroundings, or
// above it if light is set: over the colours, the root of the mean square.
func standOut(colours [3]plane, light bool) plane {
	out := newPlane(colours[0].w, colours[0].h)
	for _, c := range colours {
		ground := envelope(c, light)
		for i, v := range c.v {
			d := ground.v[i] - v
			if light {
				d = -d
			}
			d = max(0, d)
			out.v[i] += d * d
		}
	}
	for i, v := range out.v {
		out.v[i] = root(v / 3)
	}
	return out
}

// envelope returns the closing of a plane, or the opening if light is set, at a coarse
// scale, where noise is averaged.
func envelope(p plane, light bool) plane {
	step := max(1, (max(p.w, p.h)+coarse-1)/coarse)
	small := p.resized(max(1, p.w/step), max(1, p.h/step))
	reach := max(1, int(window/2*float64(max(small.w, small.h))))
	small.extremes(reach, !light)
	small.extremes(reach, light)
	return small.enlarged(p.w, p.h)
}

// extremes replaces each value by the largest within reach, or the smallest.
func (p plane) extremes(reach int, largest bool) {
	line := make([]float32, max(p.w, p.h))
	var best []int // places in the window that may yet be the extreme, the best first
	pass := func(start, stride, n int) {
		best = best[:0]
		for i := range n {
			line[i] = p.v[start+i*stride]
		}
		for i := range n + reach {
			if i < n {
				for len(best) > 0 && (line[i] > line[best[len(best)-1]]) == largest {
					best = best[:len(best)-1]
				}
				best = append(best, i)
			}
			if at := i - reach; at >= 0 {
				for best[0] < at-reach {
					best = best[1:]
				}
				p.v[start+at*stride] = line[best[0]]
			}
		}
	}
	for y := range p.h {
		pass(y*p.w, 1, p.w)
	}
	for x := range p.w {
		pass(x, p.w, p.h)
	}
}

// enlarged returns the plane at a larger size, by lines between the middles of pixels.
func (p plane) enlarged(w, h int) plane {
	out := newPlane(w, h)
	columns := between(p.w, w)
	for y, r := range between(p.h, h) {
		for x, c := range columns {
			upper := p.at(c.at, r.at)*(1-c.share) + p.at(c.next, r.at)*c.share
			lower := p.at(c.at, r.next)*(1-c.share) + p.at(c.next, r.next)*c.share
			out.v[y*w+x] = upper*(1-r.share) + lower*r.share
		}
	}
	return out
}

// blend is a place between two neighbours on a line.
type blend struct {
	at, next int
	share    float32 // of the next
}

// between returns the places of the pixels of a line of length to on one of length from.
func between(from, to int) []blend {
	list := make([]blend, to)
	for i := range list {
		place := max(0, (float64(i)+0.5)*float64(from)/float64(to)-0.5)
		at := min(int(place), from-1)
		list[i] = blend{at, min(at+1, from-1), float32(place - float64(at))}
	}
	return list
}
