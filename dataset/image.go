package dataset

import (
	"context"
	"fmt"
	"image"
	"slices"

	"github.com/coarsegrain/taylornet/internal/rng"
)

// Picture returns image i as a picture, to resize or show.
func (s *Set) Picture(i int) image.Image {
	return pictureOf(s.Image(i), Size{s.H, s.W}, s.C)
}

// ShufflePixels returns the data with the pixels of every image moved by one
// permutation. As a baseline it removes all information about which pixels are near
// each other.
func (d *Data) ShufflePixels(seed uint64) *Data {
	sites := make([]int32, d.Train.H*d.Train.W)
	rng.Permutation(sites, seed, "pixels", 0)
	return d.each(func(s *Set) *Set { return s.moved(sites) })
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
// does, unless ctx ends first.
func (d *Data) resizeTo(ctx context.Context, size Size, room room) (*Data, error) {
	from := Size{d.Train.H, d.Train.W}
	if err := room.checkResize(d.Train.Len()+d.Test.Len(), from, size, float64(d.Train.C)); err != nil {
		return nil, err
	}
	resized := d.each(func(s *Set) *Set { return s.resize(ctx, size) })
	if ctx.Err() != nil {
		return nil, fmt.Errorf("resizing %s: %w", d.Name, context.Cause(ctx))
	}
	return resized, nil
}

func (size Size) validate() error {
	if size.H < 1 || size.W < 1 || int64(size.H)*int64(size.W) > maxPixels {
		return fmt.Errorf("cannot resize images to %dx%d", size.H, size.W)
	}
	return nil
}

// resize returns the images in another size: fewer of them once ctx ends.
func (s *Set) resize(ctx context.Context, size Size) *Set {
	if s.H == size.H && s.W == size.W {
		return s
	}
	resized := *s
	resized.H, resized.W = size.H, size.W
	resized.Classes = slices.Clone(s.Classes)
	resized.Pixels = make([]uint8, 0, s.Len()*size.H*size.W*s.C)
	var r resizer
	for i := 0; i < s.Len() && ctx.Err() == nil; i++ {
		resized.Pixels = append(resized.Pixels, r.fromImage(s.Picture(i), size.H, size.W, s.C)...)
	}
	return &resized
}
