package dataset

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	_ "image/jpeg" // decoders
	_ "image/png"
	"io/fs"
	"math"
	"os"
	"slices"

	"golang.org/x/image/draw"

	"github.com/coarsegrain/taylornet/internal/rng"
)

// maxPixels bounds the images that are decoded. maxPixelsPerByte bounds them by the
// size of the file, so that a few bytes cannot claim a large picture: deflate shrinks
// at most 1,032 times, and a PNG pixel takes at least one bit.
const (
	maxPixels        = 1 << 26
	maxPixelsPerByte = 8 * 1032
)

// DecodeImage reads a PNG or JPEG image. It refuses one whose header promises too large a
// size before it decodes the rest.
func DecodeImage(file []byte) (image.Image, error) {
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

// ReadImage reads a PNG or JPEG file as DecodeImage does. Its errors do not name the file.
func ReadImage(file string) (image.Image, error) {
	content, err := os.ReadFile(file)
	if err != nil {
		if cause := new(fs.PathError); errors.As(err, &cause) {
			err = cause.Err
		}
		return nil, err
	}
	return DecodeImage(content)
}

// FromImage converts any picture to h x w pixels of c channels (1 grey, 3 RGB),
// [H,W,C], as networks take them. If the size shrinks, each new pixel is the average
// over its area; otherwise the picture is resampled with the Catmull-Rom kernel.
// Transparent parts lie over black. It panics if c is neither 1 nor 3.
func FromImage(img image.Image, h, w, c int) []uint8 {
	if from := img.Bounds().Size(); h <= from.Y && w <= from.X && (h < from.Y || w < from.X) {
		return average(FromImage(img, from.Y, from.X, c), Size{from.Y, from.X}, Size{h, w}, c)
	}
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

// average shrinks pixels [from.H,from.W,c].
func average(pixels []uint8, from, to Size, c int) []uint8 {
	rows, columns := overlaps(from.H, to.H), overlaps(from.W, to.W)
	out := make([]uint8, 0, to.H*to.W*c)
	for _, row := range rows {
		for _, column := range columns {
			for k := range c {
				var sum float64
				for _, r := range row {
					for _, s := range column {
						sum += r.part * s.part * float64(pixels[(r.at*from.W+s.at)*c+k])
					}
				}
				out = append(out, uint8(math.Round(sum)))
			}
		}
	}
	return out
}

// overlap is a pixel of a line and the fraction that it makes up of a larger pixel.
type overlap struct {
	at   int
	part float64
}

// overlaps lists which of a line's pixels lie within each of fewer, larger ones.
func overlaps(from, to int) [][]overlap {
	lines := make([][]overlap, to)
	for i := range lines {
		// In units of 1/to of a small pixel, all ends are whole numbers.
		lo, hi := i*from, (i+1)*from
		for at := lo / to; at*to < hi; at++ {
			inside := min(hi, (at+1)*to) - max(lo, at*to)
			lines[i] = append(lines[i], overlap{at, float64(inside) / float64(from)})
		}
	}
	return lines
}

// Picture returns image i as a picture, to resize or show.
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

// ShufflePixels returns the data with the pixels of every image moved by one
// permutation. As a baseline it removes all information about which pixels are near
// each other.
func (d *Data) ShufflePixels(seed uint64) *Data {
	sites := make([]int32, d.Train.H*d.Train.W)
	rng.Permutation(sites, seed, "pixels", 0)
	return &Data{Name: d.Name, Train: d.Train.moved(sites), Test: d.Test.moved(sites)}
}

// Mirrored returns the set with left and right exchanged in every image.
func (s *Set) Mirrored() *Set {
	sites := make([]int32, s.H*s.W)
	for i := range sites {
		sites[i] = int32(i + s.W - 1 - 2*(i%s.W))
	}
	return s.moved(sites)
}

// moved puts at site i of each image what stood at sites[i].
func (s *Set) moved(sites []int32) *Set {
	moved := *s
	moved.Pixels = make([]uint8, 0, len(s.Pixels))
	for i := range s.Len() {
		image := s.Image(i)
		for _, from := range sites {
			moved.Pixels = append(moved.Pixels, image[int(from)*s.C:][:s.C]...)
		}
	}
	return &moved
}

// resizeTo returns the data with all images converted to another size, as FromImage
// does.
func (d *Data) resizeTo(size Size) (*Data, error) {
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
	resized.Pixels = make([]uint8, 0, s.Len()*size.H*size.W*s.C)
	for i := range s.Len() {
		resized.Pixels = append(resized.Pixels, FromImage(s.Picture(i), size.H, size.W, s.C)...)
	}
	return &resized
}
