package dataset

import (
	"fmt"
	"hash/maphash"
	"slices"
	"strings"
)

// Read says what became of the files that a data set was read from.
type Read struct {
	Images  int       `json:"images"`   // in all parts
	Classes int       `json:"classes"`  // that have a name, with images or without
	LeftOut []LeftOut `json:"left_out"` // never nil
	Notes   []string  `json:"notes"`    // how the parts are used, and what is unusual about the images; never nil
}

// LeftOut is a file or folder that was not read, and why.
type LeftOut struct {
	Name   string `json:"name"`   // below the folder, with slashes
	Images int    `json:"images"` // how many pictures it holds or is, by its name
	Reason string `json:"reason"`
	// Unreadable is set for a file among the pictures of a class that is not a readable one.
	Unreadable bool `json:"unreadable,omitempty"`
}

// Bytes returns the number of bytes that the images and their labels take.
func (d *Data) Bytes() float64 {
	bytes := 0.0
	for _, s := range d.parts() {
		bytes += float64(len(s.Pixels)) + 2*float64(len(s.Labels))
	}
	return bytes
}

// parts lists the parts that there are, in the order in which they are described.
func (d *Data) parts() []*Set {
	return slices.DeleteFunc([]*Set{d.Train, d.Validation, d.Test}, func(s *Set) bool { return s == nil })
}

// each returns the data with every part changed.
func (d *Data) each(change func(*Set) *Set) *Data {
	changed := *d
	changed.Train, changed.Test = change(d.Train), change(d.Test)
	if d.Validation != nil {
		changed.Validation = change(d.Validation)
	}
	return &changed
}

// describe completes what is said about the data. Unless the traits of the parts' images
// are given, they are those of the images as they are.
func (d *Data) describe(of []traits) {
	r, seed := &d.Read, maphash.MakeSeed()
	r.Images, r.Classes = 0, len(d.Train.Classes)
	for _, s := range d.parts() {
		r.Images += s.Len()
		if len(of) < len(d.parts()) {
			of = append(of, traitsOf(s, seed))
		}
	}
	r.Notes = append([]string{}, slices.Concat(r.Notes, d.constant(of), d.single(), d.repeated(of), d.ambiguous(of))...)
	r.LeftOut = append([]LeftOut{}, r.LeftOut...)
}

// constant notes images all of whose pixels are equal.
func (d *Data) constant(of []traits) []string {
	counts, total := make([]int, len(d.Train.Classes)), 0
	for part, s := range d.parts() {
		for i, label := range s.Labels {
			if of[part].plain[i] {
				counts[label]++
				total++
			}
		}
	}
	if total == 0 {
		return nil
	}
	var where []string
	for class, n := range counts {
		if n > 0 {
			where = append(where, fmt.Sprintf("%d of %s", n, d.Train.Classes[class]))
		}
	}
	return []string{fmt.Sprintf("images of one colour throughout: %d (%s)", total, few(where))}
}

func isConstant(pixels []uint8, c int) bool {
	for i := c; i < len(pixels); i++ {
		if pixels[i] != pixels[i-c] {
			return false
		}
	}
	return true
}

// single notes classes of which there is one training image, or one image at all.
func (d *Data) single() []string {
	set, of := d.Train, "training image"
	if set.Len() == 0 {
		set, of = d.Test, "image"
	}
	var names []string
	for class, n := range set.All().Counts() {
		if n == 1 {
			names = append(names, set.Classes[class])
		}
	}
	if len(names) == 0 {
		return nil
	}
	return []string{fmt.Sprintf("classes with one %s: %s", of, few(names))}
}

// repeated notes images for testing or validation that are training images, too.
func (d *Data) repeated(of []traits) (notes []string) {
	seen := map[uint64]bool{}
	for _, hash := range of[0].hashes {
		seen[hash] = true
	}
	for part, s := range d.parts()[1:] {
		n := 0
		for _, hash := range of[part+1].hashes {
			if seen[hash] {
				n++
			}
		}
		name := "test"
		if s == d.Validation {
			name = "validation"
		}
		if n > 0 {
			notes = append(notes, fmt.Sprintf("%s images that are training images, too: %d of %d", name, n, s.Len()))
		}
	}
	return notes
}

// ambiguous notes images that are in several classes, or that there is only one image.
func (d *Data) ambiguous(of []traits) []string {
	first := map[uint64]uint16{} // the class of an image where it is met first
	several, example, total := map[uint64]bool{}, "", 0
	for part, s := range d.parts() {
		for i, hash := range of[part].hashes {
			label, ok := first[hash]
			switch {
			case !ok:
				first[hash] = s.Labels[i]
			case label != s.Labels[i]:
				if several[hash] = true; example == "" {
					example = fmt.Sprintf("%s and %s", d.Train.Classes[label], d.Train.Classes[s.Labels[i]])
				}
			}
			total++
		}
	}
	switch {
	case total > 1 && len(first) == 1:
		return []string{"all images are the same"}
	case len(several) > 0:
		return []string{fmt.Sprintf("images that are in several classes: %d (the first in %s)", len(several), example)}
	}
	return nil
}

// few lists the first names, and says how many more there are.
func few(names []string) string {
	if len(names) <= maxReported {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s, and %d more", strings.Join(names[:maxReported], ", "), len(names)-maxReported)
}
