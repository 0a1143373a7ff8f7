package report_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"slices"
	"strings"
	"testing"

	"github.com/coarsegrain/taylornet/app/internal/report"
	"github.com/coarsegrain/taylornet/dataset"
	"github.com/coarsegrain/taylornet/distill"
	"github.com/coarsegrain/taylornet/internal/stats"
)

// distilled is a page's input of levels with these numbers of images per class, each of which
// stands for two of the level below and is the nearest to one image of every
// class and two more of its own.
func distilled(t *testing.T, channels int, perClass ...int) report.Distilled {
	t.Helper()
	page := report.Distilled{
		Title: hostile[0], Command: hostile[1], Model: input(t, channels).Model,
		Assessment: &distill.Assessment{FullAccuracy: 0.975, Test: hostile[2], Leaves: 8 * perClass[0]},
	}
	classes := len(hostile)
	var groups [][]int32
	for _, n := range perClass {
		set := &dataset.Set{Name: "set", Classes: hostile, H: 4, W: 6, C: channels}
		e := &distill.Evaluation{}
		for k := range classes {
			e.Confusion = append(e.Confusion, make([]int, classes))
			e.ByReference = append(e.ByReference, make([]int, n*classes))
			for j := range classes {
				e.Confusion[k][j] = n
			}
			e.Confusion[k][k] += 2 * n
			for r := range n * classes {
				e.ByReference[k][r] = 1
			}
			for i := range n {
				e.ByReference[k][k*n+i] += 2
				set.Labels = append(set.Labels, uint16(k))
				for j := range 4 * 6 * channels {
					set.Pixels = append(set.Pixels, uint8((k*n+i)*31+j*j*17))
				}
			}
		}
		e.Correct, e.Total, e.Accuracy = 3*n*classes, (2+classes)*n*classes, 0.5
		group := make([]int32, 2*set.Len())
		for i := range group {
			group[i] = int32(i / 2)
		}
		groups = append(groups, group)
		page.Levels = append(page.Levels, distill.LevelAssessment{References: &distill.References{Set: set, Groups: groups[:len(groups):len(groups)]}, Evaluation: e})
	}
	return page
}

// complete adds all that a page may have.
func complete(in report.Distilled) report.Distilled {
	validation, mean, medoid := 0.6125, 0.4, 0.4321
	for i := range in.Levels {
		l := &in.Levels[i]
		l.ValidationAccuracy, l.Others = &validation, []float64{0.41, 0.43}
		l.Baselines = distill.Baselines{RandomReal: &mean, RandomRealDraws: []float64{0.3, 0.4, 0.5}, Medoid: &medoid}
		l.Retrained = []distill.Retrained{{Name: "Conv<i>", Distilled: []float64{0.7, 0.8}, Random: []float64{0.6}}}
	}
	return in
}

func writeDistilled(t *testing.T, in report.Distilled) string {
	t.Helper()
	var b bytes.Buffer
	if err := report.WriteDistilled(&b, in); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestWriteDistilled(t *testing.T) {
	for _, channels := range []int{1, 3} {
		in := complete(distilled(t, channels, 4, 2, 1))
		doc := writeDistilled(t, in)
		if doc != writeDistilled(t, in) {
			t.Error("another page for the same input")
		}
		seen := checkPage(t, doc)
		// Each of 28 references stands in the gallery and in a table.
		if seen["img"] != 2*28 || seen["table"] != 2+3+1 || seen["svg"] != 1 {
			t.Errorf("%d pictures, %d tables, %d charts", seen["img"], seen["table"], seen["svg"])
		}
		_, text := elements(t, doc)
		interval := stats.Wilson(12, 24)
		for _, want := range append(slices.Clone(hostile),
			"50.00\u00a0%", fmt.Sprintf("%.2f to %.2f", 100*interval.Low, 100*interval.High),
			"97.50\u00a0%", "on the same 24 test images", "32", "8 to a reference",
			"61.25\u00a0%", "42.00\u00a0%", "29.29 to 54.71", // validation and other models
			"random real images", "40.00\u00a0%", "15.16 to 64.84", "medoids", "43.21\u00a0%",
			"Conv<i>", "75.00\u00a0%", "60.00\u00a0%",
			"Level 1: 4 images of each class", "Level 3: 1 image of each class", "for 8", "3 of 6",
		) {
			if !strings.Contains(text, want) {
				t.Errorf("the page does not show %q", want)
			}
		}
		for _, bad := range []string{"k-means", "class means", "evenly spaced", "NaN"} {
			if strings.Contains(text, bad) {
				t.Errorf("the page shows %q", bad)
			}
		}
		if strings.Index(text, "Level 3") > strings.Index(text, "Level 2") {
			t.Error("the last level is not the first that is shown")
		}
	}
}

// TestWriteDistilledLeast: a page without what may be missing.
func TestWriteDistilledLeast(t *testing.T) {
	in := distilled(t, 1, 2)
	in.Title, in.Command, in.Test, in.FullAccuracy, in.Leaves = "", "", "", 0, 0
	doc := writeDistilled(t, in)
	if seen := checkPage(t, doc); seen["svg"] != 0 || seen["table"] != 3 {
		t.Errorf("%d charts, %d tables", seen["svg"], seen["table"])
	}
	_, text := elements(t, doc)
	for _, bad := range []string{"alidation", "other models", "Retraining", "whole network", "Training images", "Command", "–"} {
		if strings.Contains(text, bad) {
			t.Errorf("the page shows %q", bad)
		}
	}
	if !strings.Contains(text, "Distilled images") || !strings.Contains(text, "Images of the test images") {
		t.Error("title or test images have no name")
	}
}

// TestWriteDistilledPictures: the pictures are the references, enlarged alike,
// with what they stand for.
func TestWriteDistilledPictures(t *testing.T) {
	in := distilled(t, 3, 2)
	set := in.Levels[0].References.Set
	tags, _ := elements(t, writeDistilled(t, in))
	next := 0
	for _, e := range tags {
		if e.Name.Local != "img" || next == set.Len() {
			continue
		}
		data, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(attr(e, "src"), "data:image/png;base64,"))
		if err != nil {
			t.Fatal(err)
		}
		img, err := png.Decode(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		if attr(e, "width") != "84" || attr(e, "height") != "56" {
			t.Errorf("shown as %s x %s", attr(e, "width"), attr(e, "height"))
		}
		if !samePixels(img, image.Point{}, set, next) {
			t.Errorf("picture %d is not reference %d", next, next)
		}
		want := fmt.Sprintf("%s, no. %d: stands for 2 training images, nearest to 6 test images, 3 of these of its class", hostile[next/2], next)
		if attr(e, "title") != want || attr(e, "alt") != want {
			t.Errorf("picture %d is captioned %q, want %q", next, attr(e, "title"), want)
		}
		next++
	}
	if next != set.Len() {
		t.Errorf("%d pictures, want %d", next, set.Len())
	}
}

// samePixels reports whether a picture has image i of a set at a place.
func samePixels(img image.Image, at image.Point, set *dataset.Set, i int) bool {
	want := set.Picture(i)
	for y := range set.H {
		for x := range set.W {
			if color.RGBAModel.Convert(img.At(at.X+x, at.Y+y)) != color.RGBAModel.Convert(want.At(x, y)) {
				return false
			}
		}
	}
	return true
}

// TestWriteDistilledPart: of a large level a part is shown.
func TestWriteDistilledPart(t *testing.T) {
	in := distilled(t, 1, 300, 150)
	doc := writeDistilled(t, in)
	seen := checkPage(t, doc)
	// 100 per class at each level, and 12 per class in the table of the last.
	if seen["img"] != 400+400+48 || seen["table"] != 3 {
		t.Errorf("%d pictures, %d tables", seen["img"], seen["table"])
	}
	_, text := elements(t, doc)
	for _, want := range []string{"An evenly spaced selection is shown, 100 of each class.", "An evenly spaced selection: 48 of 600 rows.", "Point at an image"} {
		if !strings.Contains(text, want) {
			t.Errorf("the page does not show %q", want)
		}
	}
	for _, want := range []string{"no. 0:", "no. 3:", "no. 297:", "no. 300:", "no. 1197:"} {
		if !strings.Contains(doc, want) {
			t.Errorf("the page does not have image %s", want)
		}
	}
}

func TestDistilledCharts(t *testing.T) {
	in := complete(distilled(t, 1, 10, 1))
	in.Levels[1].RandomRealDraws = []float64{0.2} // no interval at this level
	charts := in.Charts()
	if len(charts) != 1 || charts[0].Name != "levels" {
		t.Fatalf("charts %v", charts)
	}
	want := []report.Line{
		{Name: "references", X: []float64{10, 1}, Y: []float64{50, 50}},
		{Name: "random real images", X: []float64{10, 1}, Y: []float64{40, 20}},
		{Name: "medoids", X: []float64{10, 1}, Y: []float64{43.21, 43.21}},
		{Name: "the whole network", X: []float64{10, 1}, Y: []float64{97.5, 97.5}},
	}
	lines := charts[0].Lines
	if len(lines) != len(want) {
		t.Fatalf("%d lines, want %d", len(lines), len(want))
	}
	for i, l := range lines {
		if l.Name != want[i].Name || fmt.Sprint(l.X) != fmt.Sprint(want[i].X) || fmt.Sprintf("%.9g", l.Y) != fmt.Sprintf("%.9g", want[i].Y) {
			t.Errorf("line %v, want %v", l, want[i])
		}
	}
	if l := lines[1]; !(l.Low[0] < 20 && l.High[0] > 60) || l.Low[1] != l.High[1] {
		t.Errorf("intervals from %v to %v", l.Low, l.High)
	}
	in.Levels = in.Levels[:1]
	if got := in.Charts(); got != nil {
		t.Errorf("a chart of one level: %v", got)
	}
}

func TestWriteDistilledRefuses(t *testing.T) {
	for _, tt := range []struct {
		change func(in *report.Distilled, l *distill.LevelAssessment)
		want   string
	}{
		{func(in *report.Distilled, _ *distill.LevelAssessment) { in.Model = nil }, "there is no model"},
		{func(in *report.Distilled, _ *distill.LevelAssessment) { in.Levels = nil }, "there are no levels"},
		{func(in *report.Distilled, _ *distill.LevelAssessment) { in.Assessment = nil }, "there are no levels"},
		{func(_ *report.Distilled, l *distill.LevelAssessment) { l.References = nil }, "level 2: there are no references"},
		{func(_ *report.Distilled, l *distill.LevelAssessment) { l.References.Groups = nil }, "level 2: there are no references"},
		{func(_ *report.Distilled, l *distill.LevelAssessment) { l.Evaluation = nil }, "level 2: there is no evaluation"},
		{func(_ *report.Distilled, l *distill.LevelAssessment) { l.References.Set.H = 5 }, "level 2: the model takes other images: set has images of 5x6x1"},
		{func(_ *report.Distilled, l *distill.LevelAssessment) { l.References.Set.Classes = hostile[:2] }, "level 2: set has 2 classes, the model 4"},
		{func(_ *report.Distilled, l *distill.LevelAssessment) { l.References.Set.Labels = make([]uint16, 3) }, "level 2: there are 3 references for 4 classes"},
		{func(_ *report.Distilled, l *distill.LevelAssessment) { l.References.Set.Pixels = make([]uint8, 3) }, "level 2: 4 references of 4x6x1 have 3 values"},
		{func(_ *report.Distilled, l *distill.LevelAssessment) { l.References.Set.Labels[2] = 4 }, "level 2: a reference is of class 4 of 4"},
		{func(_ *report.Distilled, l *distill.LevelAssessment) { l.Evaluation.ByReference = nil }, "level 2: the counts by reference are of 0 classes"},
		{func(_ *report.Distilled, l *distill.LevelAssessment) { l.Evaluation.ByReference[3] = make([]int, 5) }, "level 2: the counts by reference have a row of 5 for 4 references"},
		{func(_ *report.Distilled, l *distill.LevelAssessment) { l.Evaluation.Confusion = nil }, "level 2: the evaluation has 0 classes, the model 4"},
		{func(_ *report.Distilled, l *distill.LevelAssessment) { l.Evaluation.Confusion[1] = nil }, "level 2: the confusion matrix has a row of 0 counts for 4 classes"},
	} {
		in := distilled(t, 1, 2, 1)
		tt.change(&in, &in.Levels[1])
		var b bytes.Buffer
		if err := report.WriteDistilled(&b, in); err == nil || !strings.HasPrefix(err.Error(), "report: "+tt.want) || b.Len() > 0 {
			t.Errorf("error %v after %d bytes, want %q before any", err, b.Len(), tt.want)
		}
	}
}

func TestContact(t *testing.T) {
	for _, channels := range []int{1, 3} {
		refs := distilled(t, channels, 3).Levels[0].References
		// Of each class two images and one below; images of 6 x 4.
		img := report.Contact(refs, 2, 1)
		if want := image.Rect(0, 0, 2*7-1, 8*5-1); img.Bounds() != want {
			t.Fatalf("a sheet of %v, want %v", img.Bounds(), want)
		}
		for r := range refs.Len() {
			at := image.Pt(r%3%2*7, (r/3*2+r%3/2)*5)
			if !samePixels(img, at, refs.Set, r) {
				t.Errorf("reference %d is not at %v", r, at)
			}
		}
		for _, at := range []image.Point{{6, 0}, {0, 4}, {7, 5}, {12, 8}} { // gaps, and a place without an image
			if got := color.GrayModel.Convert(img.At(at.X, at.Y)); got != (color.Gray{Y: 0x80}) {
				t.Errorf("%v is %v", at, got)
			}
		}
		if large := report.Contact(refs, 9, 4); large.Bounds() != image.Rect(0, 0, 4*(3*7-1), 4*(4*5-1)) || large.At(3, 3) != img.At(0, 0) || large.At(4, 0) != img.At(1, 0) {
			t.Errorf("enlarged to %v", large.Bounds())
		}
	}
}
