package report_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"image/png"
	"io"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/coarsegrain/taylornet/app/internal/report"
	"github.com/coarsegrain/taylornet/dataset"
	"github.com/coarsegrain/taylornet/engine"
	"github.com/coarsegrain/taylornet/internal/stats"
	"github.com/coarsegrain/taylornet/model"
	"github.com/coarsegrain/taylornet/spec"
	"github.com/coarsegrain/taylornet/train"
)

// hostile are names that would break a page that took them as they are.
var hostile = []string{`<script>alert(1)</script>`, `" onerror="alert(2)`, `a & b's`, `-->{{.}}</table>`}

// input is a report's, of an untrained network on random images of c channels,
// nearly all of them mistakes.
func input(t *testing.T, c int) report.Input {
	t.Helper()
	net, err := spec.Parse(fmt.Sprintf("Input(4,6,%d) Sum{ CG(2,2,%d,2,2) Norm | AvgPool(2,2,2,2) } Linear(4)", c, c))
	if err != nil {
		t.Fatal(err)
	}
	norm := dataset.Normalisation{}
	for range c {
		norm.Mean, norm.Std = append(norm.Mean, 0.5), append(norm.Std, 0.25)
	}
	m, err := model.New(model.Config{
		Net: net, Params: engine.Init(net, 3), Normalisation: norm, Classes: hostile,
		Training: json.RawMessage(`{"config":{"seed":18446744073709551615,"net":"two\nlines <i>","rate":0.01,"augment":{"flip":true}},"epochs":3,"list":[1,2]}`),
	})
	if err != nil {
		t.Fatal(err)
	}
	const n = 60
	set := &dataset.Set{Name: "some <b>images", Classes: hostile, H: 4, W: 6, C: c}
	for i := range n {
		set.Labels = append(set.Labels, uint16(i%len(hostile)))
		for j := range 4 * 6 * c {
			set.Pixels = append(set.Pixels, uint8(i*31+j*j*17))
		}
	}
	images := set.All()
	slices.Reverse(images.Index)
	test, err := m.Evaluate(t.Context(), images)
	if err != nil {
		t.Fatal(err)
	}
	return report.Input{
		Title: `A <title> & "more"`, Command: `taylornet train --data '<dir>' && true`, Model: m, Seconds: 83.4, Test: test, Images: images, Best: 1,
		History: []train.Metrics{
			{Epoch: 1, TrainLoss: 2.5, TrainAccuracy: 0.3, ValidationLoss: 1.5, ValidationAccuracy: 0.6, Rate: 0.01, Seconds: 2, ImagesPerSecond: 1000},
			{Epoch: 2, TrainLoss: 0.4, TrainAccuracy: 0.95, ValidationLoss: 0.1, ValidationAccuracy: 0.98, Rate: 0.005, Seconds: 2, ImagesPerSecond: 2000},
			{Epoch: 3, TrainLoss: 0.3, TrainAccuracy: 0.97, ValidationLoss: 0.2, ValidationAccuracy: 0.97, Rate: 1e-6, Seconds: 2, ImagesPerSecond: 1500},
		},
	}
}

func write(t *testing.T, in report.Input) string {
	t.Helper()
	var b bytes.Buffer
	if err := report.Write(&b, in); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// elements reads a document that must be well-formed as XML is, which HTML need
// not be but a report is, and returns its start tags and its text.
func elements(t *testing.T, doc string) (tags []xml.StartElement, text string) {
	t.Helper()
	dec := xml.NewDecoder(strings.NewReader(doc))
	var b strings.Builder
	for {
		token, err := dec.Token()
		if errors.Is(err, io.EOF) {
			return tags, b.String()
		}
		if err != nil {
			t.Fatalf("not well-formed: %v", err)
		}
		switch token := token.(type) {
		case xml.StartElement:
			tags = append(tags, token.Copy())
		case xml.CharData:
			b.Write(token)
		}
	}
}

func attr(e xml.StartElement, name string) string {
	for _, a := range e.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

func TestWriteIsDeterministic(t *testing.T) {
	in := input(t, 3)
	want := write(t, in)
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() {
			var b bytes.Buffer
			if err := report.Write(&b, in); err != nil || b.String() != want {
				t.Errorf("another report for the same input, error %v", err)
			}
		})
	}
	wait.Wait()
}

func TestWriteEscapes(t *testing.T) {
	doc := write(t, input(t, 1))
	checkPage(t, doc)
	_, text := elements(t, doc)
	for _, want := range append(slices.Clone(hostile), `A <title> & "more"`, `taylornet train --data '<dir>' && true`, "some <b>images", "two\nlines <i>") {
		if !strings.Contains(text, want) {
			t.Errorf("the page does not show %q", want)
		}
	}
}

// checkPage holds a page against what all must be: well-formed, accessible, and in
// need of nothing else. It returns the number of elements of each name.
func checkPage(t *testing.T, doc string) map[string]int {
	t.Helper()
	for _, bad := range []string{"url(", "@import", "ZgotmplZ"} {
		if strings.Contains(doc, bad) {
			t.Errorf("the page has %q", bad)
		}
	}
	tags, _ := elements(t, doc)
	ids, seen := map[string]int{}, map[string]int{}
	for _, e := range tags {
		name := e.Name.Local
		seen[name]++
		if id := attr(e, "id"); id != "" {
			ids[id]++
		}
		switch {
		case name == "th" && !slices.Contains([]string{"row", "col"}, attr(e, "scope")):
			t.Error("a table header has no scope")
		case name == "img" && attr(e, "alt") == "":
			t.Error("a picture has no alternative text")
		case name == "svg" && (attr(e, "role") != "img" || attr(e, "aria-label") == ""):
			t.Error("a chart has no description")
		case name == "html" && attr(e, "lang") == "":
			t.Error("the page has no language")
		case slices.Contains([]string{"script", "i", "dir"}, name):
			t.Errorf("the page has the element %s", name)
		}
		for _, a := range e.Attr {
			if slices.Contains([]string{"src", "href", "srcset", "data", "action"}, a.Name.Local) && !strings.HasPrefix(a.Value, "data:image/png;base64,") {
				t.Errorf("%s refers to %q", name, a.Value)
			}
			if strings.HasPrefix(a.Name.Local, "on") {
				t.Errorf("element %s has the attribute %s", name, a.Name.Local)
			}
		}
	}
	for _, e := range tags {
		if id := attr(e, "aria-labelledby"); id != "" && ids[id] != 1 {
			t.Errorf("%d elements have the id %q that labels one", ids[id], id)
		}
	}
	return seen
}

func TestWriteMakesAPage(t *testing.T) {
	seen := checkPage(t, write(t, input(t, 3)))
	if seen["svg"] != 2 || seen["img"] != 40 || seen["table"] != 4 || seen["h1"] != 1 {
		t.Errorf("%d charts, %d pictures, %d tables, %d headings, want 2, 40, 4, 1", seen["svg"], seen["img"], seen["table"], seen["h1"])
	}
}

func TestWritePictures(t *testing.T) {
	for _, channels := range []int{1, 3} {
		in := input(t, channels)
		tags, _ := elements(t, write(t, in))
		next := 0
		for _, e := range tags {
			if e.Name.Local != "img" {
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
			m := in.Test.Mistakes[next]
			next++
			if attr(e, "width") != "96" || attr(e, "height") != "64" || img.Bounds().Dx() != 6 || img.Bounds().Dy() != 4 {
				t.Fatalf("a picture of %v is shown as %s x %s, want (6,4) shown as 96 x 64", img.Bounds(), attr(e, "width"), attr(e, "height"))
			}
			for i, p := range in.Images.Image(m.Index) {
				at, c := i/channels, i%channels
				r, g, b, a := img.At(at%6, at/6).RGBA()
				if got := []uint32{r, g, b}[c] >> 8; got != uint32(p) || a != 0xffff {
					t.Fatalf("image %d, pixel %d, channel %d is %d, want %d", m.Index, at, c, got, p)
				}
			}
		}
		if next != 40 {
			t.Errorf("%d pictures, want 40", next)
		}
	}
}

func TestWriteShows(t *testing.T) {
	in := input(t, 1)
	e := in.Test
	interval := stats.Wilson(e.Correct, e.Total)
	_, text := elements(t, write(t, in))
	for _, want := range []string{
		fmt.Sprintf("%.2f\u00a0%%", 100*e.Accuracy()), fmt.Sprintf("interval %.2f to %.2f\u00a0%%", 100*interval.Low, 100*interval.High),
		"of 60 images", "18446744073709551615", "epoch 2 kept", "1\u00a0min 23\u00a0s", "1,500 images per second",
		"config.augment.flip", "[1,2]", "CG(2,2,1,2,2)", "best: epoch 2", fmt.Sprintf("The 40 most confident of %d mistakes", e.Total-e.Correct),
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the page does not show %q", want)
		}
	}
}

// lacking are inputs without this or that.
var lacking = []struct {
	name         string
	change       func(in *report.Input)
	shows, hides []string
}{
	{
		"anything but the model",
		func(in *report.Input) { *in = report.Input{Model: in.Model} },
		[]string{"Training run", "Network", "config.seed"},
		[]string{"Epochs", "Test accuracy", "Confusion", "Mistakes", "Time", "To run the same"},
	},
	{
		"validation",
		func(in *report.Input) {
			for i := range in.History {
				in.History[i].ValidationLoss, in.History[i].ValidationAccuracy = 0, 0
			}
			in.Best = 2
		},
		[]string{"the last one kept", "Loss by epoch"},
		[]string{"alidation", "best"},
	},
	{
		"more than one epoch",
		func(in *report.Input) { in.History, in.Best = in.History[:1], 0 },
		[]string{"epoch 1 kept", "validation", "training"},
		[]string{"best:", "under the frame"},
	},
	{
		"loss",
		func(in *report.Input) { in.History[1].TrainLoss = 0 },
		[]string{"Loss by epoch."},
		[]string{"logarithmic"},
	},
	{
		"partial sums of some epochs",
		func(in *report.Input) { in.History[0].Partial = []float64{0.5, 0.6} },
		[]string{"Accuracy of the partial sums of orders", "all orders", "to order 2"},
		[]string{"to order 3"},
	},
	{
		"mistakes",
		func(in *report.Input) {
			for i := range in.Images.Set.Labels {
				in.Images.Set.Labels[i] = 0
			}
			in.Test = &model.Evaluation{Correct: 60, Total: 60, Confusion: [][]int{{60, 0, 0, 0}, {0, 0, 0, 0}, {0, 0, 0, 0}, {0, 0, 0, 0}}}
		},
		[]string{"100.00\u00a0%", "every image of some <b>images was classified correctly", "interval 93.98 to 100.00"},
		[]string{"taken for"},
	},
	{
		"images",
		func(in *report.Input) { in.Images = dataset.Subset{} },
		[]string{"There are no pictures", "Images of test"},
		[]string{"taken for"},
	},
	{
		"a training record",
		func(in *report.Input) { in.Model = recording(in.Model, nil) },
		[]string{"To run the same"},
		[]string{"Seed", "config"},
	},
	{
		"test images",
		func(in *report.Input) {
			in.Test = &model.Evaluation{Confusion: [][]int{{0, 0, 0, 0}, {0, 0, 0, 0}, {0, 0, 0, 0}, {0, 0, 0, 0}}}
		},
		[]string{"Network"},
		[]string{"Test accuracy", "NaN"},
	},
}

// recording returns the model with another training record.
func recording(m *model.Model, training json.RawMessage) *model.Model {
	c := m.Config()
	c.Training = training
	m, err := model.New(c)
	if err != nil {
		panic(err)
	}
	return m
}

func TestWriteWithout(t *testing.T) {
	for _, tt := range lacking {
		t.Run(tt.name, func(t *testing.T) {
			in := input(t, 1)
			tt.change(&in)
			doc := write(t, in)
			_, text := elements(t, doc)
			for _, want := range tt.shows {
				if !strings.Contains(text, want) {
					t.Errorf("the page does not show %q", want)
				}
			}
			_, body, _ := strings.Cut(doc, "<body>")
			for _, bad := range tt.hides {
				if strings.Contains(body, bad) {
					t.Errorf("the page shows %q", bad)
				}
			}
		})
	}
}

func TestWriteRefuses(t *testing.T) {
	for _, tt := range []struct {
		change func(in *report.Input)
		want   string
	}{
		{func(in *report.Input) { in.Model = nil }, "report: there is no model"},
		{func(in *report.Input) { in.Test.Confusion = in.Test.Confusion[:2] }, "report: the evaluation has 2 classes, the model 4"},
		{func(in *report.Input) { in.Test.Confusion[1] = nil }, "report: the confusion matrix has a row of 0 counts for 4 classes"},
		{func(in *report.Input) { in.Test.Mistakes[3].Index = 60 }, "report: image 60 of the evaluation is not among the 60 images given"},
		{func(in *report.Input) { in.Test.Mistakes[3] = model.Mistake{Index: 1, Label: 4} }, "report: image 1 of the evaluation has the classes 4 and 0 of 4"},
		{func(in *report.Input) { in.Model = recording(in.Model, json.RawMessage(`{"a":`)) }, "report: training record: "},
	} {
		in := input(t, 1)
		tt.change(&in)
		var b bytes.Buffer
		if err := report.Write(&b, in); err == nil || !strings.HasPrefix(err.Error(), tt.want) || b.Len() > 0 {
			t.Errorf("error %v after %d bytes, want %q before any", err, b.Len(), tt.want)
		}
	}
}

// TestDiverged: the run of a network that diverged has a report, whatever its figures.
func TestDiverged(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	for _, bad := range []float64{nan, inf, -inf, 1e300, -1e300, 1e307, math.MaxFloat64, 5e-324, -1} {
		in := input(t, 1)
		in.Seconds = bad
		for i := range in.History {
			m := &in.History[i]
			m.ImagesPerSecond, m.Seconds, m.Rate = bad, bad, bad
			if i > 0 {
				m.TrainLoss, m.ValidationLoss, m.TrainAccuracy, m.ValidationAccuracy = bad, bad, bad, bad
				m.Partial = []float64{bad}
			}
		}
		if page := write(t, in); !strings.Contains(page, "<svg") {
			t.Errorf("%v: the report has no chart", bad)
		}
	}
}
