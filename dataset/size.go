package dataset

import (
	"errors"
	"fmt"
	"image"
	"path"
)

// The reasons why a size must be chosen with Options.Size; a SizeError wraps one of them.
var (
	ErrSizes = errors.New("images differ in size")
	ErrLarge = errors.New("images are large")
)

// SizeError is the error about a folder of pictures for which a size must be chosen with
// Options.Size.
type SizeError struct {
	Reason error  // ErrSizes or ErrLarge
	Detail string // which images
	Size   Size   // one that suits the first of them
}

func (e *SizeError) Error() string {
	return fmt.Sprintf("%v: %s: choose one size for all, such as %dx%d", e.Reason, e.Detail, e.Size.H, e.Size.W)
}

func (e *SizeError) Unwrap() error { return e.Reason }

const (
	// largeImage is the number of pixels from which a size must be chosen: larger images
	// take much memory, and no network of the program needs them.
	largeImage = 256 * 256
	// goodSide is the longer side of the size that is proposed.
	goodSide = 64
)

func sizeOf(img image.Image) Size { return Size{img.Bounds().Dy(), img.Bounds().Dx()} }

// checkSize returns a SizeError if a size must be chosen. The first picture
// determines the size if none is chosen.
func (r *folderReader) checkSize(file string, actual Size) error {
	if r.size == (Size{}) {
		if actual.H*actual.W > largeImage {
			return &SizeError{ErrLarge, fmt.Sprintf("%s is %dx%d", file, actual.H, actual.W), proposed(append(r.sample(), actual)...)}
		}
		r.size, r.first = actual, file
	}
	if r.first != "" && actual != r.size {
		return &SizeError{ErrSizes, fmt.Sprintf("%s is %dx%d but %s is %dx%d", file, actual.H, actual.W, r.first, r.size.H, r.size.W),
			proposed(r.size, actual)}
	}
	return nil
}

// sample returns the sizes of the first pictures of the first classes.
func (r *folderReader) sample() (sizes []Size) {
	const classes, pictures = 4, 2
	for _, c := range r.parts[0].classes[:min(classes, len(r.parts[0].classes))] {
		for _, name := range c.files[:min(pictures, len(c.files))] {
			if img, err := r.decode(path.Join(c.dir, name)); err == nil {
				sizes = append(sizes, sizeOf(img))
			}
		}
	}
	return sizes
}

// proposed returns a size for networks that has room for all of these, shrunk in
// proportion.
func proposed(sizes ...Size) Size {
	var room Size
	for _, s := range sizes {
		room.H, room.W = max(room.H, s.H), max(room.W, s.W)
	}
	longer := max(room.H, room.W)
	if longer <= goodSide {
		return room
	}
	shrunk := func(side int) int { return max(goodSide/4, (side*goodSide+longer/2)/longer) }
	return Size{shrunk(room.H), shrunk(room.W)}
}
