package report

import (
	"bytes"
	"encoding/binary"
	"encoding/xml"
	"errors"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/coarsegrain/taylornet/internal/approx"
)

// anyFloat draws a float64 by its bits, or a neighbour of another value, or a round one.
func anyFloat(of float64) *rapid.Generator[float64] {
	return rapid.OneOf(
		rapid.Map(rapid.Uint64(), math.Float64frombits),
		rapid.Map(rapid.IntRange(-4, 4), func(ulps int) float64 {
			return math.Float64frombits(math.Float64bits(of) + uint64(ulps)) //nolint:gosec // wraps round as it should
		}),
		rapid.SampledFrom([]float64{0, 1, -1, 5e-324, 1e-310, 1e-300, 1e300, 1e307, -1e307, math.MaxFloat64, math.NaN(), math.Inf(1), math.Inf(-1)}),
		rapid.Float64Range(-1000, 1000),
	)
}

// TestTicks: any values that an axis draws get a few labels, which rise and read as what
// they stand for.
func TestTicks(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := Axis{Log: rapid.Bool().Draw(t, "log"), Whole: rapid.Bool().Draw(t, "whole")}
		one := anyFloat(1).Filter(a.draws).Draw(t, "one")
		other := anyFloat(one).Filter(a.draws).Draw(t, "other")
		s, err := a.ends([]float64{one, other}, 0.05)
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range []float64{one, other} {
			if at := s.at(v); !(at >= -1e-6 && at <= 1+1e-6) || !s.has(v) {
				t.Fatalf("%v lies at %v from %v to %v", v, at, s.lo, s.hi)
			}
		}
		ticks := ticker{s, a.Whole}.marks()
		least := 2
		if a.Whole { // a short range may have no whole number
			least = 0
		}
		if len(ticks) < least || len(ticks) > maxTicks+1 {
			t.Fatalf("%d labels from %v to %v", len(ticks), s.lo, s.hi)
		}
		for i, at := range ticks {
			if i > 0 && (at.Value <= ticks[i-1].Value || at.Label == ticks[i-1].Label) {
				t.Fatalf("label %q at %v after %q at %v", at.Label, at.Value, ticks[i-1].Label, ticks[i-1].Value)
			}
			if part := s.at(at.Value); !(part >= -1e-6 && part <= 1+1e-6) {
				t.Fatalf("label %v is not in [%v,%v]", at.Value, s.lo, s.hi)
			}
			if a.Whole && !a.Log && at.Value != math.Round(at.Value) {
				t.Fatalf("label %v is not a whole number", at.Value)
			}
			if v, err := strconv.ParseFloat(at.Label, 64); err != nil || !approx.Close(v, at.Value, 1e-9*math.Abs(at.Value)) || len(at.Label) > 22 {
				t.Fatalf("the label at %v reads %q", at.Value, at.Label)
			}
		}
	})
}

// drawAny draws a chart of two lines through any values and checks the drawing.
func drawAny(t interface{ Fatalf(string, ...any) }, c Chart) {
	var svg, png bytes.Buffer
	if err := c.SVG(&svg); err != nil {
		if strings.Contains(err.Error(), "\n") || svg.Len() > 0 {
			t.Fatalf("error %q after %d bytes", err, svg.Len())
		}
		return
	}
	for dec := xml.NewDecoder(bytes.NewReader(svg.Bytes())); ; {
		if _, err := dec.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatalf("not well-formed: %v", err)
		}
	}
	if text := svg.String(); len(text) > 1<<18 || strings.Contains(text, "NaN") || strings.Contains(text, "Inf") {
		t.Fatalf("a drawing of %d bytes: %.2000s", len(text), text)
	}
	if err := c.PNG(&png); err != nil {
		t.Fatalf("as PNG: %v", err)
	}
}

// TestChartOfAnyValues: any chart is drawn or refused.
func TestChartOfAnyValues(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		base := anyFloat(1).Draw(t, "base")
		values := rapid.SliceOfN(anyFloat(base), 3, 3)
		c := Chart{Title: "t", X: Axis{Log: rapid.Bool().Draw(t, "log x"), Whole: true}, Y: Axis{Label: "y", Log: rapid.Bool().Draw(t, "log y")}}
		if rapid.Bool().Draw(t, "fixed") {
			c.Y.Min, c.Y.Max = anyFloat(base).Draw(t, "min"), anyFloat(base).Draw(t, "max")
		}
		c.Lines = []Line{
			{Name: "a", X: values.Draw(t, "x"), Y: values.Draw(t, "y")},
			{Name: "b", X: values.Draw(t, "x"), Y: values.Draw(t, "y"), Low: values.Draw(t, "low"), High: values.Draw(t, "high")},
		}
		drawAny(t, c)
	})
}

// FuzzChart draws charts of values given as bytes.
func FuzzChart(f *testing.F) {
	seed := func(kind byte, values ...float64) {
		b := []byte{kind}
		for _, v := range values {
			b = binary.LittleEndian.AppendUint64(b, math.Float64bits(v))
		}
		f.Add(b)
	}
	next := math.Nextafter(3, 4)
	seed(0, 1, 1e300, 2, 2)
	seed(1, 1, 1e-300, 2, 1e307)
	seed(0, 1, -1e307, 2, 1e307)
	seed(0, 1, 3, 2, next)
	seed(3, 1, 3, next, next)
	seed(4, 0, 5e-324, 1, 1e-323)
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) == 0 {
			return
		}
		c := Chart{Title: "t", X: Axis{Log: b[0]&2 != 0}, Y: Axis{Log: b[0]&1 != 0, Whole: b[0]&4 != 0}, Lines: []Line{{Name: "l"}}}
		l := &c.Lines[0]
		for pair := range slices.Chunk(b[1:], 16) {
			if len(pair) == 16 && len(l.X) < 100 {
				l.X = append(l.X, math.Float64frombits(binary.LittleEndian.Uint64(pair)))
				l.Y = append(l.Y, math.Float64frombits(binary.LittleEndian.Uint64(pair[8:])))
			}
		}
		drawAny(t, c)
	})
}

// TestLongLine: a line of many points is drawn small, with its peak.
func TestLongLine(t *testing.T) {
	l := Line{Name: "long"}
	for i := range 1_000_000 {
		l.X, l.Y = append(l.X, float64(i)), append(l.Y, math.Sin(float64(i)/1e5))
	}
	l.Y[777_777], l.Y[5] = 50, math.NaN()
	c, left, err := Chart{Lines: []Line{l}}.drawn()
	if err != nil || left != 1 || len(c.Lines[0].X) > mostPoints || !slices.Contains(c.Lines[0].Y, 50) || !slices.IsSorted(c.Lines[0].X) {
		t.Errorf("%d points are drawn and %d are not, error %v", len(c.Lines[0].X), left, err)
	}
	drawAny(t, Chart{Lines: []Line{l}})
}
