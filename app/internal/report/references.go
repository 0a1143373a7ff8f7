package report

import (
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"slices"

	"github.com/coarsegrain/taylornet/dataset"
	"github.com/coarsegrain/taylornet/distill"
)

// To keep the page small, a level shows at most mostOfClass images per class, mostImages
// in all, and mostBytes of pixels. A table has at most manyTold references per class and
// mostRows in all. Each image is described if there are at most manyTold per class.
const (
	mostOfClass, mostImages, mostBytes = 100, 1200, 5 << 18
	manyTold, mostRows                 = 12, 120
)

// Sizes on the page in CSS pixels: of a line, which has room for at least lineOf images,
// of the gap between them, of their shortest side, and of a side in a table.
const (
	lineWidth, lineOf, imageGap = 960, 10, 8
	denseSide, rowSide          = 64, 32
)

// shownLevel is a level as it is shown.
type shownLevel struct {
	Number, PerClass int
	Part             int  // images shown per class, if not all
	Hidden           int  // classes that are not shown
	Told             bool // each image is described
	Last             bool
	Classes          []shownClass
	Confusion        *countTable // of the last level
	ByReference      *countTable // nil for a large level that is not the last
}

type shownClass struct {
	Name   string
	Images []shownReference
}

type shownReference struct {
	shownPicture
	Stands         int // for so many training images
	Nearest, Right int // test images that it is nearest to, and how many of them are of its class
}

// show prepares the level at index i for the page.
func (d *Distilled) show(i int) (*shownLevel, error) {
	l := &d.Levels[i]
	set := l.References.Set
	classes := set.Classes
	s := &shownLevel{Number: i + 1, PerClass: l.References.PerClass(), Last: i == len(d.Levels)-1}
	s.Told = s.PerClass <= manyTold
	references := describe(l, classes)
	side := max(denseSide, lineWidth/max(lineOf, s.PerClass)-imageGap)
	most := max(1, min(mostOfClass, mostImages/len(classes), mostBytes/(len(classes)*set.H*set.W*set.C)))
	shownOf := evenly(indices(len(classes)), mostImages)
	s.Hidden = len(classes) - len(shownOf)
	for _, k := range shownOf {
		class := shownClass{Name: classes[k]}
		of := set.All().OfClass(k)
		for _, r := range evenly(of, most) {
			picture, err := references[r].picture(set, r, side)
			if err != nil {
				return nil, err
			}
			class.Images = append(class.Images, picture)
		}
		if len(of) > most {
			s.Part = most
		}
		s.Classes = append(s.Classes, class)
	}
	if s.Last {
		s.Confusion = matrix(classes, l.Evaluation.Confusion,
			fmt.Sprintf("Images of %s. A row is a true class, a column the class by the references.", d.TestName()))
	}
	if !s.Told && !s.Last {
		return s, nil
	}
	var err error
	s.ByReference, err = byReference(l, fmt.Sprintf("references-%d", s.Number), classes, references)
	return s, err
}

// describe returns what each reference stands for and is nearest to.
func describe(l *distill.LevelAssessment, classes []string) []shownReference {
	list := make([]shownReference, l.References.Len())
	for _, r := range l.References.Of() {
		if r >= 0 {
			list[r].Stands++
		}
	}
	for r := range list {
		s, label := &list[r], l.References.Set.Labels[r]
		for _, counts := range l.Evaluation.ByReference {
			s.Nearest += counts[r]
		}
		s.Right = l.Evaluation.ByReference[label][r]
		s.Caption = fmt.Sprintf("%s, no. %d: stands for %s training images, nearest to %s test images, %s of these of its class",
			classes[label], r, Count(s.Stands), Count(s.Nearest), Count(s.Right))
	}
	return list
}

// picture returns the reference with its image, enlarged to a side.
func (s shownReference) picture(set *dataset.Set, r int32, side int) (shownReference, error) {
	picture, err := shown(set.Picture(int(r)), s.Caption)
	picture.Width, picture.Height = shownSize(set.W, set.H, side)
	s.shownPicture = picture
	return s, err
}

// byReference returns the table of the test images nearest to each reference.
func byReference(l *distill.LevelAssessment, id string, classes []string, references []shownReference) (*countTable, error) {
	set := l.References.Set
	counts, right := make([][]int, set.Len()), make([]int, set.Len())
	for r := range counts {
		right[r] = int(set.Labels[r])
		for k := range classes {
			counts[r] = append(counts[r], l.Evaluation.ByReference[k][r])
		}
	}
	columns := evenly(indices(len(classes)), mostClasses)
	var rows []int
	for _, k := range columns {
		for _, r := range evenly(set.All().OfClass(k), max(1, min(manyTold, mostRows/len(columns)))) {
			rows = append(rows, int(r))
		}
	}
	t := newCountTable(id, "Reference", classes, counts, right, rows, columns)
	t.Caption = "A row is a reference, a column the true class of the test images that it is nearest to. Accuracy is the fraction of them that are of its class."
	for i, r := range rows {
		shown, err := references[r].picture(set, int32(r), rowSide) //nolint:gosec // an index of the set
		if err != nil {
			return nil, err
		}
		t.Rows[i].Picture = &shown.shownPicture
	}
	if len(rows) < set.Len() {
		t.Caption += fmt.Sprintf(" An evenly spaced selection: %d of %s rows.", len(rows), Count(set.Len()))
	}
	if len(columns) < len(classes) {
		t.Caption += fmt.Sprintf(" It shows %d of %s classes.", len(columns), Count(len(classes)))
	}
	return t, nil
}

// evenly returns a list, or evenly spaced elements of it if it is longer than most.
func evenly[T any](list []T, most int) []T {
	if len(list) <= most {
		return list
	}
	part := make([]T, most)
	for i := range part {
		part[i] = list[i*len(list)/most]
	}
	return part
}

// mostSheet is the most pixels of a sheet of pictures, before they are enlarged by two.
const mostSheet = 1 << 24

// Contact returns a contact sheet of references. Each class is on lines of its own, with
// at most that many columns. Pixels are enlarged by a whole number. If they are too many for a
// sheet, it has an evenly spaced selection of lines.
func Contact(refs *distill.References, columns, by int) image.Image {
	const gap = 1
	w, h := refs.Set.W+gap, refs.Set.H+gap
	columns = max(1, min(columns, mostSheet/(w*h)))
	var lines [][]int32
	longest := 0
	for k := range refs.Set.Classes {
		for line := range slices.Chunk(refs.Set.All().OfClass(k), columns) {
			lines, longest = append(lines, line), max(longest, len(line))
		}
	}
	lines = evenly(lines, max(1, mostSheet/(longest*w*h)))
	sheet := image.NewRGBA(image.Rect(0, 0, longest*w-gap, len(lines)*h-gap))
	draw.Draw(sheet, sheet.Rect, image.NewUniform(color.Gray{Y: 0x80}), image.Point{}, draw.Src)
	for y, line := range lines {
		for x, r := range line {
			at := image.Rect(x*w, y*h, (x+1)*w-gap, (y+1)*h-gap)
			draw.Draw(sheet, at, refs.Set.Picture(int(r)), image.Point{}, draw.Src)
		}
	}
	return enlarged(sheet, by)
}
