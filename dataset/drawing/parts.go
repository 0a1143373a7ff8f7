package drawing

import "slices"

// part is a connected piece of ink.
type part struct {
	area                     int
	left, top, right, bottom int // the box, the last column and row included
	near                     int // pixels near the picture's edge
}

func (p part) width() int  { return p.right - p.left + 1 }
func (p part) height() int { return p.bottom - p.top + 1 }
func (p part) side() int   { return max(p.width(), p.height()) }

// with returns the box about two parts.
func (p part) with(q part) part {
	return part{
		area: p.area + q.area, near: p.near + q.near,
		left: min(p.left, q.left), top: min(p.top, q.top), right: max(p.right, q.right), bottom: max(p.bottom, q.bottom),
	}
}

// gap returns how far two boxes are apart.
func (p part) gap(q part) int {
	return max(0, p.left-q.right, q.left-p.right, p.top-q.bottom, q.top-p.bottom)
}

// edges returns how many of the picture's edges a part reaches.
func (p part) edges(m mask) (n int) {
	for _, reaches := range []bool{p.left == 0, p.top == 0, p.right == m.w-1, p.bottom == m.h-1} {
		if reaches {
			n++
		}
	}
	return n
}

// mask says which pixels are ink.
type mask struct {
	w, h int
	on   []bool
}

// edgePart is how near the edge a frame is, in parts of the longer side.
const edgePart = 0.04

// label finds the connected parts, diagonals included, and gives each pixel the number
// of its part, counted from 1; 0 is ground.
func (m mask) label() (labels []int32, parts []part) {
	labels = make([]int32, len(m.on))
	edge := max(1, int(edgePart*float64(max(m.w, m.h))))
	var stack []int
	for start, on := range m.on {
		if !on || labels[start] != 0 {
			continue
		}
		number := int32(len(parts) + 1)
		p := part{left: m.w, top: m.h}
		labels[start] = number
		for stack = append(stack[:0], start); len(stack) > 0; {
			at := stack[len(stack)-1]
			stack = stack[:len(stack)-1]
			x, y := at%m.w, at/m.w
			p.area++
			if min(x, y, m.w-1-x, m.h-1-y) < edge {
				p.near++
			}
			p.left, p.top, p.right, p.bottom = min(p.left, x), min(p.top, y), max(p.right, x), max(p.bottom, y)
			for v := max(0, y-1); v <= min(m.h-1, y+1); v++ {
				for u := max(0, x-1); u <= min(m.w-1, x+1); u++ {
					if to := v*m.w + u; m.on[to] && labels[to] == 0 {
						labels[to] = number
						stack = append(stack, to)
					}
				}
			}
		}
		parts = append(parts, p)
	}
	return labels, parts
}

// Rules of lined or squared paper run through most of the picture and are thin.
const (
	rulePart  = 0.6  // of the side, that a rule covers
	ruleThick = 0.02 // of the side, at most
)

// unrule removes rules, but for where ink stands on both sides of one.
func (m mask) unrule() {
	m.unruleRows()
	t := m.transposed()
	t.unruleRows()
	copy(m.on, t.transposed().on)
}

func (m mask) transposed() mask {
	t := mask{m.h, m.w, make([]bool, len(m.on))}
	for y := range m.h {
		for x := range m.w {
			t.on[x*t.w+y] = m.on[y*m.w+x]
		}
	}
	return t
}

func (m mask) unruleRows() {
	covered := make([]bool, m.h)
	for y := range m.h {
		n := 0
		for _, on := range m.on[y*m.w:][:m.w] {
			if on {
				n++
			}
		}
		covered[y] = float64(n) > rulePart*float64(m.w)
	}
	thick := max(3, int(ruleThick*float64(m.h)))
	for top := 0; top < m.h; top++ {
		if !covered[top] {
			continue
		}
		bottom := top
		for bottom+1 < m.h && covered[bottom+1] {
			bottom++
		}
		if bottom-top < thick {
			m.erase(max(0, top-1), min(m.h-1, bottom+1))
		}
		top = bottom
	}
}

// erase removes the rows from top to bottom where they do not join ink above and below.
func (m mask) erase(top, bottom int) {
	ink := func(x, y int) bool {
		if y < 0 || y >= m.h {
			return false
		}
		for u := max(0, x-1); u <= min(m.w-1, x+1); u++ {
			if m.on[y*m.w+u] {
				return true
			}
		}
		return false
	}
	for x := range m.w {
		if ink(x, top-1) && ink(x, bottom+1) {
			continue
		}
		for y := top; y <= bottom; y++ {
			m.on[y*m.w+x] = false
		}
	}
}

// How parts are told from what does not belong to the drawing, in parts of the largest.
const (
	speckPart = 0.04 // of the area: a part that is smaller is a speck
	smallPart = 0.12 // of the area: a smaller part must be near
	nearPart  = 0.3  // of the side: how near
	framePart = 0.6  // of the area of a frame that is near the picture's edge
	alikePart = 0.5  // of the height: parts of a drawing of their own
	apartPart = 0.12 // of the height: how far apart two drawings are
)

// choose returns which parts are the drawing, the box about them, and how many
// drawings they seem to be.
func choose(m mask, parts []part) (chosen []bool, box part, drawings int) {
	inner := make([]bool, len(parts))
	var total, within int
	for i, p := range parts {
		inner[i] = p.edges(m) == 0 && float64(p.near) < framePart*float64(p.area)
		total += p.area
		if inner[i] {
			within = max(within, p.area)
		}
	}
	if float64(within) < 0.1*float64(total) && within*500 < m.w*m.h { // a drawing that the edge cuts
		for i, p := range parts {
			inner[i] = float64(p.near) < framePart*float64(p.area)
		}
	}
	order := make([]int, 0, len(parts))
	for i := range parts {
		if inner[i] {
			order = append(order, i)
		}
	}
	if len(order) == 0 {
		return nil, part{}, 0
	}
	slices.SortStableFunc(order, func(a, b int) int { return parts[b].area - parts[a].area })
	chosen = make([]bool, len(parts))
	largest := parts[order[0]]
	box = largest
	for _, i := range order {
		p := parts[i]
		share := float64(p.area) / float64(largest.area)
		if share >= smallPart || share >= speckPart && float64(p.gap(box)) <= nearPart*float64(box.side()) {
			chosen[i] = true
			box = box.with(p)
		}
	}
	return chosen, box, count(parts, chosen, largest)
}

// count returns how many drawings the chosen parts seem to be: groups of parts nearly
// as large as the largest, with room between them.
func count(parts []part, chosen []bool, largest part) int {
	var groups []part
	for i, p := range parts {
		if !chosen[i] || float64(p.side()) < alikePart*float64(largest.side()) {
			continue
		}
		joined := p
		groups = slices.DeleteFunc(groups, func(g part) bool {
			if float64(g.gap(p)) > apartPart*float64(largest.side()) {
				return false
			}
			joined = joined.with(g)
			return true
		})
		groups = append(groups, joined)
	}
	return len(groups)
}
