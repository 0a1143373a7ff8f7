package drawing

import (
	"image"
	"math"
)

// Form says how the images of a data set hold their drawings: light on black, in
// images of H x W pixels, scaled so that the longer side is Box pixels, and centred by
// mass.
type Form struct{ H, W, Box int }

// Drawing is what was found in a picture.
type Drawing struct {
	// Pixels is the drawing in its form, [H,W]: light on black. It is black if nothing
	// was found.
	Pixels []uint8
	// Found is how many drawings the picture seems to hold. The pixels hold all of them.
	Found int
	// Dark reports whether the drawing is darker than its ground.
	Dark bool
	// Box is where it is, in the picture's pixels.
	Box image.Rectangle
}

// Find returns the drawing in an opaque picture.
func Find(img image.Image, form Form) Drawing {
	d := Drawing{Pixels: make([]uint8, form.H*form.W)}
	bounds := img.Bounds()
	if bounds.Empty() {
		return d
	}
	colours := shrunk(img)
	w, h := colours[0].w, colours[0].h
	dark, light := findInk(colours)
	paper, ok := sheet(dark, light)
	if ok {
		for c := range colours {
			colours[c] = colours[c].cut(paper)
		}
		dark, light = findInk(colours)
	}
	found, lighter := dark.find(), light.find()
	d.Dark = found.weight >= lighter.weight
	if !d.Dark {
		found = lighter
	}
	if found.drawings == 0 {
		return Drawing{Pixels: d.Pixels}
	}
	d.Found = found.drawings
	left, top := paper.left+found.box.left, paper.top+found.box.top
	right, bottom := left+found.box.width(), top+found.box.height()
	d.Box = image.Rect(
		bounds.Min.X+left*bounds.Dx()/w, bounds.Min.Y+top*bounds.Dy()/h,
		bounds.Min.X+right*bounds.Dx()/w, bounds.Min.Y+bottom*bounds.Dy()/h)
	strokes := found.strokes()
	strokes.place(d.Pixels, form)
	return d
}

// finding is a drawing as it was found.
type finding struct {
	ink
	labels   []int32
	chosen   []bool // of the parts
	box      part
	drawings int
	// weight says how much speaks for this being the ink: the sum over the drawing of
	// what stands out both from the surroundings and from most of the picture, and much
	// less if parts are fat, as what lies between strokes is.
	weight float64
}

// find finds the drawing among what stands out.
func (k ink) find() finding {
	f := finding{ink: k}
	if !k.stands() {
		return f
	}
	m := mask{k.w, k.h, make([]bool, len(k.v))}
	limit := max(inkPart*k.contrast, inkSigmas*k.sigma)
	for i, v := range k.v {
		m.on[i] = v > limit
	}
	m.unrule()
	var parts []part
	f.labels, parts = m.label()
	f.chosen, f.box, f.drawings = choose(m, parts)
	if f.drawings == 0 {
		return f
	}
	for i, l := range f.labels {
		if l > 0 && f.chosen[l-1] {
			f.weight += float64(min(k.v[i], k.surplus.v[i]))
		}
	}
	f.weight /= math.Pow(max(thinPart, f.radius()/float64(f.box.side())), fatPower)
	return f
}

// The weight falls with the radius of the parts, in parts of the drawing's side, from
// thinPart on. What lies between strokes is often twice as wide as they are.
const (
	thinPart = 0.05
	fatPower = 4
)

// radius returns the radius of the largest disc within the drawing's parts, in pixels, by
// the distances to the nearest pixel outside (a chamfer transform).
func (f finding) radius() float64 {
	w, h := f.box.width()+2, f.box.height()+2
	far := newPlane(w, h)
	for y := 1; y < h-1; y++ {
		for x := 1; x < w-1; x++ {
			if l := f.labels[(f.box.top+y-1)*f.w+f.box.left+x-1]; l > 0 && f.chosen[l-1] {
				far.v[y*w+x] = float32(w + h)
			}
		}
	}
	const straight, diagonal = 1, math.Sqrt2
	for y := 1; y < h-1; y++ {
		for x := 1; x < w-1; x++ {
			far.v[y*w+x] = min(far.v[y*w+x], far.at(x-1, y)+straight, far.at(x, y-1)+straight, far.at(x-1, y-1)+diagonal, far.at(x+1, y-1)+diagonal)
		}
	}
	most := float32(0)
	for y := h - 2; y > 0; y-- {
		for x := w - 2; x > 0; x-- {
			v := min(far.v[y*w+x], far.at(x+1, y)+straight, far.at(x, y+1)+straight, far.at(x+1, y+1)+diagonal, far.at(x-1, y+1)+diagonal)
			far.v[y*w+x] = v
			most = max(most, v)
		}
	}
	return float64(most)
}

// softness is how far ink reaches beyond the pixels that are surely ink.
const softness = 2

// strokes returns the drawing within its box and a margin, 0 on the ground to 1 in the
// middle of strokes.
func (f finding) strokes() plane {
	var sum, n float64
	for i, l := range f.labels {
		if l > 0 && f.chosen[l-1] {
			sum += float64(f.v[i])
			n++
		}
	}
	full := float32(0.9 * sum / n)
	least := min(max(0.12*full, 2*f.sigma), full/2)
	out := newPlane(f.box.width()+2*softness, f.box.height()+2*softness)
	for y := range out.h {
		for x := range out.w {
			u, v := f.box.left+x-softness, f.box.top+y-softness
			if u < 0 || v < 0 || u >= f.w || v >= f.h || !f.belongs(u, v) {
				continue
			}
			out.v[y*out.w+x] = min(1, max(0, (f.at(u, v)-least)/(full-least)))
		}
	}
	return out
}

// belongs reports whether a pixel is of the drawing or beside it.
func (f finding) belongs(x, y int) bool {
	for v := max(0, y-softness); v <= min(f.h-1, y+softness); v++ {
		for u := max(0, x-softness); u <= min(f.w-1, x+softness); u++ {
			if l := f.labels[v*f.w+u]; l > 0 && f.chosen[l-1] {
				return true
			}
		}
	}
	return false
}

// thin is the width of strokes, in pixels of the form, below which they are made wider:
// nearly all strokes of MNIST are wider.
const thin = 1.7

// place scales the strokes into the form and centres them by mass.
func (p plane) place(pixels []uint8, form Form) {
	side := max(p.w, p.h) - 2*softness
	scale := float64(form.Box) / float64(side)
	if width := p.strokeWidth() * scale; width < thin {
		p = p.dilated((thin - width) / 2 / scale)
	}
	w, h := max(1, int(math.Round(float64(p.w)*scale))), max(1, int(math.Round(float64(p.h)*scale)))
	small := p.resized(min(w, form.W), min(h, form.H))
	var sum, cx, cy, most float64
	var ink image.Rectangle
	for y := range small.h {
		for x := range small.w {
			v := float64(small.at(x, y))
			sum, cx, cy, most = sum+v, cx+v*float64(x), cy+v*float64(y), max(most, v)
			if v > 0.1 {
				ink = ink.Union(image.Rect(x, y, x+1, y+1))
			}
		}
	}
	if sum == 0 {
		return
	}
	left, top := centred(cx/sum, ink.Min.X, ink.Max.X, form.W), centred(cy/sum, ink.Min.Y, ink.Max.Y, form.H)
	for y := max(0, -top); y < min(small.h, form.H-top); y++ {
		for x := max(0, -left); x < min(small.w, form.W-left); x++ {
			pixels[(top+y)*form.W+left+x] = uint8(math.Round(255 * float64(small.at(x, y)) / most))
		}
	}
}

// centred returns where a line of pixels begins so that its mass is in the middle of a
// line of n, or as near as its ink, from lo to hi, stays within.
func centred(mass float64, lo, hi, n int) int {
	return min(max(-lo, int(math.Round(float64(n)/2-mass))), n-hi)
}

// strokeWidth estimates the width of the strokes: twice the area by the length of the
// edge.
func (p plane) strokeWidth() float64 {
	area, edge := 0.0, 0.0
	for y := range p.h {
		for x := range p.w {
			v := p.at(x, y)
			area += float64(v)
			if x > 0 {
				edge += math.Abs(float64(v - p.at(x-1, y)))
			}
			if y > 0 {
				edge += math.Abs(float64(v - p.at(x, y-1)))
			}
		}
	}
	return 2 * area / max(edge, 1) * 4 / math.Pi
}

// dilated returns the plane with strokes wider by a radius, in pixels, on each side: a
// disc with a soft edge about each pixel of them.
func (p plane) dilated(radius float64) plane {
	reach := int(math.Ceil(radius))
	disc := newPlane(2*reach+1, 2*reach+1)
	for y := range disc.h {
		for x := range disc.w {
			dx, dy := float64(x-reach), float64(y-reach)
			disc.v[y*disc.w+x] = float32(min(1, max(0, radius+0.5-math.Sqrt(dx*dx+dy*dy))))
		}
	}
	out := newPlane(p.w+2*reach, p.h+2*reach)
	for i, v := range p.v {
		if v == 0 {
			continue // the ground, most of the plane
		}
		for y := range disc.h {
			line := out.v[(i/p.w+y)*out.w+i%p.w:][:disc.w]
			for x, weight := range disc.v[y*disc.w:][:disc.w] {
				line[x] = max(line[x], weight*v)
			}
		}
	}
	return out
}

// resized returns the plane at another size: each value is the mean over the area that its
// pixel covers.
func (p plane) resized(w, h int) plane {
	out := newPlane(w, h)
	for y := range h {
		for x := range w {
			var sum, area float64
			top, bottom := float64(y*p.h)/float64(h), float64((y+1)*p.h)/float64(h)
			left, right := float64(x*p.w)/float64(w), float64((x+1)*p.w)/float64(w)
			for v := int(top); v < min(p.h, int(math.Ceil(bottom))); v++ {
				dy := min(bottom, float64(v+1)) - max(top, float64(v))
				for u := int(left); u < min(p.w, int(math.Ceil(right))); u++ {
					part := dy * (min(right, float64(u+1)) - max(left, float64(u)))
					sum += part * float64(p.at(u, v))
					area += part
				}
			}
			out.v[y*w+x] = float32(sum / area)
		}
	}
	return out
}
