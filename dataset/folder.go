package dataset

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// maxReported is how many unreadable files an error names.
const maxReported = 10

// ReadFolder reads a folder of class folders of PNG or JPEG images. The sorted
// folder names are the classes. Two folders train and test, each with class folders,
// give the split; otherwise a fixed stratified fifth is the test part. The data are
// grey if every image is, otherwise RGB. Images are resized to size; if it is zero,
// they must all have one size, or the error wraps ErrSizes. Hidden files are skipped.
// Any other file that is not a readable image is an error, which names it. If ctx ends,
// the error wraps its cause.
func ReadFolder(ctx context.Context, fsys fs.FS, size Size) (*Data, error) {
	r := folderReader{fsys: fsys, size: size}
	if size != (Size{}) {
		if err := size.validate(); err != nil {
			return nil, err
		}
	}
	top, err := r.folders(".")
	if err != nil {
		return nil, err
	}
	if !slices.Contains(top, "train") || !slices.Contains(top, "test") {
		set, err := r.read(ctx, ".", top)
		if err != nil {
			return nil, err
		}
		r.dropColour(set)
		return set.splitTest("folder")
	}
	classes, err := r.folders("train")
	if err != nil {
		return nil, err
	}
	testClasses, err := r.folders("test")
	if err != nil {
		return nil, err
	}
	if !slices.Equal(classes, testClasses) {
		return nil, fmt.Errorf("train and test have different classes: %q and %q", classes, testClasses)
	}
	train, err := r.read(ctx, "train", classes)
	if err != nil {
		return nil, err
	}
	test, err := r.read(ctx, "test", classes)
	if err != nil {
		return nil, err
	}
	r.dropColour(train, test)
	data := &Data{Train: train, Test: test}
	data.name("folder")
	return data, nil
}

// folderReader reads class folders as RGB and keeps track of what it found.
type folderReader struct {
	fsys   fs.FS
	size   Size
	first  string // the file that determined the size
	colour bool   // some pixel is not grey
	bad    []string
	badN   int
}

// folders lists the folders in dir, sorted.
func (r *folderReader) folders(dir string) ([]string, error) {
	entries, err := fs.ReadDir(r.fsys, dir)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		if hidden(e.Name()) {
			continue
		}
		// Stat, so that a link to a folder counts.
		info, err := fs.Stat(r.fsys, path.Join(dir, e.Name()))
		if err != nil {
			return nil, err
		}
		if info.IsDir() {
			names = append(names, e.Name())
		}
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("no class folders in %s: want one folder of images for each class", dir)
	}
	return names, nil
}

// read reads the class folders in dir.
func (r *folderReader) read(ctx context.Context, dir string, classes []string) (*Set, error) {
	if len(classes) < 2 || len(classes) > 1<<16 {
		return nil, fmt.Errorf("%d class folders in %s: want at least 2 and at most %d", len(classes), dir, 1<<16)
	}
	set := &Set{Classes: classes, C: 3}
	for label, class := range classes {
		before := set.Len() + r.badN
		folder := path.Join(dir, class)
		entries, err := fs.ReadDir(r.fsys, folder)
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			if hidden(e.Name()) {
				continue
			}
			if ctx.Err() != nil {
				return nil, fmt.Errorf("interrupted in %s: %w", folder, context.Cause(ctx))
			}
			if err := r.add(set, path.Join(folder, e.Name()), label); err != nil {
				return nil, err
			}
		}
		if set.Len()+r.badN == before {
			return nil, fmt.Errorf("class folder %s is empty", folder)
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

// add appends one file to the set, or counts it as unreadable. After an error, reading
// ends.
func (r *folderReader) add(set *Set, file string, label int) error {
	pixels, err := r.pixels(file)
	switch {
	case errors.Is(err, ErrSizes):
		return err
	case err != nil:
		r.badN++
		if len(r.bad) < maxReported {
			r.bad = append(r.bad, fmt.Sprintf("%s: %v", file, err))
		}
		return nil
	}
	set.H, set.W = r.size.H, r.size.W
	set.Pixels = append(set.Pixels, pixels...)
	set.Labels = append(set.Labels, uint16(label))
	return nil
}

// ErrSizes is wrapped by errors about images of different sizes in a folder, for which
// no size was chosen with Options.Size.
var ErrSizes = errors.New("images differ in size")

// pixels reads one image as RGB, [H,W,3].
func (r *folderReader) pixels(file string) ([]uint8, error) {
	switch strings.ToLower(path.Ext(file)) {
	case ".png", ".jpg", ".jpeg":
	default:
		return nil, errors.New("not a .png, .jpg or .jpeg file")
	}
	content, err := fs.ReadFile(r.fsys, file)
	if err != nil {
		return nil, err
	}
	img, err := DecodeImage(content)
	if err != nil {
		return nil, err
	}
	actual := Size{img.Bounds().Dy(), img.Bounds().Dx()}
	if r.size == (Size{}) {
		r.size, r.first = actual, file
	}
	if r.first != "" && actual != r.size {
		return nil, fmt.Errorf("%w: %s is %dx%d but %s is %dx%d: choose one size for all",
			ErrSizes, file, actual.H, actual.W, r.first, r.size.H, r.size.W)
	}
	pixels := FromImage(img, r.size.H, r.size.W, 3)
	for p := 0; p < len(pixels) && !r.colour; p += 3 {
		r.colour = pixels[p] != pixels[p+1] || pixels[p] != pixels[p+2]
	}
	return pixels, nil
}

// dropColour gives the sets one channel if no pixel of any of them has colour.
func (r *folderReader) dropColour(sets ...*Set) {
	if r.colour {
		return
	}
	for _, s := range sets {
		grey := make([]uint8, len(s.Pixels)/3)
		for i := range grey {
			grey[i] = s.Pixels[3*i]
		}
		s.Pixels, s.C = grey, 1
	}
}

// hidden reports whether a file is one that systems leave beside images.
func hidden(name string) bool {
	return strings.HasPrefix(name, ".") || name == "Thumbs.db" || name == "desktop.ini"
}
