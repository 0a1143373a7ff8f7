package report_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"image"
	"image/color"
	"image/png"
	"slices"
	"strings"
	"testing"

	"github.com/coarsegrain/taylornet/app/internal/report"
	"github.com/coarsegrain/taylornet/dataset"
	"github.com/coarsegrain/taylornet/distill"
)

// classified is a page's input of two images, the first with two matches of which
// one has two pictures behind it, the second with none; and the set of all its
// pictures in their order.
func classified(channels int) (report.Classified, *dataset.Set) {
	set := &dataset.Set{H: 4, W: 6, C: channels}
	for i := range 6 {
		for j := range 4 * 6 * channels {
			set.Pixels = append(set.Pixels, uint8(i*31+j*j*17))
		}
		set.Labels = append(set.Labels, 0)
	}
	return report.Classified{
		Title: hostile[0], Command: hostile[1],
		References: &distill.References{Set: set.All().Only([]int32{4, 1}).Copy("references")},
		Train:      set.All().Only([]int32{0, 2, 3}).Copy("train"),
		Images: []report.ClassifiedImage{
			{
				Picture: set.Picture(0),
				ClassifiedImage: distill.ClassifiedImage{File: "folder/a<b>.png", Class: hostile[2], Similarity: 0.87654, Nearest: []distill.Match{
					{Reference: 1, Class: hostile[2], Similarity: 0.98765, Stands: 1234, Behind: []int32{1, 2}},
					{Reference: 0, Class: hostile[3], Similarity: -12.345, Stands: 5},
				}},
			},
			{Picture: set.Picture(5), ClassifiedImage: distill.ClassifiedImage{File: "second", Class: hostile[1], Similarity: 0.25}},
		},
	}, set
}

func writeClassified(t *testing.T, in report.Classified) string {
	t.Helper()
	var b bytes.Buffer
	if err := report.WriteClassified(t.Context(), &b, in); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestWriteClassified(t *testing.T) {
	for _, channels := range []int{1, 3} {
		in, set := classified(channels)
		doc := writeClassified(t, in)
		if doc != writeClassified(t, in) {
			t.Error("another page for the same input")
		}
		if seen := checkPage(t, doc); seen["img"] != set.Len() || seen["section"] != 2+1 || seen["h1"] != 1 {
			t.Errorf("%d pictures, %d sections, %d titles", seen["img"], seen["section"], seen["h1"])
		}
		_, text := elements(t, doc)
		for _, want := range append(slices.Clone(hostile),
			"a<b>.png: "+hostile[2]+", similarity 0.877", "second: "+hostile[1]+", similarity 0.25", "no. 1",
			hostile[2]+", similarity 0.988: reference 1, stands for 1,234", hostile[3]+", similarity -12.3: reference 0, stands for 5",
		) {
			if !strings.Contains(text, want) {
				t.Errorf("the page does not show %q", want)
			}
		}
	}
	in, _ := classified(1)
	in.Command = ""
	if _, text := elements(t, writeClassified(t, in)); strings.Contains(text, "Command") {
		t.Error("a page without a command has its heading")
	}
}

// TestWriteClassifiedPictures: the pictures are shown as they are, in their order
// and told by their captions, those behind a reference smaller.
func TestWriteClassifiedPictures(t *testing.T) {
	in, set := classified(3)
	tags, _ := elements(t, writeClassified(t, in))
	tags = slices.DeleteFunc(tags, func(e xml.StartElement) bool { return e.Name.Local != "img" })
	captions := []string{"as the network takes it", "the reference", "no. 1", "no. 2", "the reference", "as the network takes it"}
	if len(tags) != len(captions) {
		t.Fatalf("%d pictures, want %d", len(tags), len(captions))
	}
	for i, e := range tags {
		data, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(attr(e, "src"), "data:image/png;base64,"))
		if err != nil {
			t.Fatal(err)
		}
		img, err := png.Decode(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		if img.Bounds().Size() != image.Pt(6, 4) || !samePixels(img, image.Point{}, set, i) {
			t.Errorf("picture %d is another than given", i)
		}
		size := "138 x 92" // of at most 140
		if i == 2 || i == 3 {
			size = "66 x 44" // of at most 70
		}
		if got := attr(e, "width") + " x " + attr(e, "height"); got != size || attr(e, "alt") != captions[i] {
			t.Errorf("picture %d, %q, is shown as %s, want %q as %s", i, attr(e, "alt"), got, captions[i], size)
		}
	}
}

func TestWriteClassifiedRefuses(t *testing.T) {
	empty := image.NewGray(image.Rectangle{})
	for _, tt := range []struct {
		change func(in *report.Classified)
		want   string
	}{
		{func(in *report.Classified) { in.Images = nil }, "there are no images"},
		{func(in *report.Classified) { in.Images[1].Picture = empty }, "second: "},
		{func(in *report.Classified) { in.References.Set.W = 0 }, "a<b>.png: "},
		{func(in *report.Classified) { in.Train.W = 0 }, "a<b>.png: "},
		{func(in *report.Classified) { in.Images[0].Nearest[1].Reference = 2 }, "a<b>.png: it matches reference 2 of 2"},
		{func(in *report.Classified) { in.Images[0].Nearest[1].Reference = -1 }, "a<b>.png: it matches reference -1 of 2"},
		{func(in *report.Classified) { in.Images[0].Nearest[0].Behind[1] = 3 }, "a<b>.png: training image 3 is not"},
		{func(in *report.Classified) { in.Images[0].Nearest[0].Behind[1] = -1 }, "a<b>.png: training image -1 is not"},
		{func(in *report.Classified) { in.Train = nil }, "a<b>.png: training image 1 is not"},
	} {
		in, _ := classified(1)
		tt.change(&in)
		var b bytes.Buffer
		if err := report.WriteClassified(t.Context(), &b, in); err == nil || !strings.HasPrefix(err.Error(), "report: "+tt.want) || b.Len() > 0 {
			t.Errorf("error %v after %d bytes, want %q before any", err, b.Len(), tt.want)
		}
	}
}

func TestWriteClassifiedEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	in, _ := classified(1)
	var b bytes.Buffer
	if err := report.WriteClassified(ctx, &b, in); !errors.Is(err, context.Canceled) || b.Len() > 0 {
		t.Errorf("error %v after %d bytes, want %v before any", err, b.Len(), context.Canceled)
	}
}

// TestSheet: the image above a row for each match, of the reference and what is
// behind it, every pixel enlarged, on white.
func TestSheet(t *testing.T) {
	for _, channels := range []int{1, 3} {
		in, set := classified(channels)
		sheet := sheetOf(t, in, 0)
		const by, gap = 15, 4 // 93 pixels are 15 for each of 6
		if want := image.Rect(0, 0, 3*(6*by+gap)-gap, 3*(4*by+gap)-gap); sheet.Bounds() != want {
			t.Fatalf("a sheet of %v, want %v", sheet.Bounds(), want)
		}
		places := []image.Point{{0, 0}, {0, 1}, {1, 1}, {2, 1}, {0, 2}}
		for i, place := range places {
			small := image.NewRGBA(image.Rect(0, 0, 6, 4))
			for y := range 4 * by {
				for x := range 6 * by {
					got := sheet.At(place.X*(6*by+gap)+x, place.Y*(4*by+gap)+y)
					if x%by == 0 && y%by == 0 {
						small.Set(x/by, y/by, got)
					} else if got != small.At(x/by, y/by) {
						t.Fatalf("picture %d has two colours within a pixel at (%d,%d)", i, x, y)
					}
				}
			}
			if !samePixels(small, image.Point{}, set, i) {
				t.Errorf("picture %d is not at %v", i, place)
			}
		}
		for _, at := range []image.Point{{6 * by, 0}, {0, 4 * by}, {6*by + gap, 0}, {2 * (6*by + gap), 2 * (4*by + gap)}} {
			if got := color.GrayModel.Convert(sheet.At(at.X, at.Y)); got != (color.Gray{Y: 0xff}) {
				t.Errorf("%v, where there is no picture, is %v", at, got)
			}
		}
		if got, want := sheetOf(t, in, 1).Bounds(), image.Rect(0, 0, 6*by, 4*by); got != want {
			t.Errorf("an image without matches is on a sheet of %v, want %v", got, want)
		}
	}
	large := report.Classified{Images: []report.ClassifiedImage{{Picture: image.NewGray(image.Rect(0, 0, 200, 100))}}}
	if got := sheetOf(t, large, 0).Bounds().Size(); got != image.Pt(200, 100) {
		t.Errorf("a large image is on a sheet of %v", got)
	}
	in, _ := classified(1)
	in.Train = nil
	if _, err := in.Sheet(0); err == nil || !strings.Contains(err.Error(), "training image 1 is not") {
		t.Errorf("a sheet without the training images: error %v", err)
	}
}

func sheetOf(t *testing.T, in report.Classified, i int) image.Image {
	t.Helper()
	sheet, err := in.Sheet(i)
	if err != nil {
		t.Fatal(err)
	}
	return sheet
}
