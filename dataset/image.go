package dataset

import (
	"bytes"
	"fmt"
	"image"
	_ "image/jpeg" // decoders
	_ "image/png"
	"slices"

	"golang.org/x/image/draw"
)

// maxPixels bounds an image to be decoded; maxPixelsPerByte bounds it by its
// file, so that a few bytes cannot claim a large picture: deflate shrinks at
// most 1,032 times, and a PNG pixel takes at least one bit.
const (
	maxPixels        = 1 << 26
	maxPixelsPerByte = 8 * 1032
)

// Decode reads a PNG or JPEG image. It looks at the promised size first.
func Decode(file []byte) (image.Image, error) {
	config, format, err := image.DecodeConfig(bytes.NewReader(file))
	if err != nil {
		return nil, err
	}
	if format != "png" && format != "jpeg" {
		return nil, fmt.Errorf("%s is not PNG or JPEG", format)
	}
	pixels := int64(config.Width) * int64(config.Height)
	if pixels > maxPixels || pixels > maxPixelsPerByte*int64(len(file)) {
		return nil, fmt.Errorf("a file of %d bytes that promises %d x %d pixels is refused", len(file), config.Width, config.Height)
	}
	img, _, err := image.Decode(bytes.NewReader(file))
	return img, err
}

// FromImage converts any picture to h x w pixels of c channels (1 grey, 3 RGB),
// [H,W,C], as networks take them. Another size is resampled with the Catmull-Rom
// kernel, which averages when it shrinks; transparent parts lie over black.
func FromImage(img image.Image, h, w, c int) []uint8 {
	bounds := image.Rect(0, 0, w, h)
	scale := func(dst draw.Image) {
		if img.Bounds().Size() == bounds.Size() {
			draw.Draw(dst, bounds, img, img.Bounds().Min, draw.Src)
		} else {
			draw.CatmullRom.Scale(dst, bounds, img, img.Bounds(), draw.Src, nil)
		}
	}
	switch c {
	case 1:
		grey := image.NewGray(bounds)
		scale(grey)
		return grey.Pix
	case 3:
		rgba := image.NewRGBA(bounds)
		scale(rgba)
		pixels := make([]uint8, 0, h*w*3)
		for i := 0; i < len(rgba.Pix); i += 4 {
			pixels = append(pixels, rgba.Pix[i:i+3]...)
		}
		return pixels
	}
	panic(fmt.Sprintf("dataset.FromImage: %d channels, want 1 or 3", c))
}

// Picture returns image i as a picture, for resizing or for showing.
func (s *Set) Picture(i int) image.Image {
	pixels, bounds := s.Image(i), image.Rect(0, 0, s.W, s.H)
	if s.C == 1 {
		return &image.Gray{Pix: pixels, Stride: s.W, Rect: bounds}
	}
	img := image.NewRGBA(bounds)
	for p := range s.H * s.W {
		copy(img.Pix[4*p:], pixels[3*p:3*p+3])
		img.Pix[4*p+3] = 0xff
	}
	return img
}

// Resize returns the data with all images resampled to another size, as
// FromImage does.
func (d *Data) Resize(size Size) (*Data, error) {
	if err := size.validate(); err != nil {
		return nil, err
	}
	return &Data{Name: d.Name, Train: d.Train.resize(size), Test: d.Test.resize(size)}, nil
}

func (size Size) validate() error {
	if size.H < 1 || size.W < 1 || int64(size.H)*int64(size.W) > maxPixels {
		return fmt.Errorf("cannot resize images to %dx%d", size.H, size.W)
	}
	return nil
}

func (s *Set) resize(size Size) *Set {
	if s.H == size.H && s.W == size.W {
		return s
	}
	resized := *s
	resized.H, resized.W = size.H, size.W
	resized.Classes = slices.Clone(s.Classes)
	resized.Pixels = make([]uint8, 0, s.N()*size.H*size.W*s.C)
	for i := range s.N() {
		resized.Pixels = append(resized.Pixels, FromImage(s.Picture(i), size.H, size.W, s.C)...)
	}
	return &resized
}
