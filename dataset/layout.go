package dataset

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// layout is the files of one data set in a published form.
type layout struct {
	name  string   // what its files are called after, for messages
	files []string // paths, in the order of Publication.Files
	cifar bool     // the form of CIFAR-10, otherwise that of MNIST
	// turned images have their rows and columns exchanged, as EMNIST's do.
	turned bool
}

// findLayout returns the data set in published files that a folder, or one folder in it,
// holds; nil if there is none. MNIST/raw, as torchvision has it, counts as one folder. It is
// an error if there are several sets, or some files of one.
func findLayout(fsys fs.FS) (*layout, error) {
	found, faults := layoutsIn(fsys, ".")
	if len(found) == 0 {
		entries, err := fs.ReadDir(fsys, ".")
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			if e.Type().IsRegular() || leftover(e.Name()) {
				continue
			}
			for _, dir := range []string{e.Name(), path.Join(e.Name(), "raw")} {
				more, wrong := layoutsIn(fsys, dir)
				found, faults = append(found, more...), append(faults, wrong...)
			}
		}
	}
	switch {
	case len(found) == 1:
		return &found[0], nil
	case len(found) > 1:
		var names []string
		for _, l := range found {
			names = append(names, l.name)
		}
		return nil, fmt.Errorf("%d data sets are there: %s: give a folder that holds only one", len(found), few(names))
	case len(faults) > 0:
		return nil, errors.New(strings.Join(faults, "; "))
	}
	return nil, nil
}

// layoutsIn returns the data sets whose files dir holds, and what is wrong with those that
// are not complete or are of a kind that is not read. It finds none if dir cannot be read.
func layoutsIn(fsys fs.FS, dir string) (found []layout, faults []string) {
	entries, err := fs.ReadDir(fsys, dir)
	if err != nil {
		return nil, nil
	}
	var sets idxFileSets
	var batches, others []string
	cifar := fileNames(cifarFiles())
	for _, e := range entries {
		name := e.Name()
		switch {
		case e.IsDir() || sets.add(name):
		case slices.Contains(cifar, name):
			batches = append(batches, name)
		case name == "batches.meta" || name == "fine_label_names.txt":
			others = append(others, name)
		}
	}
	fault := func(format string, args ...any) { faults = append(faults, fmt.Sprintf(format, args...)) }
	for _, s := range sets {
		if missing := s.missing(); len(missing) > 0 {
			fault("%s missing%s: a set has four IDX files", strings.Join(missing, ", "), in(dir))
			continue
		}
		found = append(found, layout{
			name: path.Join(dir, s.prefix), files: within(dir, s.files[:]), turned: strings.HasPrefix(s.prefix, "emnist"),
		})
	}
	switch {
	case len(batches) == len(cifar):
		found = append(found, layout{name: path.Join(dir, "cifar-10"), files: within(dir, cifar), cifar: true})
	case len(batches) > 0:
		missing := slices.DeleteFunc(cifar, func(name string) bool { return slices.Contains(batches, name) })
		fault("%s missing%s: CIFAR-10 has six files", strings.Join(missing, ", "), in(dir))
	case slices.Contains(others, "batches.meta"):
		fault("CIFAR-10 for Python%s is not read: get the binary version, cifar-10-binary.tar.gz", in(dir))
	case len(others) > 0:
		fault("CIFAR-100%s is not read: make a folder of class folders of it", in(dir))
	}
	return found, faults
}

func fileNames(files []File) []string {
	names := make([]string, len(files))
	for i, f := range files {
		names[i] = f.Name
	}
	return names
}

// within returns the paths of files in dir.
func within(dir string, files []string) []string {
	paths := make([]string, len(files))
	for i, name := range files {
		paths[i] = path.Join(dir, name)
	}
	return paths
}

// idxFileSet is the IDX files of one prefix, in the order of idxFiles.
type idxFileSet struct {
	prefix string
	files  [4]string
}

type idxFileSets []*idxFileSet

// add enters a file and reports whether it is one of such a set.
func (sets *idxFileSets) add(name string) bool {
	prefix, role, ok := idxRole(name)
	if !ok {
		return false
	}
	i := slices.IndexFunc(*sets, func(s *idxFileSet) bool { return s.prefix == prefix })
	if i < 0 {
		i = len(*sets)
		*sets = append(*sets, &idxFileSet{prefix: prefix})
	}
	(*sets)[i].files[role] = name // of a file and the same gzipped, the latter, which comes last
	return true
}

// missing names the files that are not there.
func (s *idxFileSet) missing() []string {
	var names []string
	for role, f := range idxFiles("", "", "", "") {
		if s.files[role] == "" {
			names = append(names, strings.TrimSuffix(strings.TrimPrefix(s.prefix+"-"+f.Name, "-"), ".gz"))
		}
	}
	return names
}

// idxRole returns the place in idxFiles of a file that is named like MNIST's, and what stands
// before: train-images-idx3-ubyte.gz, t10k-labels.idx1-ubyte,
// emnist-digits-test-images-idx3-ubyte.
func idxRole(name string) (prefix string, role int, ok bool) {
	name = strings.TrimSuffix(strings.ToLower(name), ".gz")
	words := strings.FieldsFunc(name, func(c rune) bool { return c == '-' || c == '.' || c == '_' })
	if len(words) < 4 {
		return "", 0, false
	}
	n := len(words) - 4
	switch words[n] {
	case "train":
	case "t10k", "test":
		role = 2
	default:
		return "", 0, false
	}
	switch strings.Join(words[n+1:], " ") {
	case "images idx3 ubyte":
	case "labels idx1 ubyte":
		role++
	default:
		return "", 0, false
	}
	return strings.Join(words[:n], "-"), role, true
}

// load reads the files. The name is that of a known data set if they are its published
// ones, "" otherwise. If ctx ends first, the error wraps its cause.
func (l *layout) load(ctx context.Context, fsys fs.FS, opts Options) (*Data, error) {
	if opts.Prepare != nil {
		opts.Size = Size{} // which is that of prepared pictures
	}
	files := &summedFiles{fsys: fsys, to: opts.Size, turned: l.turned, seed: maphash.MakeSeed()}
	size, err := files.size(l.files...)
	if err != nil {
		return nil, err
	}
	files.room = roomFor(opts, size)
	read := files.loadIDX
	if l.cifar {
		read = files.loadCIFAR
	}
	data, err := read(ctx, l.files)
	if err != nil {
		return nil, err
	}
	for _, known := range knownSets() {
		same := func(f File, sum string) bool { return f.SHA256 == sum }
		if slices.EqualFunc(known.Published.Files, files.sums, same) {
			data.Train.Classes, data.Test.Classes = known.Classes, known.Classes
			data.name(known.Name)
		}
	}
	data.describe(files.traits)
	return data, nil
}
