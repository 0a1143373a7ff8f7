package report_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/coarsegrain/taylornet/app/internal/report"
	"github.com/coarsegrain/taylornet/dataset"
	"github.com/coarsegrain/taylornet/distill"
	"github.com/coarsegrain/taylornet/engine"
	"github.com/coarsegrain/taylornet/model"
	"github.com/coarsegrain/taylornet/spec"
	"github.com/coarsegrain/taylornet/taylor"
	"github.com/coarsegrain/taylornet/train"
)

// TestPageIsSmall: a page is small, however much it is about, and says what it leaves out.
func TestPageIsSmall(t *testing.T) {
	const classes, layers, epochs = 300, 1200, 200_000
	net, err := spec.Parse("Input(4,4,1)" + strings.Repeat(" Norm CG(1,1,1,1,1)", layers/2-1) + fmt.Sprintf(" Linear(%d)", classes))
	if err != nil {
		t.Fatal(err)
	}
	config := model.Config{Net: net, Params: engine.Init(net, 1), Normalisation: dataset.Normalisation{Mean: []float32{0}, Std: []float32{1}}}
	for k := range classes {
		config.Classes = append(config.Classes, fmt.Sprint("class ", k))
	}
	inner := map[string]any{}
	for i := range 20_000 {
		inner[fmt.Sprint("setting ", i)] = i
	}
	record := map[string]any{"text": strings.Repeat("long ", 1<<18), strings.Repeat("name", 1<<16): inner}
	if config.Training, err = json.Marshal(record); err != nil {
		t.Fatal(err)
	}
	in := report.Input{Title: "t", Test: &model.Evaluation{Total: 2 * classes, Correct: classes, Confusion: make([][]int, classes)}}
	if in.Model, err = model.New(config); err != nil {
		t.Fatal(err)
	}
	for k := range in.Test.Confusion {
		in.Test.Confusion[k] = make([]int, classes)
		in.Test.Confusion[k][k]++
		in.Test.Confusion[k][(k+1)%classes]++
	}
	in.Test.Confusion[250][3] = 1000 // among those with most mistakes
	for i := range epochs {
		in.History = append(in.History, train.Metrics{Epoch: i + 1, TrainLoss: 1 / float64(i+1), TrainAccuracy: 0.5})
	}
	page := write(t, in)
	if len(page) > 3<<19 {
		t.Errorf("the page has %d bytes", len(page))
	}
	for _, want := range []string{
		"500 of 200,000 epochs", "Of the 300 classes these 100 have most mistakes", ">class 250<", "The last 699 layers are not shown", "1,600</td>",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
}

// TestExplainedIsSmall: neither does a page on very many levels and classes grow with them.
func TestExplainedIsSmall(t *testing.T) {
	in := explained(t, 1)
	in.Analysis.Levels = slices.Repeat(in.Analysis.Levels[:1], 700)
	in.Analysis.Templates = slices.Repeat(in.Analysis.Templates[:1], 20_000)
	var page strings.Builder
	if err := report.WriteExplained(&page, in); err != nil {
		t.Fatal(err)
	}
	if page.Len() > 3<<20 {
		t.Errorf("the page has %d bytes", page.Len())
	}
	for _, want := range []string{"The last 200 levels are not shown", "The last 19,900 classes are not shown"} {
		if !strings.Contains(page.String(), want) {
			t.Errorf("the page does not say %q", want)
		}
	}
}

// TestPicturesOfAnyValues: pictures of any numbers are drawn, of a size that is bounded.
func TestPicturesOfAnyValues(t *testing.T) {
	values := []float64{math.NaN(), math.Inf(1), math.Inf(-1), math.MaxFloat64, -math.MaxFloat64, 5e-324, 0, 1}
	report.Heat(values, 2, 2, 0)
	report.Heat(values, 8, 1, math.Inf(1))
	sheet := report.MapSheet(taylor.Map{Shape: [3]int{2, 4, 1}, Values: values}, 16)
	if at := sheet.At(0, 0); at != sheet.At(1, 0) || at == sheet.At(3, 0) {
		t.Errorf("NaN is drawn %v, infinity %v and the largest %v", at, sheet.At(1, 0), sheet.At(3, 0))
	}
	tall := taylor.Map{Shape: [3]int{2000, 1, 1}, Values: make([]float64, 2000)}
	for _, img := range report.MapPictures([]taylor.Map{tall}) {
		if size := img.Bounds().Size(); size.X*size.Y > 1<<22 {
			t.Errorf("a map of 1 x 2000 is drawn in %v", size)
		}
	}
	n := 0
	for range report.MapPictures(slices.Repeat([]taylor.Map{tall}, 1000)) {
		n++
	}
	if n == 0 || n > 50 {
		t.Errorf("the maps of %d levels are drawn", n)
	}
	var pairs []taylor.Pair
	for _, v := range values {
		pairs = append(pairs, taylor.Pair{Pixels: [2][3]int{{0, 0, 0}, {1, 1, 0}}, Value: v})
	}
	for i := range pairs {
		report.PairPicture(image.NewGray(image.Rect(0, 0, 2, 2)), pairs[i:], 10)
	}
}

// TestContactIsSmall: the sheet of many references has a selection.
func TestContactIsSmall(t *testing.T) {
	const n, side = 3000, 100
	set := &dataset.Set{Classes: []string{"a", "b"}, H: side, W: side, C: 1, Labels: make([]uint16, n), Pixels: make([]uint8, n*side*side)}
	for i := range set.Labels {
		set.Labels[i] = uint16(i % 2)
	}
	sheet := report.Contact(&distill.References{Set: set}, 50, 1).Bounds().Size()
	if sheet.X*sheet.Y > 1<<24 || sheet.X < 50*side || sheet.Y < 1000 {
		t.Errorf("the sheet has %v pixels", sheet)
	}
}

// TestPageIsPlain: names do not bring control characters into a page or a chart.
func TestPageIsPlain(t *testing.T) {
	in := input(t, 1)
	in.Title, in.Images.Set.Name = "a\x1b[31m\u202e", "b\u009b\x00"
	line := many(3)
	line.Name = strings.Repeat("name\x07\n", 1000)
	var chart bytes.Buffer
	if err := (report.Chart{Title: "\x1b", Y: report.Axis{Label: "\u202ey"}, Lines: []report.Line{line}}).SVG(&chart); err != nil {
		t.Fatal(err)
	}
	for _, doc := range []string{write(t, in), chart.String()} {
		elements(t, doc)
		if strings.ContainsAny(doc, "\x1b\x07\x00\u009b\u202e") {
			t.Error("a control character is in the document")
		}
	}
	if chart.Len() > 20_000 {
		t.Errorf("the chart has %d bytes", chart.Len())
	}
}
