package report_test

import (
	"bytes"
	"image"
	"image/color"
	"math"
	"strings"
	"testing"

	"github.com/coarsegrain/taylornet/app/internal/report"
	"github.com/coarsegrain/taylornet/dataset"
	"github.com/coarsegrain/taylornet/model"
	"github.com/coarsegrain/taylornet/taylor"
)

// explained is a page's input, of an untrained network and two random images.
func explained(t *testing.T, channels int) report.Explained {
	t.Helper()
	in := input(t, channels)
	page := report.Explained{Title: hostile[0], Command: hostile[1], Model: in.Model}
	request := taylor.Request{Training: &dataset.Set{H: 4, W: 6, C: channels}, Sample: 2, SecondOrder: true, Workers: 1}
	for i := range 2 {
		pixels := in.Images.Image(i)
		request.Pictures = append(request.Pictures, taylor.Picture{File: hostile[i], Prepared: model.Prepared{Pixels: pixels, Found: 1}})
		request.Training.Pixels, request.Training.Labels = append(request.Training.Pixels, pixels...), append(request.Training.Labels, 0)
		page.Pictures = append(page.Pictures, request.Training.Picture(i))
	}
	var err error
	if page.Analysis, err = taylor.Analyse(t.Context(), in.Model, request); err != nil {
		t.Fatal(err)
	}
	net, err := taylor.FromModel(in.Model, taylor.Options{})
	if err != nil {
		t.Fatal(err)
	}
	page.Analysis.About, page.Analysis.Sample = hostile[2], hostile[3]
	if page.Analysis.Maps, err = net.Maps(t.Context(), taylor.Point(in.Images.Image(0))); err != nil {
		t.Fatal(err)
	}
	return page
}

func TestWriteExplained(t *testing.T) {
	for _, channels := range []int{1, 3} {
		in := explained(t, channels)
		var once, twice bytes.Buffer
		for _, b := range []*bytes.Buffer{&once, &twice} {
			if err := report.WriteExplained(b, in); err != nil {
				t.Fatal(err)
			}
		}
		if once.String() != twice.String() {
			t.Error("another page for the same input")
		}
		seen := checkPage(t, once.String())
		templates := 0
		for _, c := range in.Analysis.Templates {
			templates += 1 + len(c.Eigenvalues) + len(c.Patterns.Values)
		}
		// Per image: itself, two classes, pairs, two orders, one level.
		if templates == 0 || seen["img"] != 2*7+1+templates || seen["table"] != 3 || seen["svg"] != 2*2+3 {
			t.Errorf("%d pictures, %d tables, %d charts", seen["img"], seen["table"], seen["svg"])
		}
		_, text := elements(t, once.String())
		for _, want := range append(hostile, "order 2: ", "as a polynomial of the image", "CG(2,2,", "Templates of the second order", report.PartialText(in.Analysis.Images[0]), report.StudyText(in.Analysis.Study)) {
			if !strings.Contains(text, want) {
				t.Errorf("the page does not show %q", want)
			}
		}
	}
	if err := report.WriteExplained(new(bytes.Buffer), report.Explained{}); err == nil {
		t.Error("a page without a model")
	}
}

func TestWriteDirect(t *testing.T) {
	in := explained(t, 1)
	page := report.Direct{
		Title: hostile[0], Command: hostile[1], DirectStudy: &taylor.DirectStudy{
			Orders: []taylor.DirectOrder{{Order: 2, Coefficients: 1275, TestAccuracies: []float64{0.5, 0.6}, Curve: []float64{0.4, 0.55}, Seconds: 3}},
			Study:  in.Analysis.Study,
		},
	}
	var b bytes.Buffer
	if err := report.WriteDirect(&b, page); err != nil {
		t.Fatal(err)
	}
	if seen := checkPage(t, b.String()); seen["svg"] != 4 || seen["table"] != 1 {
		t.Errorf("%d charts, %d tables", seen["svg"], seen["table"])
	}
	_, text := elements(t, b.String())
	for _, want := range []string{hostile[0], hostile[1], "1,275", "55.00\u00a0% (-8.53 to 118.53)"} {
		if !strings.Contains(text, want) {
			t.Errorf("the page does not show %q", want)
		}
	}
	if err := report.WriteDirect(new(bytes.Buffer), report.Direct{}); err == nil {
		t.Error("a page without orders")
	}
}

func TestHeat(t *testing.T) {
	// Two channels at each of two sites: +1 and -2.
	img := report.Heat([]float64{0.5, 0.5, -3, 1}, 1, 2, 0)
	white := color.RGBA{255, 255, 255, 255}
	if got := img.At(0, 0); got == white {
		t.Error("half of the most is white")
	}
	if got, want := img.At(1, 0), (color.RGBA{0xd5, 0x5e, 0x00, 0xff}); got != want {
		t.Errorf("the most negative is %v, want %v", got, want)
	}
	if got := report.Heat(make([]float64, 4), 2, 2, 0).At(0, 0); got != white {
		t.Errorf("zero is %v", got)
	}
	if got := report.Heat([]float64{9}, 1, 1, 3).At(0, 0); got != (color.RGBA{0x00, 0x72, 0xb2, 0xff}) {
		t.Errorf("beyond the most is %v", got)
	}
}

func TestMapSheet(t *testing.T) {
	m := taylor.Map{Shape: [3]int{1, 2, 3}, Values: []float64{1, 5, 7, 3, 5, 6}}
	img := report.MapSheet(m, 2)
	if img.Bounds() != image.Rect(0, 0, 5, 3) {
		t.Fatalf("a sheet of %v", img.Bounds())
	}
	grey := func(x, y int) uint8 { return color.GrayModel.Convert(img.At(x, y)).(color.Gray).Y } //nolint:errcheck // the model's type
	for _, want := range []struct {
		x, y int
		grey uint8
	}{{0, 0, 0}, {1, 0, 255}, {3, 0, 0x80}, {0, 2, 255}, {1, 2, 0}} {
		if got := grey(want.x, want.y); got != want.grey {
			t.Errorf("(%d,%d) is %d, want %d", want.x, want.y, got, want.grey)
		}
	}
}

// TestPairPicture: a line between the two pixels, of the colour of its sign.
func TestPairPicture(t *testing.T) {
	black := image.NewGray(image.Rect(0, 0, 3, 2))
	img := report.PairPicture(black, []taylor.Pair{
		{Pixels: [2][3]int{{0, 0, 0}, {0, 2, 0}}, Value: -2}, {Pixels: [2][3]int{{1, 1, 0}, {1, 1, 0}}, Value: 1},
	}, 20)
	if img.Bounds() != image.Rect(0, 0, 60, 40) {
		t.Fatalf("a picture of %v", img.Bounds())
	}
	near := func(x, y int, want color.RGBA) bool {
		r, g, b, _ := img.At(x, y).RGBA()
		return math.Abs(float64(r>>8)-float64(want.R))+math.Abs(float64(g>>8)-float64(want.G))+math.Abs(float64(b>>8)-float64(want.B)) < 40
	}
	if !near(30, 10, color.RGBA{0xd5, 0x5e, 0x00, 0xff}) {
		t.Errorf("between the first pair is %v", img.At(30, 10))
	}
	if !near(5, 30, color.RGBA{A: 0xff}) || !near(30, 30, color.RGBA{A: 0xff}) {
		t.Error("something is drawn where there is no pair")
	}
	ring := false
	for x := 20; x < 40; x++ {
		ring = ring || near(x, 30, color.RGBA{0x00, 0x72, 0xb2, 0xff})
	}
	if !ring {
		t.Error("there is no ring around the square")
	}
}
