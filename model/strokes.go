package model

import (
	"math"
	"slices"

	"github.com/coarsegrain/taylornet/dataset"
	"github.com/coarsegrain/taylornet/spec"
)

// shape is that of the images which a model takes.
type shape = spec.Shape

// strokes are the measures of a grey image as a drawing, light on dark.
type strokes struct {
	border                   uint8   // the median of the outermost pixels
	left, top, right, bottom int     // the box about the ink, its last column and row included
	x, y                     float64 // the centre of mass, from the middle of the image
	any                      bool    // there is ink
}

// How bright ink is at least, and the ground at most.
const (
	inkLevel    = 32
	groundLevel = 16
)

func measure(pixels []uint8, in shape) strokes {
	s := strokes{left: in.W, top: in.H, right: -1, bottom: -1}
	var border []uint8
	var sum, x, y float64
	for i, v := range pixels {
		column, row := i%in.W, i/in.W
		if min(column, row, in.W-1-column, in.H-1-row) == 0 {
			border = append(border, v)
		}
		if v <= inkLevel {
			continue
		}
		s.left, s.top, s.right, s.bottom = min(s.left, column), min(s.top, row), max(s.right, column), max(s.bottom, row)
		sum, x, y = sum+float64(v), x+float64(v)*float64(column), y+float64(v)*float64(row)
	}
	slices.Sort(border)
	s.border = border[len(border)/2]
	if s.any = s.right >= 0; s.any {
		s.x, s.y = x/sum-float64(in.W-1)/2, y/sum-float64(in.H-1)/2
	}
	return s
}

func (s strokes) side() int { return max(s.right-s.left, s.bottom-s.top) + 1 }

// fromMiddle returns how far the centre of the drawing is from the middle of the image.
func (s strokes) fromMiddle(c Centre, in shape) float64 {
	x, y := s.x, s.y
	if c == CentreBox {
		x, y = float64(s.left+s.right-in.W+1)/2, float64(s.top+s.bottom-in.H+1)/2
	}
	return max(math.Abs(x), math.Abs(y))
}

// isLike reports whether a drawing is on a dark ground, of the size and in the place of
// those that a model learned; the size may differ by so many tenths. All of MNIST's are.
func (s strokes) isLike(as Preparation, in shape, tenths int) bool {
	const far = 1.6 // pixels
	differs := max(s.side()-as.Box, as.Box-s.side())
	return s.any && s.border <= groundLevel && 10*differs <= tenths*as.Box && s.fromMiddle(as.Centre, in) <= far
}

// centred moves pixels so that the box about the ink is in the middle.
func (s strokes) centred(pixels []uint8, in shape) []uint8 {
	dx, dy := (in.W-1-s.left-s.right)/2, (in.H-1-s.top-s.bottom)/2
	out := make([]uint8, len(pixels))
	for y := range in.H {
		for x := range in.W {
			if u, v := x-dx, y-dy; u >= 0 && v >= 0 && u < in.W && v < in.H {
				out[y*in.W+x] = pixels[v*in.W+u]
			}
		}
	}
	return out
}

// What makes images drawings: the fractions of them that must be on a dark ground and of
// one size, and that must be free of ink at two opposite sides.
const (
	alikeImages = 0.99
	freeImages  = 0.85
)

// MeasurePreparation returns how training images seem to have been made. They are
// drawings if they are grey, light on a dark ground, with the longer side of the ink the
// same in all, and free of ink at two opposite sides. Colour pictures are whole. For
// others the kind is PrepareNone.
func MeasurePreparation(images dataset.Subset) Preparation {
	in := shape{H: images.Set.H, W: images.Set.W, C: images.Set.C}
	n := images.Len()
	if in.C == 3 {
		return Preparation{Kind: PrepareWhole}
	}
	if in.C != 1 || n == 0 {
		return Preparation{Kind: PrepareNone}
	}
	sides := make([]int, max(in.H, in.W)+1)
	var dark, light, rows, columns, byMass, byBox float64
	for i := range n {
		light += one(isLight(images.Set.Picture(int(images.Index[i]))))
		s := measure(images.Image(i), in)
		if !s.any || s.border > groundLevel {
			continue
		}
		dark++
		sides[s.side()]++
		rows += one(s.top > 0 && s.bottom < in.H-1)
		columns += one(s.left > 0 && s.right < in.W-1)
		byMass += s.fromMiddle(CentreMass, in)
		byBox += s.fromMiddle(CentreBox, in)
	}
	usual, alike := 0, 0
	for side, count := range sides {
		if count > sides[usual] {
			usual = side
		}
	}
	for side := max(0, usual-1); side <= min(len(sides)-1, usual+1); side++ {
		alike += sides[side]
	}
	all := float64(n)
	if dark < alikeImages*all || float64(alike) < alikeImages*all || max(rows, columns) < freeImages*all {
		return Preparation{Kind: PrepareNone, Mixed: light > (1-alikeImages)*all}
	}
	p := Preparation{Kind: PrepareDrawing, Box: usual, Centre: CentreMass}
	if byBox < byMass {
		p.Centre = CentreBox
	}
	return p
}

func one(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}
