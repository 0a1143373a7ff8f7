package report

import (
	"errors"
	"fmt"
	"image"
	"image/draw"
	"io"
)

// Classified is what a page on images classified by references tells of.
type Classified struct {
	Title   string
	Command string // that repeats it
	Images  []ClassifiedImage
}

// ClassifiedImage is an image with what it was compared with.
type ClassifiedImage struct {
	Name, Class string
	Similarity  float64
	Picture     image.Image // as the network takes it
	Matches     []Match     // the most similar first
}

// Match is a reference that an image is similar to.
type Match struct {
	Reference  int
	Class      string
	Similarity float64
	Stands     int // training images that it stands for
	Picture    image.Image
	Behind     []NamedPicture // some of them; there may be none
}

// NamedPicture is a picture with its name.
type NamedPicture struct {
	Name    string
	Picture image.Image
}

// Sides of pictures on the page in CSS pixels.
const (
	imageSide  = 140
	behindSide = 70
)

// WriteClassified writes the page, one HTML document. Equal inputs give equal
// bytes.
func WriteClassified(w io.Writer, in Classified) error {
	if len(in.Images) == 0 {
		return errors.New("report: there are no images")
	}
	p := &classified{Classified: &in}
	for i := range in.Images {
		s, err := in.Images[i].show()
		if err != nil {
			return fmt.Errorf("report: %s: %w", in.Images[i].Name, err)
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

func (c *ClassifiedImage) show() (shownClassified, error) {
	s := shownClassified{ClassifiedImage: c}
	var err error
	if s.Image, err = shownAt(c.Picture, "as the network takes it", imageSide); err != nil {
		return s, err
	}
	for _, m := range c.Matches {
		shown := shownMatch{Heading: fmt.Sprintf("%s, similarity %s: reference %d, stands for %s",
			m.Class, significant(m.Similarity), m.Reference, Count(m.Stands))}
		if shown.Reference, err = shownAt(m.Picture, "the reference", imageSide); err != nil {
			return s, err
		}
		for _, b := range m.Behind {
			behind, err := shownAt(b.Picture, b.Name, behindSide)
			if err != nil {
				return s, err
			}
			shown.Behind = append(shown.Behind, behind)
		}
		s.Matches = append(s.Matches, shown)
	}
	return s, nil
}

// shownAt is a picture, enlarged or made smaller to about a side.
func shownAt(img image.Image, caption string, side int) (shownPicture, error) {
	picture, err := shown(img, caption)
	if err == nil { // an image without pixels has no size to show
		picture.Width, picture.Height = shownSize(img.Bounds().Dx(), img.Bounds().Dy(), side)
	}
	return picture, err
}

// Sheet draws the image, enlarged, and under it a row for each match: the reference
// and what is behind it.
func (c *ClassifiedImage) Sheet() image.Image {
	rows := [][]image.Image{{c.Picture}}
	columns := 1
	for _, m := range c.Matches {
		row := []image.Image{m.Picture}
		for _, b := range m.Behind {
			row = append(row, b.Picture)
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
	return out
}
