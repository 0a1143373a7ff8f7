package dataset

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"
)

// role is what the pictures in a folder are for.
type role int

const (
	noRole role = iota // a class, or anything else
	forTraining
	forValidation
	forTesting
)

// roleOf returns what a folder is for by its name, in the usual spellings: Train,
// training, train_set; val, valid, validation, dev; test, testing.
func roleOf(name string) role {
	name = strings.NewReplacer("_", "", "-", "", " ", "").Replace(strings.ToLower(name))
	switch strings.TrimSuffix(strings.TrimSuffix(name, "set"), "data") {
	case "train", "training":
		return forTraining
	case "val", "valid", "validation", "dev":
		return forValidation
	case "test", "testing":
		return forTesting
	}
	return noRole
}

// leftover reports whether systems and tools leave a file or folder of this name beside
// pictures.
func leftover(name string) bool {
	switch strings.ToLower(name) {
	case "__macosx", "icon\r", "network trash folder", "temporary items", // macOS
		"$recycle.bin", "recycler", "recycled", "system volume information", "thumbs.db", "ehthumbs.db", "desktop.ini", // Windows
		"@eadir", "@tmp", "@__thumb", "@recycle", "#recycle", "#snapshot", "lost+found", // file servers, Linux
		"__pycache__", "picasa.ini", "zbthumbnail.info":
		return true
	}
	return strings.HasPrefix(name, ".") || strings.HasPrefix(name, "~$")
}

// part is a folder of class folders.
type part struct {
	role    role // noRole if all parts are in one
	dir     string
	classes []classFolder
}

// classFolder is a folder of pictures.
type classFolder struct {
	name, dir      string
	folders, files []string
}

// files returns how many there are in the class folders.
func (p part) files() int {
	n := 0
	for _, c := range p.classes {
		n += len(c.files)
	}
	return n
}

// classNames returns the sorted names of the classes.
func classNames(classes []classFolder) []string {
	var list []string
	for _, c := range classes {
		list = append(list, c.name)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// list returns the folders and the files in dir, in order, without leftovers.
func (r *folderReader) list(dir string) (folders, files []string, err error) {
	entries, err := fs.ReadDir(r.fsys, dir)
	if err != nil {
		return nil, nil, err
	}
	for _, e := range entries {
		if leftover(e.Name()) {
			continue
		}
		info, err := e.Info()
		if e.Type()&fs.ModeSymlink != 0 {
			info, err = fs.Stat(r.fsys, path.Join(dir, e.Name()))
		}
		switch {
		case err != nil: // a link to nowhere is an unreadable file
			files = append(files, e.Name())
		case info.IsDir():
			folders = append(folders, e.Name())
		default:
			files = append(files, e.Name())
			r.bytes += info.Size()
		}
	}
	return folders, files, nil
}

// maxNested is how many folders with nothing but one folder may lie around the class folders.
const maxNested = 2

// arrange finds the parts in a folder: those for training, validation and testing, or one
// with all classes.
func (r *folderReader) arrange(dir string, nested int) ([]part, error) {
	folders, files, err := r.list(dir)
	if err != nil {
		return nil, err
	}
	parts, strays, err := r.split(dir, folders)
	if err != nil {
		return nil, err
	}
	if len(parts) == 0 && len(folders) == 1 && nested < maxNested {
		inner := path.Join(dir, folders[0])
		within, _, err := r.list(inner)
		if err != nil {
			return nil, err
		}
		if len(within) > 0 {
			r.looseFiles(dir, files)
			r.note("the only folder is %s, so that was read", inner)
			return r.arrange(inner, nested+1)
		}
	}
	if len(parts) == 0 {
		parts = []part{{dir: dir}}
	}
	for _, stray := range strays {
		r.leaveOut(path.Join(dir, stray), r.count(path.Join(dir, stray)), "beside the folders for training and testing")
	}
	r.looseFiles(dir, files)
	for i := range parts {
		if err := r.findClasses(&parts[i]); err != nil {
			return nil, err
		}
	}
	return parts, nil
}

// split finds the parts among folders, and the others. There are none if no two folders
// have roles, unless one that has holds class folders and is not the only one.
func (r *folderReader) split(dir string, folders []string) (parts []part, strays []string, err error) {
	for _, name := range folders {
		role := roleOf(name)
		if role == noRole {
			strays = append(strays, name)
			continue
		}
		p := part{role: role, dir: path.Join(dir, name)}
		for _, other := range parts {
			if other.role == role {
				return nil, nil, fmt.Errorf("%s and %s are for the same part of the data: leave one, or join them", other.dir, p.dir)
			}
		}
		parts = append(parts, p)
	}
	if len(parts) == 1 {
		within, _, err := r.list(parts[0].dir)
		if err != nil {
			return nil, nil, err
		}
		if len(within) == 0 || len(strays) == 0 {
			return nil, nil, nil
		}
	}
	if len(parts) == 0 {
		return nil, nil, nil
	}
	slices.SortFunc(parts, func(a, b part) int { return int(a.role - b.role) })
	return parts, strays, nil
}

// findClasses lists the class folders of a part, by name. Names that differ only in
// how accents are encoded are one class: a Mac takes them apart.
func (r *folderReader) findClasses(p *part) error {
	folders, files, err := r.list(p.dir)
	if err != nil {
		return err
	}
	if p.role != noRole {
		r.looseFiles(p.dir, files)
	}
	if len(folders) == 0 {
		return noClasses(p.dir, files)
	}
	for _, name := range folders {
		c := classFolder{name: norm.NFC.String(name), dir: path.Join(p.dir, name)}
		var err error
		c.folders, c.files, err = r.list(c.dir)
		switch {
		case err != nil:
			return err
		case len(c.folders)+len(c.files) > 0:
			p.classes = append(p.classes, c)
		case !r.opts.LeaveOut:
			return fmt.Errorf("class folder %s is empty: put images there, or remove it", c.dir)
		default:
			r.leaveOut(c.dir, 0, "an empty class folder")
		}
	}
	slices.SortStableFunc(p.classes, func(a, b classFolder) int { return strings.Compare(a.name, b.name) })
	return nil
}

// noClasses returns the error about a folder with files alone.
func noClasses(dir string, files []string) error {
	only := ""
	if n := pictures(files); n > 0 {
		only = fmt.Sprintf(", only pictures (%d)", n)
	}
	return fmt.Errorf("no class folders%s%s: want one folder of images for each class", in(dir), only)
}

// in says in which folder, unless it is the one that was given.
func in(dir string) string {
	if dir == "." {
		return ""
	}
	return " in " + dir
}

// classes returns the classes of all parts. If nothing is left out, they must be the same.
func (r *folderReader) classes(parts []part) ([]string, error) {
	var all []classFolder
	for _, p := range parts {
		all = append(all, p.classes...)
	}
	classes := classNames(all)
	for _, p := range parts {
		if own, first := classNames(p.classes), classNames(parts[0].classes); !r.opts.LeaveOut && !slices.Equal(own, first) {
			return nil, fmt.Errorf("%s and %s have different classes: %q and %q", parts[0].dir, p.dir, first, own)
		}
	}
	least := 2
	if r.opts.LeaveOut {
		least = 1
	}
	if len(classes) < least || len(classes) > 1<<16 {
		return nil, fmt.Errorf("%d class folders%s: want at least %d and at most %d", len(classes), in(parts[0].dir), least, 1<<16)
	}
	return classes, nil
}

// looseFiles leaves out files that lie outside class folders.
func (r *folderReader) looseFiles(dir string, files []string) {
	for _, name := range files {
		r.leaveOut(path.Join(dir, name), pictures([]string{name}), "a file outside the class folders")
	}
}

// pictures returns how many files are pictures, of whatever kind, by their names.
func pictures(files []string) int {
	n := 0
	for _, name := range files {
		switch strings.ToLower(path.Ext(name)) {
		case ".png", ".jpg", ".jpeg", ".gif", ".webp", ".bmp", ".tif", ".tiff", ".heic", ".heif", ".avif", ".jxl", ".jp2":
			n++
		}
	}
	return n
}

// maxCounted bounds the files that are looked at to say how many pictures are left out. A
// link can lead to a folder without end.
const maxCounted = 50_000

// count returns the number of pictures in a folder and those below, by their names, as far
// as they are looked at.
func (r *folderReader) count(dir string) int {
	n := 0
	_ = fs.WalkDir(r.fsys, dir, func(file string, e fs.DirEntry, err error) error {
		switch r.counted++; {
		case r.counted > maxCounted:
			return fs.SkipAll
		case err != nil && e == nil:
			return err
		case err != nil || leftover(path.Base(file)) && e.IsDir():
			return fs.SkipDir
		case !e.IsDir() && !leftover(e.Name()):
			n += pictures([]string{file})
		}
		return nil
	})
	return n
}

func (r *folderReader) leaveOut(name string, images int, reason string) {
	r.said.LeftOut = append(r.said.LeftOut, LeftOut{Name: name, Images: images, Reason: reason})
}

func (r *folderReader) note(format string, args ...any) {
	r.said.Notes = append(r.said.Notes, fmt.Sprintf(format, args...))
}

var errNested = errors.New("a folder within a class folder")
