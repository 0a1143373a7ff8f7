package report_test

import (
	"bytes"
	"fmt"
	"image/png"
	"log"
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/coarsegrain/taylornet/app/internal/report"
)

func ExampleChart() {
	c := report.Chart{
		Title: "Accuracy by order",
		X:     report.Axis{Label: "order of the expansion", Whole: true},
		Y:     report.Axis{Label: "test accuracy (%)"},
		Lines: []report.Line{
			{Name: "expansion", X: []float64{0, 1, 2, 3}, Y: []float64{10, 89.5, 97.2, 98}},
			{Name: "best", X: []float64{3}, Y: []float64{98}},
		},
	}
	var svg bytes.Buffer
	if err := c.SVG(&svg); err != nil {
		log.Fatal(err)
	}
	fmt.Println(strings.Contains(svg.String(), "order of the expansion"))
	// Output: true
}

// many is a line of n points.
func many(n int) report.Line {
	l := report.Line{Name: fmt.Sprint("line of ", n)}
	for i := range n {
		l.X, l.Y = append(l.X, float64(i)), append(l.Y, 1+math.Sin(float64(i)/10)/2)
	}
	return l
}

func TestChart(t *testing.T) {
	for _, tt := range []struct {
		name  string
		chart report.Chart
	}{
		{"one point", report.Chart{Lines: []report.Line{many(1)}}},
		{"one point, logarithmic", report.Chart{Y: report.Axis{Log: true}, Lines: []report.Line{many(1)}}},
		{"few and many points", report.Chart{Title: "t", Lines: []report.Line{many(2), many(30), many(31), many(500)}}},
		{"an empty line among others", report.Chart{Lines: []report.Line{many(3), {Name: "none"}}}},
		{"more lines than colours", report.Chart{Lines: []report.Line{many(9), many(8), many(7), many(6), many(5), many(4), many(3)}}},
		{"all points outside", report.Chart{X: report.Axis{Min: -2, Max: -1}, Lines: []report.Line{many(5)}}},
		{"a constant", report.Chart{Lines: []report.Line{{X: []float64{1, 2}, Y: []float64{0, 0}}}}},
		{"huge values", report.Chart{Lines: []report.Line{{X: []float64{1, 2}, Y: []float64{-1e300, 1e300}}}}},
		{"intervals", report.Chart{Lines: []report.Line{{X: []float64{1, 2}, Y: []float64{3, 4}, Low: []float64{2, 3}, High: []float64{4, 9}}}}},
		{"tiny values", report.Chart{Y: report.Axis{Log: true}, Lines: []report.Line{{X: []float64{1, 2}, Y: []float64{1e-300, 1e-200}}}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var svg, again, picture bytes.Buffer
			for _, b := range []*bytes.Buffer{&svg, &again} {
				if err := tt.chart.SVG(b); err != nil {
					t.Fatal(err)
				}
			}
			if !bytes.Equal(svg.Bytes(), again.Bytes()) {
				t.Error("drawn twice, two drawings")
			}
			_, text := elements(t, svg.String())
			for _, l := range tt.chart.Lines {
				if !strings.Contains(text, l.Name) {
					t.Errorf("%q is not in the legend", l.Name)
				}
			}
			if strings.Contains(svg.String(), "NaN") || strings.Contains(svg.String(), "Inf") {
				t.Error("a coordinate is not a number")
			}
			if err := tt.chart.PNG(&picture); err != nil {
				t.Fatal(err)
			}
			if img, err := png.Decode(&picture); err != nil || img.Bounds().Dx() != 883 || img.Bounds().Dy() != 595 {
				t.Errorf("picture %v, error %v", img.Bounds(), err)
			}
		})
	}
}

func TestChartEscapes(t *testing.T) {
	line := many(3)
	line.Name = hostile[0]
	c := report.Chart{Title: hostile[1], X: report.Axis{Label: hostile[2]}, Y: report.Axis{Label: hostile[3]}, Lines: []report.Line{line}}
	var b bytes.Buffer
	if err := c.SVG(&b); err != nil {
		t.Fatal(err)
	}
	tags, text := elements(t, b.String())
	for _, e := range tags {
		if e.Name.Local == "script" {
			t.Error("the chart has a script")
		}
	}
	for _, want := range hostile {
		if !strings.Contains(text, want) {
			t.Errorf("the chart does not show %q", want)
		}
	}
}

// TestChartLeavesOut: what cannot be drawn is left out, and the chart says so.
func TestChartLeavesOut(t *testing.T) {
	for _, tt := range []struct {
		name string
		y    []float64
		log  bool
		left string
	}{
		{"no numbers", []float64{1, math.NaN(), math.Inf(1), math.Inf(-1), 2}, false, "no number: 3)"},
		{"nothing but these", []float64{math.NaN(), math.NaN()}, false, "no number: 2)"},
		{"too large", []float64{1, math.MaxFloat64}, false, "no number: 1)"},
		{"not positive", []float64{1, 0, -1, 2}, true, "no number: 2)"},
		{"all drawn", []float64{1, 1e307, -1e307, 5e-324}, false, ""},
	} {
		line := report.Line{Name: "l", Y: tt.y}
		for i := range tt.y {
			line.X = append(line.X, float64(i))
		}
		var b bytes.Buffer
		if err := (report.Chart{Y: report.Axis{Label: "y", Log: tt.log}, Lines: []report.Line{line}}).SVG(&b); err != nil {
			t.Fatalf("%s: %v", tt.name, err)
		}
		_, text := elements(t, b.String())
		if !strings.Contains(text, tt.left) || strings.Contains(text, "no number") != (tt.left != "") {
			t.Errorf("%s: the chart says %q, want %q in it", tt.name, text, tt.left)
		}
	}
}

// TestChartLegend: names that do not fit a row go on in the next.
func TestChartLegend(t *testing.T) {
	c := report.Chart{}
	for range 6 {
		line := many(3)
		line.Name = "a name as long as this"
		c.Lines = append(c.Lines, line)
	}
	var b bytes.Buffer
	if err := c.SVG(&b); err != nil {
		t.Fatal(err)
	}
	tags, _ := elements(t, b.String())
	rows, wide := map[string]int{}, 0.0
	for _, e := range tags {
		if x, err := strconv.ParseFloat(attr(e, "x"), 64); e.Name.Local == "text" && err == nil {
			rows[attr(e, "y")]++
			wide = max(wide, x)
		}
	}
	if len(rows) < 3 || wide > 331 {
		t.Errorf("text in %d rows, up to %g points", len(rows), wide)
	}
}

func TestChartRefuses(t *testing.T) {
	line := func(y ...float64) []report.Line { return []report.Line{{Name: "l", X: []float64{1, 2}, Y: y}} }
	for _, tt := range []struct {
		chart report.Chart
		want  string
	}{
		{report.Chart{Title: "c"}, `chart "c": it has no points`},
		{report.Chart{Title: "c", Lines: line(1)}, `chart "c": line "l" has 2 x, 1 y and intervals from 0 to 0 values`},
		{report.Chart{Title: "c", Lines: []report.Line{{Name: "l", X: []float64{1}, Y: []float64{1}, Low: []float64{1}}}}, `chart "c": line "l" has 1 x, 1 y and intervals from 1 to 0 values`},
		{report.Chart{Title: "c", Lines: line(1, 1), X: report.Axis{Log: true, Max: 3}}, `chart "c": x: the axis cannot end at 0`},
		{report.Chart{Title: "c", Lines: line(1, 1), Y: report.Axis{Min: 1, Max: math.NaN()}}, `chart "c": y: the axis cannot end at NaN`},
		{report.Chart{Title: "c", Lines: line(1, 1), Y: report.Axis{Min: 2, Max: 1}}, `chart "c": y: the axis is too short`},
	} {
		for name, draw := range map[string]func(*bytes.Buffer) error{
			"SVG": func(b *bytes.Buffer) error { return tt.chart.SVG(b) },
			"PNG": func(b *bytes.Buffer) error { return tt.chart.PNG(b) },
		} {
			var b bytes.Buffer
			if err := draw(&b); err == nil || err.Error() != tt.want || b.Len() > 0 {
				t.Errorf("%s: error %v after %d bytes, want %s", name, err, b.Len(), tt.want)
			}
		}
	}
}
