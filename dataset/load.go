package dataset

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/maphash"
	"image"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/coarsegrain/taylornet/internal/fsx"
	"github.com/coarsegrain/taylornet/internal/nearest"
)

// SystemDir is the folder that is searched last.
const SystemDir = "/usr/share/datasets"

// ErrUnknown is wrapped by errors about a name that is neither a known data set nor
// a folder, and ErrNotFound by errors about a known data set that is not there.
var (
	ErrUnknown  = errors.New("unknown data set")
	ErrNotFound = errors.New("data set not found")
)

// Options says where data sets are and how images are prepared.
type Options struct {
	// Dirs are the folders to search, in order; SystemDir always comes last.
	// $TAYLORNET_DATA and the user's cache, which the command searches, are not added.
	Dirs []string
	Size Size // what images are resized to; zero leaves them as they are

	// Prepare, if not nil, makes the pixels [Size.H,Size.W,Channels] of each picture of a
	// folder, which is upright. A picture for which it returns an error counts as
	// unreadable. Data sets that are not folders of pictures are left as they are.
	Prepare  func(image.Image) ([]uint8, error)
	Channels int // of prepared pictures

	// Memory bounds what a data set holds, in bytes, with the picture that is being read. 0
	// means 104 MiB, and 256 bytes for each byte after the first MiB of the files that it is
	// read from, at most half of the machine's memory. Images that a chosen Size enlarges
	// may take all of that half, if there is no more than one of them per KiB of the files'
	// bound. The error about more wraps tensor.ErrMemory.
	Memory int64
	// Fixed says that Size was not chosen but is what a model takes. It, or the images' own
	// size, takes no more memory than suits the files, and no error proposes another.
	Fixed bool

	// Whole makes all pictures of a folder without parts for training and testing the test
	// part, to measure them. The training part is empty then.
	Whole bool
	// LeaveOut leaves out what cannot be read in a folder, and empty class folders, and lists
	// them in Data.Read, to measure the rest. Otherwise, to train, they are an error.
	LeaveOut bool
}

// Size is the height and width of images in pixels.
type Size struct{ H, W int }

// Load returns a data set by its name: digits, mnist, fashion-mnist, cifar-10, or the
// path of a folder. A folder holds one of these in its published files, a set in files
// named like MNIST's, or folders of images (see ReadFolder). Whether it is a known set is
// decided by the checksums of its files: no other data get a known name.
//
// A known set lies in a sub-folder of one of opts.Dirs, where package fetch puts it, or in one of
// them that has the sub-folder's name. The error wraps ErrUnknown, ErrNotFound or
// *SizeError if one of them is the reason, or the cause of ctx if that ends first.
func Load(ctx context.Context, name string, opts Options) (*Data, error) {
	if opts.Size != (Size{}) {
		if err := opts.Size.validate(); err != nil {
			return nil, err
		}
	}
	for _, known := range knownSets() {
		switch name {
		case digitsName:
			return digits(ctx, opts)
		case known.Name:
			return known.load(ctx, opts)
		}
	}
	info, err := os.Stat(name)
	switch {
	case err == nil && info.IsDir():
		return loadDir(ctx, name, opts)
	case err == nil:
		return nil, notFolder(name)
	}
	return nil, unknown(name)
}

// List describes every known data set and where it was found.
func List(opts Options) []Info {
	var infos []Info
	for _, k := range knownSets() {
		if k.Name == digitsName {
			k.Path = "embedded"
		} else if dir, _, err := k.find(opts.Dirs); err == nil {
			k.Path = dir
		}
		infos = append(infos, k)
	}
	return infos
}

// find returns the first folder that holds all files of a set, and what they are called
// there.
func (k Info) find(dirs []string) (dir string, files *layout, err error) {
	var looked []string
	for _, parent := range append(slices.Clone(dirs), SystemDir) {
		if parent == "" {
			continue
		}
		candidates := []string{filepath.Join(parent, k.Published.Folder)}
		if abs, err := filepath.Abs(parent); err == nil && filepath.Base(abs) == k.Published.Folder {
			candidates = append(candidates, parent)
		}
		if k.Published.Torch != "" {
			candidates = append(candidates, filepath.Join(parent, filepath.FromSlash(k.Published.Torch)))
		}
		for i, dir := range candidates {
			found, faults := layoutsIn(os.DirFS(dir), ".")
			for _, l := range found {
				if len(l.files) == len(k.Published.Files) {
					return dir, &l, nil
				}
			}
			if len(faults) > 0 {
				dir += " (" + strings.Join(faults, "; ") + ")"
			}
			if i == 0 || len(faults) > 0 {
				looked = append(looked, dir)
			}
		}
	}
	return "", nil, fmt.Errorf("%w: %s is not in %s", ErrNotFound, k.Name, strings.Join(looked, ", "))
}

// load finds and reads a known set.
func (k Info) load(ctx context.Context, opts Options) (*Data, error) {
	dir, files, err := k.find(opts.Dirs)
	if err != nil {
		return nil, err
	}
	data, err := files.load(ctx, os.DirFS(dir), opts)
	if err != nil {
		return nil, fmt.Errorf("loading %s from %s: %w", k.Name, dir, err)
	}
	if data.Name != k.Name {
		return nil, fmt.Errorf("%w: the files in %s are not those of %s as published, by their checksums; the path of the folder reads them as a set of their own",
			ErrNotFound, dir, k.Name)
	}
	return data, nil
}

func (d *Data) name(name string) {
	d.Name, d.Train.Name, d.Test.Name = name, name+" train", name+" test"
	if d.Validation != nil {
		d.Validation.Name = name + " validation"
	}
}

// loadDir reads a folder given by its path.
func loadDir(ctx context.Context, dir string, opts Options) (*Data, error) {
	name, err := folderName(dir)
	if err != nil {
		return nil, err
	}
	fsys := os.DirFS(dir)
	var data *Data
	l, err := findLayout(fsys)
	switch {
	case err != nil:
	case l != nil:
		data, err = l.load(ctx, fsys, opts)
	default:
		data, err = ReadFolder(ctx, fsys, opts)
		if err == nil {
			data.Name = ""
		}
	}
	if err != nil {
		return nil, fmt.Errorf("loading the folder %s: %w", dir, err)
	}
	if data.Name == "" {
		data.name(name)
	}
	return data, nil
}

// folderName returns the name of data in a folder: the folder's, with that of the one
// around it if it is the name of a known set, which these data are not.
func folderName(dir string) (string, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	name := filepath.Base(abs)
	if _, err := Describe(name); err == nil {
		name = filepath.Join(filepath.Base(filepath.Dir(abs)), name)
	}
	return name, nil
}

// notFolder returns the error about a file that is given as a data set.
func notFolder(file string) error {
	if _, _, ok := idxRole(filepath.Base(file)); ok {
		return fmt.Errorf("%w: %s is one of four files: give the path of their folder", ErrUnknown, file)
	}
	f, err := fsx.Open(file)
	if errors.Is(err, fsx.ErrEmpty) {
		return fmt.Errorf("%w: %s is %w: give the path of a folder", ErrUnknown, file, fsx.ErrEmpty)
	}
	if err != nil {
		return err
	}
	defer f.Close()
	head, err := io.ReadAll(io.LimitReader(f, sniffed))
	if err != nil {
		return err
	}
	kind := sniff(head)
	if strings.HasSuffix(kind, " archive") {
		return fmt.Errorf("%w: %s is %s: unpack it, and give the path of the folder", ErrUnknown, file, kind)
	}
	return fmt.Errorf("%w: %s is %s: give the path of a folder", ErrUnknown, file, kind)
}

// loadIDX reads the files of a set, in the order of idxFiles.
func (f *summedFiles) loadIDX(ctx context.Context, names []string) (*Data, error) {
	train, err := f.readIDX(ctx, names[0], names[1], nil)
	if err != nil {
		return nil, err
	}
	test, err := f.readIDX(ctx, names[2], names[3], train.Classes)
	if err != nil {
		return nil, err
	}
	if f.shapes[0] != f.shapes[1] {
		return nil, fmt.Errorf("training images are %dx%d, test images %dx%d", f.shapes[0].H, f.shapes[0].W, f.shapes[1].H, f.shapes[1].W)
	}
	return &Data{Train: train, Test: test}, nil
}

func (f *summedFiles) readIDX(ctx context.Context, images, labels string, classes []string) (set *Set, err error) {
	in := f.intake()
	if in.file, err = f.size(images); err != nil {
		return nil, err
	}
	err = f.read(images, func(r io.Reader) (err error) {
		set, err = in.idx(ctx, r)
		return err
	})
	if err != nil {
		return nil, err
	}
	err = f.read(labels, func(r io.Reader) error { return set.readLabels(r, in.traits.len(), classes) })
	if err != nil {
		return nil, err
	}
	f.take(set, in)
	return set, nil
}

// loadCIFAR reads the files of CIFAR-10, the test batch last.
func (f *summedFiles) loadCIFAR(ctx context.Context, names []string) (*Data, error) {
	last := len(names) - 1
	train, err := f.readCIFAR(ctx, names[:last])
	if err != nil {
		return nil, err
	}
	test, err := f.readCIFAR(ctx, names[last:])
	if err != nil {
		return nil, err
	}
	return &Data{Train: train, Test: test}, nil
}

func (f *summedFiles) readCIFAR(ctx context.Context, names []string) (*Set, error) {
	in := f.intake()
	size, err := f.size(names...)
	if err != nil {
		return nil, err
	}
	n, from := int(size/cifarRecord), Size{cifarSide, cifarSide}
	if err := in.room.checkResize(n, from, in.size(from), 3); err != nil {
		return nil, err
	}
	set := in.newCIFAR(n)
	for _, name := range names {
		if err := f.read(name, func(r io.Reader) error { return in.cifar(ctx, set, r) }); err != nil {
			return nil, err
		}
	}
	f.take(set, in)
	return set, nil
}

// summedFiles reads the files of a data set and takes their checksums.
type summedFiles struct {
	fsys   fs.FS
	sums   []string // of the contents without gzip, in the order in which they were read
	to     Size
	turned bool
	room   room
	seed   maphash.Seed
	shapes []Size   // of the images of the sets that were read, as they were
	traits []traits // of those images
}

func (f *summedFiles) intake() *intake {
	return &intake{to: f.to, turned: f.turned, room: f.room, traits: traits{seed: f.seed}}
}

// take counts a set that was read.
func (f *summedFiles) take(s *Set, in *intake) {
	f.room.held += float64(cap(s.Pixels))
	f.room.images += s.Len()
	f.shapes, f.traits = append(f.shapes, in.from), append(f.traits, in.traits)
}

// size returns how many bytes files have.
func (f *summedFiles) size(names ...string) (size int64, err error) {
	for _, name := range names {
		info, err := fs.Stat(f.fsys, name)
		if err != nil {
			return 0, err
		}
		size += info.Size()
	}
	return size, nil
}

// read calls use with the content of a file, without gzip, and names the file in errors.
func (f *summedFiles) read(name string, use func(io.Reader) error) error {
	file, err := fsx.OpenIn(f.fsys, name)
	if err != nil {
		return err
	}
	defer file.Close()
	sum := sha256.New()
	content, err := fsx.Gunzip(file)
	if err == nil {
		err = use(io.TeeReader(content, sum))
	}
	if err != nil {
		return fmt.Errorf("%s: %w", path.Base(name), err)
	}
	f.sums = append(f.sums, hex.EncodeToString(sum.Sum(nil)))
	return nil
}

// unknown returns an error that says which names are known.
func unknown(name string) error {
	var names []string
	for _, k := range knownSets() {
		names = append(names, k.Name)
	}
	hint := ""
	if like := nearest.Word(strings.ToLower(name), names); like != "" {
		hint = "; did you mean " + like + "?"
	}
	return fmt.Errorf("%w %q: want %s, or the path of a folder%s", ErrUnknown, name, strings.Join(names, ", "), hint)
}
