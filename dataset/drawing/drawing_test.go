package drawing

import (
	"image"
	"image/color"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

var mnist = Form{H: 28, W: 28, Box: 20}

// stroke is a line between two places of a unit square.
type stroke struct{ x0, y0, x1, y1 float64 }

// seven returns the strokes of a seven.
func seven() []stroke { return []stroke{{0.2, 0.1, 0.8, 0.1}, {0.8, 0.1, 0.4, 0.9}} }

// sheetOfPaper describes a drawing on paper.
type sheetOfPaper struct {
	w, h        int
	paper, ink  float64
	left, top   float64 // of the drawing's square
	side, width float64 // of the square, and of the pen
}

func middle480() sheetOfPaper {
	return sheetOfPaper{w: 480, h: 480, paper: 0.95, ink: 0.08, left: 125, top: 125, side: 230, width: 26}
}

// draw returns a picture of strokes on a sheet, changed by light, which may be nil.
func (s sheetOfPaper) draw(strokes []stroke, light func(x, y int, v float64) float64) *image.Gray {
	img := image.NewGray(image.Rect(0, 0, s.w, s.h))
	for y := range s.h {
		for x := range s.w {
			near := math.Inf(1)
			for _, k := range strokes {
				near = min(near, distance(float64(x), float64(y), s.left+s.side*k.x0, s.top+s.side*k.y0, s.left+s.side*k.x1, s.top+s.side*k.y1))
			}
			covered := min(1, max(0, s.width/2+0.5-near))
			v := s.paper*(1-covered) + s.ink*covered
			if light != nil {
				v = light(x, y, v)
			}
			img.SetGray(x, y, color.Gray{Y: uint8(math.Round(255 * min(1, max(0, v))))})
		}
	}
	return img
}

// distance returns how far a place is from a segment.
func distance(x, y, x0, y0, x1, y1 float64) float64 {
	dx, dy := x1-x0, y1-y0
	t := min(1, max(0, ((x-x0)*dx+(y-y0)*dy)/(dx*dx+dy*dy)))
	return math.Hypot(x-x0-t*dx, y-y0-t*dy)
}

// unlike returns the mean difference of two images, 0 to 1.
func unlike(a, b []uint8) float64 {
	sum := 0.0
	for i := range a {
		sum += math.Abs(float64(a[i]) - float64(b[i]))
	}
	return sum / float64(len(a)) / 255
}

// variation is a change of a sheet, or of its light.
type variation struct {
	name   string
	change func(s *sheetOfPaper)
	light  func(x, y int, v float64) float64
}

// variations returns sheets with the same drawing.
func variations() []variation {
	r := rand.New(rand.NewPCG(1, 2))
	return []variation{
		{"in a corner", func(s *sheetOfPaper) { s.left, s.top = 12, 12 }, nil},
		{"small", func(s *sheetOfPaper) { s.left, s.top, s.side, s.width = 300, 300, 115, 13 }, nil},
		{"on grey paper", func(s *sheetOfPaper) { s.paper, s.ink = 0.35, 0.05 }, nil},
		{"faint", func(s *sheetOfPaper) { s.ink = 0.75 }, nil},
		{"white on black", func(s *sheetOfPaper) { s.paper, s.ink = 0.05, 0.92 }, nil},
		{"shaded", nil, func(x, y int, v float64) float64 { return v * (0.45 + 0.55*float64(x+y)/960) }},
		{"lit from the middle", nil, func(x, y int, v float64) float64 { return v * (1 - math.Hypot(float64(x-240), float64(y-240))/600) }},
		{"noisy", nil, func(_, _ int, v float64) float64 { return v + 0.03*r.NormFloat64() }},
		{"under the edge of a shadow", nil, func(x, y int, v float64) float64 {
			if x+2*y > 700 {
				return 0.6 * v
			}
			return v
		}},
		{"framed in black", nil, func(x, y int, v float64) float64 {
			if min(x, y, 479-x, 479-y) < 5 {
				return 0
			}
			return v
		}},
		{"on a dark table", nil, func(x, y int, v float64) float64 {
			if x < 60 || y > 430 {
				return 0.2
			}
			return v
		}},
		{"on a sheet on a dark table", func(s *sheetOfPaper) { s.side, s.width = 190, 21 }, func(x, y int, v float64) float64 {
			if x < 90 || y < 100 || x > 400 || y > 380 {
				return 0.25
			}
			return v
		}},
		{"on lined paper", nil, func(_, y int, v float64) float64 {
			if y%48 < 2 {
				return min(v, 0.5)
			}
			return v
		}},
		{"with specks", nil, func(x, y int, v float64) float64 {
			if (x-40)*(x-40)+(y-60)*(y-60) < 20 || (x-450)*(x-450)+(y-420)*(y-420) < 12 {
				return 0.1
			}
			return v
		}},
	}
}

// The same drawing is the same image, wherever it stands and whatever the light.
func TestFindIsTheSame(t *testing.T) {
	plain := middle480()
	want := Find(plain.draw(seven(), nil), mnist)
	if want.Found != 1 || !want.Dark {
		t.Fatalf("found %d, dark %v", want.Found, want.Dark)
	}
	for _, tt := range variations() {
		t.Run(tt.name, func(t *testing.T) {
			s := plain
			if tt.change != nil {
				tt.change(&s)
			}
			got := Find(s.draw(seven(), tt.light), mnist)
			if d := unlike(got.Pixels, want.Pixels); !(d <= 0.04) || got.Found != 1 || got.Dark != (s.ink < s.paper) {
				t.Errorf("differs by %.3f, found %d, dark %v", d, got.Found, got.Dark)
			}
		})
	}
}

// The image has the form of the data set: light on black, the longer side as long as the
// box, and its mass in the middle.
func TestFindForm(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := sheetOfPaper{w: 200, h: 160, paper: 0.9, ink: 0.1, side: 90}
		s.left, s.top = rapid.Float64Range(10, 100).Draw(t, "left"), rapid.Float64Range(10, 60).Draw(t, "top")
		s.width = rapid.Float64Range(4, 16).Draw(t, "width")
		d := Find(s.draw(seven(), nil), mnist)
		box, sum, cx, cy := image.Rectangle{}, 0.0, 0.0, 0.0
		for i, v := range d.Pixels {
			x, y := i%mnist.W, i/mnist.W
			if v > 40 {
				box = box.Union(image.Rect(x, y, x+1, y+1))
			}
			sum, cx, cy = sum+float64(v), cx+float64(v)*float64(x), cy+float64(v)*float64(y)
		}
		side := max(box.Dx(), box.Dy())
		low := box.Max.Y >= mnist.H-1 // a seven's mass is high, and there is no more room below
		if side < mnist.Box-2 || side > mnist.Box+2 || math.Abs(cx/sum-14) > 0.75 || math.Abs(cy/sum-14) > 0.75 && !low || slices.Max(d.Pixels) != 255 {
			t.Errorf("box %v, mass at %.1f, %.1f, at most %d", box, cx/sum, cy/sum, slices.Max(d.Pixels))
		}
	})
}

// Nothing is found where nothing is drawn.
func TestFindNothing(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	even := func(v float64) func(int, int, float64) float64 {
		return func(int, int, float64) float64 { return v }
	}
	for name, light := range map[string]func(int, int, float64) float64{
		"white": even(1), "grey": even(0.47), "black": even(0),
		"shaded": func(x, y int, _ float64) float64 { return 0.3 + 0.6*float64(x+2*y)/1440 },
		"noise":  func(int, int, float64) float64 { return r.Float64() },
		"grain":  func(int, int, float64) float64 { return 0.8 + 0.05*r.NormFloat64() },
	} {
		for _, side := range []int{28, 64, 480} {
			s := sheetOfPaper{w: side, h: side}
			if d := Find(s.draw(nil, light), mnist); d.Found != 0 || slices.Max(d.Pixels) != 0 {
				t.Errorf("%s, %d: found %d in %v", name, side, d.Found, d.Box)
			}
		}
	}
}

// Two drawings are two, and the strokes of one are one.
func TestFindCounts(t *testing.T) {
	s := middle480()
	beside := func(dx float64) []stroke {
		strokes := seven()
		for _, k := range seven() {
			strokes = append(strokes, stroke{k.x0 + dx, k.y0, k.x1 + dx, k.y1})
		}
		return strokes
	}
	s.left, s.side = 30, 180
	if d := Find(s.draw(beside(1.2), nil), mnist); d.Found != 2 {
		t.Errorf("two drawings: found %d", d.Found)
	}
	five := []stroke{{0.3, 0.1, 0.8, 0.1}, {0.25, 0.25, 0.25, 0.5}, {0.25, 0.5, 0.7, 0.6}, {0.7, 0.6, 0.6, 0.9}, {0.6, 0.9, 0.2, 0.85}}
	s.width = 14
	if d := Find(s.draw(five, nil), mnist); d.Found != 1 {
		t.Errorf("a drawing of two strokes: found %d", d.Found)
	}
}

// Pictures of any size and content have an answer of the right size.
func FuzzFind(f *testing.F) {
	f.Add(1, 1, []byte{0})
	f.Add(3, 2, []byte{0, 255, 7, 9, 255, 0})
	f.Add(40, 1, []byte{255, 0})
	f.Fuzz(func(t *testing.T, w, h int, pixels []byte) {
		if w < 0 || h < 0 || w > 2000 || h > 2000 || w*h > 1<<13 {
			return
		}
		img := image.NewGray(image.Rect(-3, 5, w-3, h+5))
		for i := range img.Pix {
			if len(pixels) > 0 {
				img.Pix[i] = pixels[i%len(pixels)]
			}
		}
		for _, form := range []Form{mnist, {H: 5, W: 9, Box: 3}} {
			d := Find(img, form)
			if len(d.Pixels) != form.H*form.W || !d.Box.In(img.Bounds()) || (d.Found == 0) != (slices.Max(d.Pixels) == 0) {
				t.Errorf("%d x %d: %d pixels, found %d in %v", w, h, len(d.Pixels), d.Found, d.Box)
			}
		}
	})
}

func BenchmarkFind(b *testing.B) {
	img := middle480().draw(seven(), nil)
	for b.Loop() {
		Find(img, mnist)
	}
}
