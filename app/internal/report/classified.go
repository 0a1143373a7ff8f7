package report

import (
	"context"
	"errors"
	"fmt"
	"image"
	"image/draw"
	"io"
	"path/filepath"

	"github.com/coarsegrain/taylornet/dataset"
	"github.com/coarsegrain/taylornet/distill"
)

// Classified is what the page on images classified by references is made from.
type Classified struct {
	Title      string
	Command    string // that repeats it
	References *distill.References
	Train      *dataset.Set // that the references were distilled from; nil if none of it is shown
	Images     []ClassifiedImage
}

// ClassifiedImage is an image with the references that it is similar to.
type ClassifiedImage struct {
	distill.ClassifiedImage
	Picture image.Image // as the network takes it
}

// Name returns the name of the image's file, without its folder.
func (c *ClassifiedImage) Name() string { return filepath.Base(c.File) }

// Sides of pictures on the page, in CSS pixels.
const (
	imageSide  = 140
	behindSide = 70
)

// WriteClassified writes the page, one HTML document, unless ctx ends first. Equal inputs
// give equal bytes.
func WriteClassified(ctx context.Context, w io.Writer, in Classified) error {
	if len(in.Images) == 0 {
		return errors.New("report: there are no images")
	}
	p := &classified{Classified: &in}
	for i := range in.Images {
		if ctx.Err() != nil {
			return fmt.Errorf("interrupted with %d of %d pictures on the page: %w", i, len(in.Images), context.Cause(ctx))
		}
		s, err := in.show(&in.Images[i])
		if err != nil {
			return fmt.Errorf("report: %s: %w", in.Images[i].Name(), err)
		}
		p.Shown = append(p.Shown, s)
	}
	return render(w, classifiedPage, p)
}

// classified is what the page shows.
type classified struct {
	*Classified
	Shown []shownClassified
}

type shownClassified struct {
	*ClassifiedImage
	Image   shownPicture
	Matches []shownMatch
}

type shownMatch struct {
	Heading   string
	Reference shownPicture
	Behind    []shownPicture
}

func (in *Classified) show(c *ClassifiedImage) (shownClassified, error) {
	s := shownClassified{ClassifiedImage: c}
	if err := in.validate(c); err != nil {
		return s, err
	}
	var err error
	if s.Image, err = shownAt(c.Picture, "as the network takes it", imageSide); err != nil {
		return s, err
	}
	for _, m := range c.Nearest {
		shown := shownMatch{Heading: fmt.Sprintf("%s, similarity %s: reference %d, stands for %s",
			m.Class, significant(m.Similarity), m.Reference, Count(m.Stands))}
		if shown.Reference, err = shownAt(in.References.Set.Picture(m.Reference), "the reference", imageSide); err != nil {
			return s, err
		}
		for _, at := range m.Behind {
			behind, err := shownAt(in.Train.Picture(int(at)), fmt.Sprintf("no. %d", at), behindSide)
			if err != nil {
				return s, err
			}
			shown.Behind = append(shown.Behind, behind)
		}
		s.Matches = append(s.Matches, shown)
	}
	return s, nil
}

// validate returns an error about a match whose pictures are not among those given.
func (in *Classified) validate(c *ClassifiedImage) error {
	for _, m := range c.Nearest {
		if m.Reference < 0 || m.Reference >= in.References.Len() {
			return fmt.Errorf("it matches reference %d of %d", m.Reference, in.References.Len())
		}
		for _, at := range m.Behind {
			if in.Train == nil || at < 0 || int(at) >= in.Train.Len() {
				return fmt.Errorf("training image %d is not among those given", at)
			}
		}
	}
	return nil
}

// shownAt returns a picture, scaled to about a side.
func shownAt(img image.Image, caption string, side int) (shownPicture, error) {
	picture, err := shown(img, caption)
	if err == nil { // an image without pixels has no size to show
		picture.Width, picture.Height = shownSize(img.Bounds().Dx(), img.Bounds().Dy(), side)
	}
	return picture, err
}

// Sheet draws image i, enlarged, and below it a row for each match: the reference and
// the training images behind it.
func (in *Classified) Sheet(i int) (image.Image, error) {
	c := &in.Images[i]
	if err := in.validate(c); err != nil {
		return nil, fmt.Errorf("report: %s: %w", c.Name(), err)
	}
	rows := [][]image.Image{{c.Picture}}
	columns := 1
	for _, m := range c.Nearest {
		row := []image.Image{in.References.Set.Picture(m.Reference)}
		for _, at := range m.Behind {
			row = append(row, in.Train.Picture(int(at)))
		}
		columns = max(columns, len(row))
		rows = append(rows, row)
	}
	size := c.Picture.Bounds().Size()
	by := max(1, pictureSide/3/max(size.X, size.Y))
	const gap = 4
	out := image.NewRGBA(image.Rect(0, 0, columns*(size.X*by+gap)-gap, len(rows)*(size.Y*by+gap)-gap))
	draw.Draw(out, out.Rect, image.White, image.Point{}, draw.Src)
	for y, row := range rows {
		for x, img := range row {
			at := image.Pt(x*(size.X*by+gap), y*(size.Y*by+gap))
			draw.Draw(out, image.Rectangle{Min: at, Max: at.Add(size.Mul(by))}, enlarged(img, by), image.Point{}, draw.Src)
		}
	}
	return out, nil
}
