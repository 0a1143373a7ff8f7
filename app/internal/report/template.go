package report

import (
	"fmt"
	"image"
	"image/draw"

	"github.com/coarsegrain/taylornet/spec"
	"github.com/coarsegrain/taylornet/taylor"
)

// templateSide is about the side of a template in pixels.
const templateSide = pictureSide / 3

// DrawnTemplates returns the templates that are drawn: of many classes, those of the first.
func DrawnTemplates(a *taylor.Analysis) []taylor.Templates {
	return a.Templates[:min(len(a.Templates), mostClasses)]
}

// templatePictures draws the coefficients of order 1 of a class and its templates, each in
// Heat's colours with its own largest element full.
func templatePictures(t *taylor.Templates, in spec.Shape) []image.Image {
	return append(heats([][]float64{t.Linear}, in), heats(t.Vectors, in)...)
}

// heats draws values for each input, [H*W*C] each.
func heats(list [][]float64, in spec.Shape) []image.Image {
	by := max(1, templateSide/max(in.H, in.W))
	var out []image.Image
	for _, v := range list {
		out = append(out, enlarged(Heat(v, in.H, in.W, 0), by))
	}
	return out
}

// TemplateSheet draws the coefficients of order 1 of a class, and to the right of them its
// templates.
func TemplateSheet(t *taylor.Templates, in spec.Shape) image.Image {
	return sideBySide(templatePictures(t, in))
}

// PatternSheet draws the patterns of a class, of which there is one at least.
func PatternSheet(p *taylor.Patterns, in spec.Shape) image.Image {
	return sideBySide(heats(p.Pictures, in))
}

// sideBySide draws pictures of one size in a row.
func sideBySide(list []image.Image) image.Image {
	const gap = 4
	size := list[0].Bounds().Size()
	out := image.NewRGBA(image.Rect(0, 0, len(list)*(size.X+gap)-gap, size.Y))
	draw.Draw(out, out.Rect, image.White, image.Point{}, draw.Src)
	for i, img := range list {
		draw.Draw(out, image.Rect(i*(size.X+gap), 0, out.Rect.Dx(), size.Y), img, image.Point{}, draw.Src)
	}
	return out
}

// shownTemplates are a class's templates on a page.
type shownTemplates struct {
	Class    string
	Share    float64
	Pictures []shownPicture
	Of       *taylor.Patterns // nil if there are none
	Patterns []shownPicture
}

func newShownTemplates(t *taylor.Templates, in spec.Shape) (shownTemplates, error) {
	s := shownTemplates{Class: t.Class, Share: t.Share}
	var err error
	if s.Pictures, err = captioned(templatePictures(t, in), t.Eigenvalues, "order 1"); err != nil || t.Patterns == nil {
		return s, err
	}
	s.Of = t.Patterns
	s.Patterns, err = captioned(heats(t.Patterns.Pictures, in), t.Patterns.Values)
	return s, err
}

// captioned returns pictures for a page, the first ones with the given captions and the others
// with a value each.
func captioned(list []image.Image, values []float64, captions ...string) ([]shownPicture, error) {
	for _, v := range values {
		captions = append(captions, fmt.Sprintf("%+.3g", v))
	}
	var out []shownPicture
	for i, img := range list {
		picture, err := shown(img, captions[i])
		if err != nil {
			return nil, err
		}
		out = append(out, picture)
	}
	return out, nil
}
