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
	by := max(1, templateSide/max(in.H, in.W))
	list := []image.Image{enlarged(Heat(t.Linear, in.H, in.W, 0), by)}
	for _, v := range t.Vectors {
		list = append(list, enlarged(Heat(v, in.H, in.W, 0), by))
	}
	return list
}

// TemplateSheet draws the coefficients of order 1 of a class, and to the right of them its
// templates.
func TemplateSheet(t *taylor.Templates, in spec.Shape) image.Image {
	list := templatePictures(t, in)
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
}

func newShownTemplates(t *taylor.Templates, in spec.Shape) (shownTemplates, error) {
	s := shownTemplates{Class: t.Class, Share: t.Share}
	for i, img := range templatePictures(t, in) {
		caption := "order 1"
		if i > 0 {
			caption = fmt.Sprintf("%+.3g", t.Eigenvalues[i-1])
		}
		picture, err := shown(img, caption)
		if err != nil {
			return s, err
		}
		s.Pictures = append(s.Pictures, picture)
	}
	return s, nil
}
