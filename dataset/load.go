package dataset

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

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
}

// Size is the height and width of images in pixels.
type Size struct{ H, W int }

// Load returns a data set by its name: digits, mnist, fashion-mnist, cifar-10, or the
// path of a folder. A folder holds one of these in its published files, a set in files
// named like MNIST's, or folders of images (see ReadFolder).
//
// A known set lies in a sub-folder of one of opts.Dirs, where package fetch puts it, or in one of
// them that has the sub-folder's name. The error wraps ErrUnknown, ErrNotFound or
// ErrSizes if one of them is the reason, or the cause of ctx if that ends first.
func Load(ctx context.Context, name string, opts Options) (*Data, error) {
	data, err := load(ctx, name, opts)
	if err != nil || opts.Size == (Size{}) {
		return data, err
	}
	return data.resizeTo(opts.Size)
}

func load(ctx context.Context, name string, opts Options) (*Data, error) {
	for _, k := range knownSets() {
		if k.Name != name {
			continue
		}
		if name == digitsName {
			return Digits()
		}
		dir, paths, err := k.find(opts.Dirs)
		if err != nil {
			return nil, err
		}
		return k.load(dir, paths)
	}
	if info, err := os.Stat(name); err == nil && info.IsDir() {
		return loadDir(ctx, name, opts.Size)
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
		infos = append(infos, k.Info)
	}
	return infos
}

// find returns the first folder that holds all files of a set, and their paths.
func (k known) find(dirs []string) (dir string, paths []string, err error) {
	var looked []string
	for _, parent := range append(slices.Clone(dirs), SystemDir) {
		if parent == "" {
			continue
		}
		candidates := []string{filepath.Join(parent, k.Published.Folder)}
		if abs, err := filepath.Abs(parent); err == nil && filepath.Base(abs) == k.Published.Folder {
			candidates = append(candidates, parent)
		}
		for _, dir := range candidates {
			paths, missing := k.paths(dir)
			if missing == "" {
				return dir, paths, nil
			}
			if len(paths) > 0 {
				dir += " (which lacks " + missing + ")"
			}
			looked = append(looked, dir)
		}
	}
	return "", nil, fmt.Errorf("%w: %s is not in %s", ErrNotFound, k.Name, strings.Join(looked, ", "))
}

// paths returns the files of a set that dir holds, gzipped or unpacked, up to
// the first that is missing.
func (k known) paths(dir string) (paths []string, missing string) {
	for _, f := range k.Published.Files {
		path := filepath.Join(dir, f.Name)
		if !isFile(path) {
			path = strings.TrimSuffix(path, ".gz")
		}
		if !isFile(path) {
			return paths, f.Name
		}
		paths = append(paths, path)
	}
	return paths, ""
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

// load reads the files of a set found in dir.
func (k known) load(dir string, paths []string) (*Data, error) {
	data, err := k.read(paths)
	if err != nil {
		return nil, fmt.Errorf("loading %s from %s: %w", k.Name, dir, err)
	}
	data.name(k.Name)
	return data, nil
}

func (d *Data) name(name string) {
	d.Name, d.Train.Name, d.Test.Name = name, name+" train", name+" test"
}

// loadDir reads a folder given by its path. The folder's name decides between sets
// that are published under the same file names.
func loadDir(ctx context.Context, dir string, size Size) (*Data, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	base := filepath.Base(abs)
	sets := slices.DeleteFunc(knownSets(), func(k known) bool { return k.Name == digitsName })
	// A folder of another name with MNIST's file names is a set of its own.
	other := known{Info: Info{Name: base, Published: Publication{Files: idxFiles("", "", "", "")}},
		read: func(paths []string) (*Data, error) { return loadIDX(paths, nil) }}
	for _, k := range append(sets, other) {
		if k.Published.Folder != base && k.Published.Folder != "" {
			continue
		}
		if paths, missing := k.paths(dir); missing == "" {
			return k.load(dir, paths)
		}
	}
	data, err := ReadFolder(ctx, os.DirFS(dir), size)
	if err != nil {
		return nil, fmt.Errorf("loading the folder %s: %w", dir, err)
	}
	data.name(base)
	return data, nil
}

func loadIDX(paths []string, classes []string) (*Data, error) {
	train, err := openIDX(paths[0], paths[1], classes)
	if err != nil {
		return nil, err
	}
	test, err := openIDX(paths[2], paths[3], train.Classes)
	if err != nil {
		return nil, err
	}
	if train.H != test.H || train.W != test.W {
		return nil, fmt.Errorf("training images are %dx%d, test images %dx%d", train.H, train.W, test.H, test.W)
	}
	return &Data{Train: train, Test: test}, nil
}

func openIDX(images, labels string, classes []string) (*Set, error) {
	var dims []int
	var pixels, raw []uint8
	err := withFile(images, func(f *os.File) (err error) {
		dims, pixels, err = readIDX(f, 3)
		return err
	})
	if err != nil {
		return nil, err
	}
	err = withFile(labels, func(f *os.File) (err error) {
		_, raw, err = readIDX(f, 1)
		return err
	})
	if err != nil {
		return nil, err
	}
	set, err := idxSet(dims, pixels, raw, classes)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", filepath.Base(labels), err)
	}
	return set, nil
}

func loadCIFAR(paths []string) (*Data, error) {
	last := len(paths) - 1
	train, err := openCIFAR(paths[:last])
	if err != nil {
		return nil, err
	}
	test, err := openCIFAR(paths[last:])
	if err != nil {
		return nil, err
	}
	return &Data{Train: train, Test: test}, nil
}

func openCIFAR(paths []string) (*Set, error) {
	var size int64
	for _, path := range paths {
		info, err := os.Stat(path)
		if err != nil {
			return nil, err
		}
		size += info.Size()
	}
	set := newCIFAR(int(size / cifarRecord))
	for _, path := range paths {
		if err := withFile(path, func(f *os.File) error { return set.readCIFAR(f) }); err != nil {
			return nil, err
		}
	}
	return set, nil
}

// withFile calls use with an open file and names the file in errors.
func withFile(path string, use func(*os.File) error) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := use(f); err != nil {
		return fmt.Errorf("%s: %w", filepath.Base(path), err)
	}
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
