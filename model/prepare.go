package model

import (
	"cmp"
	"errors"
	"fmt"
	"image"
	"image/color"

	"github.com/coarsegrain/taylornet/dataset"
	"github.com/coarsegrain/taylornet/dataset/drawing"
	"github.com/coarsegrain/taylornet/internal/memory"
)

// PreparationKind is a way in which pictures are made into images as a model takes them.
type PreparationKind string

// The kinds of preparation.
const (
	// PrepareAuto prepares pictures as the model's record says.
	PrepareAuto PreparationKind = "auto"
	// PrepareNone resizes the whole picture and exchanges light and dark as Invert says.
	PrepareNone PreparationKind = "none"
	// PrepareDrawing finds the drawing in the picture, takes the ground off, scales it into
	// a box and centres it, light on black, as the images of MNIST were made.
	PrepareDrawing PreparationKind = "drawing"
	// PrepareCrop cuts the middle out of the picture, as wide and high as the images in
	// proportion, and resizes it.
	PrepareCrop PreparationKind = "crop"
	// PrepareWhole does what PrepareNone does. It is recorded for models that learned
	// pictures resized in this way.
	PrepareWhole PreparationKind = "whole"
)

// PreparationKinds lists the kinds, PrepareAuto first.
func PreparationKinds() []PreparationKind {
	return []PreparationKind{PrepareAuto, PrepareNone, PrepareDrawing, PrepareCrop, PrepareWhole}
}

// MarshalText returns the kind's name.
func (k PreparationKind) MarshalText() ([]byte, error) {
	return []byte(cmp.Or(k, PrepareAuto)), k.validate()
}

// UnmarshalText reads a kind's name.
func (k *PreparationKind) UnmarshalText(text []byte) error {
	*k = PreparationKind(text)
	return k.validate()
}

func (k PreparationKind) validate() error {
	switch k {
	case "", PrepareAuto, PrepareNone, PrepareDrawing, PrepareCrop, PrepareWhole:
		return nil
	}
	return fmt.Errorf("preparation is %q: want %s, %s, %s, %s or %s", string(k), PrepareAuto, PrepareNone, PrepareDrawing, PrepareCrop, PrepareWhole)
}

// Preparation says how the images that a model learned were made of pictures. The zero
// value says that it is not known, and pictures are prepared as by PrepareNone.
type Preparation struct {
	Kind PreparationKind `json:"kind"`
	// Box is the longer side of a drawing in its image, in pixels.
	Box int `json:"box,omitempty"`
	// Centre is what lies in the middle of the image of a drawing.
	Centre Centre `json:"centre,omitempty"`
	// Mixed says that some of the images are light at the border, so that light and dark
	// are not exchanged automatically: an image of a data set passes unchanged.
	Mixed bool `json:"mixed,omitempty"`
}

// Centre is a point of a drawing.
type Centre string

// CentreMass is the centre of mass of the ink, CentreBox that of the box about it.
const (
	CentreMass Centre = "mass"
	CentreBox  Centre = "box"
)

func (p Preparation) validate(in shape) error {
	switch {
	case p.Kind == PrepareAuto:
		return errors.New("a model cannot be recorded as prepared automatically")
	case p.Kind != PrepareDrawing:
		return p.Kind.validate()
	case in.C != 1:
		return fmt.Errorf("drawings are grey, the model takes %d channels", in.C)
	case p.Box < 1 || p.Box > max(in.H, in.W):
		return fmt.Errorf("drawings with a side of %d pixels do not fit images of %dx%d", p.Box, in.H, in.W)
	case p.Centre != CentreMass && p.Centre != CentreBox:
		return fmt.Errorf("the centre of drawings is %q: want %s or %s", string(p.Centre), CentreMass, CentreBox)
	}
	return nil
}

// chosen returns the preparation that the options ask for. Where they say which pictures
// to invert, no drawing is looked for unless they ask for it.
func (c *Config) chosen(o Options) (Preparation, error) {
	in := c.Net.Input
	switch {
	case cmp.Or(o.Prepare, PrepareAuto) == PrepareAuto:
		if c.Preparation.Kind == PrepareDrawing && cmp.Or(o.Invert, InvertAuto) != InvertAuto {
			return Preparation{Kind: PrepareNone}, nil
		}
		return c.Preparation, nil
	case o.Prepare != PrepareDrawing:
		return Preparation{Kind: o.Prepare}, o.Prepare.validate()
	case c.Preparation.Kind == PrepareDrawing:
		return c.Preparation, nil
	}
	p := Preparation{Kind: PrepareDrawing, Box: max(1, min(in.H, in.W)*5/7), Centre: CentreMass} // as MNIST
	return p, p.validate(in)
}

// Prepared is a picture as a model takes it.
type Prepared struct {
	Pixels []uint8 // [H,W,C]
	// Notes say in words what was done to the picture, in order.
	Notes []string
	// Inverted is set if light and dark were exchanged.
	Inverted bool
	// Found is the number of drawings in the picture; 1 if none were looked for.
	Found int

	from image.Point // the size of the picture
}

// largest is the longer side, in pixels, that a picture is shrunk to before anything is
// looked for in it.
const largest = 1024

// Prepare makes a picture of any size and colour, upright, into an image as the model
// takes it. Transparent parts lie over the ground that the drawing needs. A picture that
// is like the training images already passes unchanged. The error wraps ErrShape if the
// model takes neither grey nor colour pictures.
func (m *Model) Prepare(img image.Image) (Prepared, error) {
	in := m.cfg.Net.Input
	p := Prepared{Found: 1, Notes: []string{}}
	if in.C != 1 && in.C != 3 {
		return p, fmt.Errorf("%w: it takes %d channels, pictures have 1 or 3", ErrShape, in.C)
	}
	if err := m.checkPicture(img); err != nil {
		return p, err
	}
	p.from = img.Bounds().Size()
	if opaque := dataset.Opaque(img); !opaque || m.prepare.Kind == PrepareDrawing {
		img = dataset.Shrink(img, largest)
		if !opaque {
			img = p.layOver(img)
		}
	}
	if in.C == 1 && !grey(img) {
		p.note("converted to grey")
	}
	if m.prepare.Kind == PrepareDrawing {
		p.draw(img, m.prepare, in)
		return p, nil
	}
	if m.prepare.Kind == PrepareCrop {
		img = p.crop(img, in)
	}
	if p.Inverted = m.inverts(img); p.Inverted {
		img = negative(img)
		p.note(inverted)
	}
	p.resize(img, in)
	return p, nil
}

// checkPicture returns an error for a picture without pixels or with more than anyone has,
// as a type of image that computes its pixels may claim, or if making it into an image
// takes too much memory.
func (m *Model) checkPicture(img image.Image) error {
	if img == nil {
		return errors.New("there is no picture")
	}
	b := img.Bounds()
	if b.Empty() {
		return errors.New("the picture is empty")
	}
	w, h := float64(b.Max.X)-float64(b.Min.X), float64(b.Max.Y)-float64(b.Min.Y)
	if w*h > mostPixels || w+h > mostPixels/2 {
		return fmt.Errorf("the picture has %.0f x %.0f pixels, at most %d are taken", w, h, mostPixels)
	}
	// Planes of numbers of the image's size, for a drawing or if the picture is enlarged.
	const planes, line = 8, 32
	in := m.cfg.Net.Input
	need := memory.Of[float32](planes*float64(in.H*in.W)) + line*float64(in.W)*min(h, float64(in.H))
	return memory.Check(m.memory, need, fmt.Sprintf("making a picture into an image of %dx%d", in.H, in.W))
}

// mostPixels bounds the pixels of a picture. Few decoders return more.
const mostPixels = 1 << 28

const inverted = "light and dark exchanged"

func (p *Prepared) note(format string, args ...any) {
	p.Notes = append(p.Notes, fmt.Sprintf(format, args...))
}

func (p *Prepared) noteSize(in shape) {
	if p.from != image.Pt(in.W, in.H) {
		p.note("resized from %dx%d", p.from.X, p.from.Y)
	}
}

func (p *Prepared) resize(img image.Image, in shape) {
	p.noteSize(in)
	p.Pixels = dataset.FromImage(img, in.H, in.W, in.C)
}

// draw prepares a drawing, unless it is one as the training images are.
func (p *Prepared) draw(img image.Image, as Preparation, in shape) {
	if p.isDrawn(img, as, in) {
		return
	}
	d := drawing.Find(img, drawing.Form{H: in.H, W: in.W, Box: as.Box})
	p.Pixels, p.Found, p.Inverted = d.Pixels, d.Found, d.Dark
	switch {
	case d.Found == 0:
		p.note("nothing found")
		return
	case d.Dark:
		p.note(inverted)
	}
	if as.Centre == CentreBox {
		p.Pixels = measure(p.Pixels, in).centred(p.Pixels, in)
	}
	p.note("cropped to the drawing")
	if d.Found > 1 {
		p.note("%d drawings found", d.Found)
	}
}

// isDrawn prepares a picture that is like the training images, or the negative of one,
// when it is resized as a whole, and reports whether it is.
func (p *Prepared) isDrawn(img image.Image, as Preparation, in shape) bool {
	size := img.Bounds().Size()
	if longer := max(size.X*in.H, size.Y*in.W); 50*(longer-min(size.X*in.H, size.Y*in.W)) > longer {
		return false // another shape
	}
	tenths := 1
	if p.from == image.Pt(in.W, in.H) {
		tenths = 2 // soft ends of strokes are faint in so small a picture
	}
	pixels := dataset.FromImage(img, in.H, in.W, 1)
	light := measure(pixels, in).isLike(as, in, tenths)
	if p.Inverted = !light && measure(exchanged(pixels), in).isLike(as, in, tenths); p.Inverted {
		pixels = exchanged(pixels)
		p.note(inverted)
	}
	if !light && !p.Inverted {
		return false
	}
	p.noteSize(in)
	p.Pixels = pixels
	return true
}

// crop cuts out the middle of a picture that is as wide and high as the images in
// proportion.
func (p *Prepared) crop(img image.Image, in shape) image.Image {
	b := img.Bounds()
	w, h := min(b.Dx(), max(1, b.Dy()*in.W/in.H)), min(b.Dy(), max(1, b.Dx()*in.H/in.W))
	if w == b.Dx() && h == b.Dy() {
		return img
	}
	p.note("cropped to the middle")
	corner := b.Min.Add(image.Pt((b.Dx()-w)/2, (b.Dy()-h)/2))
	return cut{img, image.Rectangle{Min: corner, Max: corner.Add(image.Pt(w, h))}}
}

// cut is a part of a picture.
type cut struct {
	image.Image
	bounds image.Rectangle
}

// Bounds implements image.Image.
func (c cut) Bounds() image.Rectangle { return c.bounds }

// layOver lays a picture that is transparent in parts over the ground that it needs.
func (p *Prepared) layOver(img image.Image) image.Image {
	ground := dataset.Ground(img)
	if ground == (color.Gray{}) {
		p.note("laid over black")
	} else {
		p.note("laid over white")
	}
	return dataset.Over(img, ground)
}
