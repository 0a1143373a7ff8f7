package drawing

// A sheet of paper on a table is a large part of the picture, in parts of its area, that
// fills most of its own box and differs from most of the picture.
const (
	sheetEdge  = 0.2 // of the range of brightness
	sheetPart  = 0.15
	sheetFull  = 0.75
	sheetInset = 0.03 // of its side, that is left out: the edge
)

// sheet returns the box of a sheet that lies on something else; ok is false if there is
// none. What reaches two edges of the picture or more is rather a shadow.
func sheet(dark, light ink) (box part, ok bool) {
	for _, k := range []ink{dark, light} {
		m := mask{k.w, k.h, make([]bool, len(k.v))}
		for i, v := range k.surplus.v {
			m.on[i] = v > sheetEdge
		}
		_, parts := m.label()
		for _, p := range parts {
			full := float64(p.area) > sheetFull*float64(p.width()*p.height())
			if p.area > box.area && full && float64(p.area) > sheetPart*float64(k.w*k.h) && p.edges(m) < 2 {
				box, ok = p, true
			}
		}
	}
	inset := int(sheetInset * float64(box.side()))
	box.left, box.top, box.right, box.bottom = box.left+inset, box.top+inset, box.right-inset, box.bottom-inset
	if !ok || box.width() < 1 || box.height() < 1 {
		return part{}, false
	}
	return box, true
}

// cut returns a part of a plane.
func (p plane) cut(box part) plane {
	out := newPlane(box.width(), box.height())
	for y := range out.h {
		copy(out.v[y*out.w:][:out.w], p.v[(box.top+y)*p.w+box.left:])
	}
	return out
}
