package dataset

import (
	"context"
	"errors"
	"fmt"
	"image"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/coarsegrain/taylornet/internal/fsx"
)

// maxGround is the longer side, in pixels, to which transparent pictures are shrunk before
// they are laid over a ground.
const maxGround = 1024

// maxReported is how many unreadable files an error names.
const maxReported = 10

// ReadFolder reads a folder of class folders of pictures, as DecodeImage reads them. The
// sorted folder names are the classes. Folders for training, validation and testing, each
// with class folders, give the split, in the usual spellings; without one for testing, that
// for validation is the test part. Without such folders a fixed stratified fifth is the test
// part, or all with opts.Whole. What systems leave beside pictures is skipped. What
// else is not read is in Data.Read.
//
// The data are grey if every picture is, otherwise RGB, or what opts.Prepare makes of the
// pictures. They are resized to opts.Size; if it is zero, they must all have one size and
// be small, or the error is a *SizeError. Without opts.LeaveOut any file in a class folder
// that is not a readable picture is an error, which names it. A picture is decoded
// and resized at once: memory grows with the resized ones. If ctx ends, the error wraps
// its cause.
func ReadFolder(ctx context.Context, fsys fs.FS, opts Options) (*Data, error) {
	r := folderReader{fsys: fsys, opts: opts, size: opts.Size}
	if err := r.validate(); err != nil {
		return nil, err
	}
	var err error
	if r.parts, err = r.arrange(".", 0); err != nil {
		return nil, err
	}
	classes, err := r.classes(r.parts)
	if err != nil {
		return nil, err
	}
	if r.size != (Size{}) {
		if err := r.check(); err != nil {
			return nil, err
		}
	}
	data := &Data{}
	for _, p := range r.parts {
		set, err := r.read(ctx, p, classes)
		if err != nil {
			return nil, err
		}
		switch p.role {
		case forTesting:
			data.Test = set
		case forValidation:
			data.Validation = set
		default:
			data.Train = set
		}
	}
	if !slices.ContainsFunc(data.parts(), func(s *Set) bool { return s.Len() > 0 }) {
		return nil, r.nothingRead()
	}
	r.finish(data)
	if err := r.assign(data); err != nil {
		return nil, err
	}
	if r.transparent > 0 {
		r.note("transparent pictures, laid over the white or black that they need: %d", r.transparent)
	}
	data.Read = r.said
	data.name("folder")
	data.describe(nil)
	return data, nil
}

// folderReader reads class folders as RGB and keeps track of what it found.
type folderReader struct {
	fsys   fs.FS
	opts   Options
	parts  []part
	size   Size
	bytes  int64  // of the files in the folders that were listed
	held   int64  // bytes of the pictures that were read
	first  string // the file that determined the size
	colour bool   // some pixel is not grey
	// transparent pictures were laid over black or white.
	transparent int
	counted     int // files that were looked at to say what is left out
	said        Read
	bad         []string
	badN        int
}

func (r *folderReader) validate() error {
	if r.opts.Prepare != nil && (r.opts.Size == (Size{}) || r.opts.Channels != 1 && r.opts.Channels != 3) {
		return fmt.Errorf("prepared pictures need a size, and 1 or 3 channels, not %dx%dx%d", r.size.H, r.size.W, r.opts.Channels)
	}
	if r.size == (Size{}) {
		return nil
	}
	return r.size.validate()
}

// read reads the class folders of a part.
func (r *folderReader) read(ctx context.Context, p part, classes []string) (*Set, error) {
	set := &Set{Classes: classes, C: 3}
	if r.opts.Prepare != nil {
		set.C = r.opts.Channels
	}
	for _, class := range p.classes {
		label, _ := slices.BinarySearch(classes, class.name)
		for _, name := range class.folders {
			inner := path.Join(class.dir, name)
			r.unreadable(inner, r.count(inner), errNested)
		}
		for _, name := range class.files {
			if ctx.Err() != nil {
				return nil, fmt.Errorf("interrupted in %s: %w", class.dir, context.Cause(ctx))
			}
			if err := r.add(set, p, path.Join(class.dir, name), label); err != nil {
				return nil, err
			}
		}
	}
	if r.badN > 0 {
		more := ""
		if r.badN > len(r.bad) {
			more = fmt.Sprintf("; and %d more", r.badN-len(r.bad))
		}
		return nil, fmt.Errorf("%d unreadable images: %s%s", r.badN, strings.Join(r.bad, "; "), more)
	}
	return set, nil
}

// add appends one picture to the set, or leaves it out. After an error, reading ends.
func (r *folderReader) add(set *Set, p part, file string, label int) error {
	pixels, err := r.pixels(file)
	if size := new(SizeError); errors.As(err, &size) {
		return err
	}
	if err != nil {
		r.unreadable(file, 1, err)
		if n := len(r.said.LeftOut); r.opts.LeaveOut {
			r.said.LeftOut[n-1].Unreadable = true
		}
		return nil
	}
	if set.Pixels == nil { // the first picture may have told the size
		if err := r.check(); err != nil {
			return err
		}
		set.H, set.W = r.size.H, r.size.W
		set.Pixels = make([]uint8, 0, p.files()*set.H*set.W*set.C)
		r.held += int64(cap(set.Pixels))
	}
	set.Pixels = append(set.Pixels, pixels...)
	set.Labels = append(set.Labels, uint16(label))
	return nil
}

// check returns an error if there is no room for all pictures in one size.
func (r *folderReader) check() error {
	each, all := 4.0, 0 // in colour and, for a moment, in grey; or, for a moment, with a fifth once more
	if r.opts.Prepare != nil {
		each = 4.0 / 3 * float64(r.opts.Channels)
	}
	for _, p := range r.parts {
		all += p.files()
	}
	return roomFor(r.opts, r.bytes).checkResize(all, Size{}, r.size, each)
}

// unreadable leaves something in a class folder out, or counts it as a fault.
func (r *folderReader) unreadable(name string, images int, reason error) {
	if r.opts.LeaveOut {
		r.leaveOut(name, images, reason.Error())
		return
	}
	r.badN++
	if len(r.bad) < maxReported {
		r.bad = append(r.bad, fmt.Sprintf("%s: %v", name, reason))
	}
}

// nothingRead returns the error about a folder all of whose pictures were left out.
func (r *folderReader) nothingRead() error {
	var faults []string
	for _, l := range r.said.LeftOut {
		faults = append(faults, l.Name+": "+l.Reason)
	}
	return fmt.Errorf("no readable picture: %s", few(faults))
}

// pixels reads one picture, [H,W,3], or as it is prepared.
func (r *folderReader) pixels(file string) ([]uint8, error) {
	img, err := r.decode(file)
	if err != nil {
		return nil, err
	}
	if r.opts.Prepare != nil {
		pixels, err := r.opts.Prepare(img)
		if want := r.size.H * r.size.W * r.opts.Channels; err == nil && len(pixels) != want {
			err = fmt.Errorf("prepared as %d values, want %d", len(pixels), want)
		}
		return pixels, err
	}
	if err := r.checkSize(file, sizeOf(img)); err != nil {
		return nil, err
	}
	if !Opaque(img) {
		r.transparent++
		small := Shrink(img, maxGround)
		img = Over(small, Ground(small))
	}
	pixels := FromImage(img, r.size.H, r.size.W, 3)
	for p := 0; p < len(pixels) && !r.colour; p += 3 {
		r.colour = pixels[p] != pixels[p+1] || pixels[p] != pixels[p+2]
	}
	return pixels, nil
}

// decode reads a picture in the memory that those before it leave.
func (r *folderReader) decode(file string) (image.Image, error) {
	budget := r.opts.Memory
	if budget > 0 {
		budget = max(1, budget-r.held)
	}
	return readImage(func() (fs.File, error) { return fsx.OpenIn(r.fsys, file) }, budget)
}

// assign gives each part its use and says so.
func (r *folderReader) assign(data *Data) error {
	if r.parts[0].role == noRole {
		if r.opts.Whole {
			data.Test, data.Train = data.Train, nil
		} else if err := r.divide(data, r.parts[0].dir); err != nil {
			return err
		}
	} else if err := r.assignRoles(data); err != nil {
		return err
	}
	if data.Train == nil { // all of it is to be measured
		data.Train = &Set{Classes: data.Test.Classes, H: data.Test.H, W: data.Test.W, C: data.Test.C}
	}
	return nil
}

// assignRoles makes sure that there is a part for testing and, to train, one for training.
func (r *folderReader) assignRoles(data *Data) error {
	last := r.parts[len(r.parts)-1]
	switch {
	case data.Train == nil && !r.opts.LeaveOut:
		return fmt.Errorf("no folder for training beside %s: name it train", last.dir)
	case data.Test == nil && data.Validation != nil:
		data.Test, data.Validation = data.Validation, nil
	case data.Test == nil && r.opts.Whole:
		data.Test, data.Train = data.Train, nil
		return nil
	case data.Test == nil:
		return r.divide(data, last.dir)
	}
	var uses []string
	for _, p := range r.parts {
		switch {
		case p.role == forTraining:
			uses = append(uses, p.dir+" is for training")
		case p.role == forValidation && data.Validation != nil:
			uses = append(uses, p.dir+" for validation")
		case p.role == forValidation:
			uses = append(uses, p.dir+" for testing, since there is no other folder for that")
		default:
			uses = append(uses, p.dir+" for testing")
		}
	}
	r.note("%s", strings.Join(uses, ", "))
	return nil
}

// divide makes a fixed fifth of the training part the test part.
func (r *folderReader) divide(data *Data, dir string) error {
	for class, n := range data.Train.All().Counts() {
		if n == 1 && !r.opts.LeaveOut {
			return fmt.Errorf("class %s has one image%s: training and testing need at least 2 of each class", data.Train.Classes[class], in(dir))
		}
	}
	divided, err := data.Train.splitTest("folder")
	if err != nil {
		return err
	}
	data.Train, data.Test = divided.Train, divided.Test
	r.note("no folder for testing: a fixed fifth of each class is the test part")
	return nil
}

// finish gives the parts their shape: one channel if no pixel of any of them has colour.
func (r *folderReader) finish(data *Data) {
	for _, s := range data.parts() {
		s.H, s.W = r.size.H, r.size.W
		if r.colour || r.opts.Prepare != nil {
			continue
		}
		grey := make([]uint8, len(s.Pixels)/3)
		for i := range grey {
			grey[i] = s.Pixels[3*i]
		}
		s.Pixels, s.C = grey, 1
	}
}
