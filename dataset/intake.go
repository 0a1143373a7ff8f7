package dataset

import (
	"context"
	"fmt"
	"hash/maphash"
	"io"
	"math"

	"github.com/coarsegrain/taylornet/internal/memory"
)

// intake takes in the images of a set, one at a time, so that beside the set only one image
// as it was is held.
type intake struct {
	to     Size // what images are resized to; zero leaves them as they are
	turned bool // rows and columns are exchanged first
	resize resizer
	room   room
	file   int64 // bytes that the images are read from, 0 if that is not known
	from   Size  // what images were, once they are read
	traits traits
}

// room is the memory for a data set.
type room struct {
	budget int64   // in bytes; 0 means half of the machine's memory
	held   float64 // bytes that are taken
	images int     // that take them
	chosen bool    // the size is the user's, so only the number of images is the files'
	fixed  bool    // no other size can be chosen
}

// maxInflated is how many bytes a byte of gzip can become.
const maxInflated = 1032

// roomFor returns the room for data from files of so many bytes.
func roomFor(opts Options, files int64) room {
	if opts.Memory == 0 {
		return room{budget: memory.ForFile(files), chosen: !opts.Fixed && opts.Size != (Size{}), fixed: opts.Fixed}
	}
	return room{budget: opts.Memory, fixed: opts.Fixed}
}

// bytesForCount is how much of the files' budget there must be for each image, so that
// images that the user enlarges may take more. A gzipped megabyte can hold a billion images,
// but has the budget of 100,000.
const bytesForCount = 1 << 10

// allowed returns the budget with n more images.
func (r room) allowed(n int) int64 {
	if r.chosen && float64(r.images+n)*bytesForCount <= float64(r.budget) {
		return memory.Default()
	}
	return memory.Or(r.budget)
}

// check returns an error if there is no room for n images of c bytes per pixel. It proposes
// a size, if one can be chosen.
func (r room) check(n int, size Size, c float64) error {
	const beside = 16 // bytes per image: labels, and what is noted of it
	need := float64(n) * (float64(size.H)*float64(size.W)*c + beside)
	budget := r.allowed(n)
	err := memory.Check(budget, r.held+need, fmt.Sprintf("%d images of %dx%d", n, size.H, size.W))
	if err == nil {
		return nil
	}
	by := math.Sqrt(max(0, float64(budget)-r.held-float64(n)*beside) / need)
	if fits := (Size{int(by * float64(size.H)), int(by * float64(size.W))}); !r.fixed && fits.H > 0 && fits.W > 0 {
		return fmt.Errorf("%w: a size of %dx%d would fit", err, fits.H, fits.W)
	}
	return fmt.Errorf("%w: take fewer images", err)
}

// checkResize is check for images that are resized. Resampling a larger one takes sums of
// four float64 for each of its pixels, and the picture.
func (r room) checkResize(n int, from, to Size, c float64) error {
	if from.H < to.H || from.W < to.W {
		c += (4*8 + 4 + 3) / float64(n)
	} else {
		r.chosen = false // in their own size they take no less
	}
	return r.check(n, to, c)
}

// size returns what images of a size become.
func (in *intake) size(from Size) Size {
	switch {
	case in.to != (Size{}):
		return in.to
	case in.turned:
		return Size{from.W, from.H}
	}
	return from
}

// take appends an image [H,W,C] to the set.
func (in *intake) take(s *Set, image []uint8, from Size) {
	if in.turned {
		image, from = transposed(image, from), Size{from.W, from.H}
	}
	in.traits.add(image, s.C)
	if from != (Size{s.H, s.W}) {
		image = in.resize.fromImage(pictureOf(image, from, s.C), s.H, s.W, s.C)
	}
	s.Pixels = append(s.Pixels, image...)
}

// transposed exchanges the rows and columns of a grey image.
func transposed(image []uint8, from Size) []uint8 {
	t := make([]uint8, len(image))
	for i, v := range image {
		t[i%from.W*from.H+i/from.W] = v
	}
	return t
}

// idx reads the images of an IDX file as a set without labels.
func (in *intake) idx(ctx context.Context, r io.Reader) (*Set, error) {
	r, dims, total, err := openIDX(r, 3)
	if err != nil {
		return nil, err
	}
	from := Size{dims[1], dims[2]}
	if from.H*from.W > maxPixels {
		return nil, fmt.Errorf("images of %dx%d pixels: at most %d are read", from.H, from.W, maxPixels)
	}
	in.from = from
	to := in.size(from)
	if err := in.room.checkResize(dims[0], from, to, 1); err != nil {
		return nil, err
	}
	s := &Set{H: to.H, W: to.W, C: 1}
	if sure := min(int64(dims[0]), in.file*maxInflated/int64(from.H*from.W)); sure > 0 {
		s.Pixels = make([]uint8, 0, int(sure)*to.H*to.W)
	}
	var image []uint8
	for read := 0; read < total; read += len(image) {
		if ctx.Err() != nil {
			return nil, fmt.Errorf("interrupted: %w", context.Cause(ctx))
		}
		var n int
		if image, n, err = readAll(r, image, from.H*from.W); err != nil {
			return nil, short(err, fmt.Sprintf("the header promises %d bytes of data, %d are there", total, read+n))
		}
		in.take(s, image, from)
	}
	return s, endOf(r, total)
}

// traits is what is noted of images before they are resized.
type traits struct {
	seed   maphash.Seed
	hashes []uint64
	plain  []bool // of one colour throughout
}

func (t *traits) len() int { return len(t.hashes) }

func (t *traits) add(image []uint8, c int) {
	t.hashes = append(t.hashes, maphash.Bytes(t.seed, image))
	t.plain = append(t.plain, isConstant(image, c))
}

func traitsOf(s *Set, seed maphash.Seed) traits {
	t := traits{seed: seed}
	for i := range s.Len() {
		t.add(s.Image(i), s.C)
	}
	return t
}
