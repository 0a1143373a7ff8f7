package report

import (
	"bytes"
	"fmt"
	"image/color"
	"io"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
	"gonum.org/v1/plot/vg/vgsvg"

	xfont "golang.org/x/image/font"
)

// Chart is a line chart. It leaves out points that it cannot draw, such as infinite ones,
// and says how many. Of a long line it draws what can be seen.
type Chart struct {
	Title string
	X, Y  Axis
	Lines []Line
}

// Axis is one axis of a chart.
type Axis struct {
	Label string // with the unit, as in "accuracy (%)"
	// Min and Max are the ends of the axis. If they are equal, the axis spans the
	// data. Points beyond the ends are not drawn.
	Min, Max float64
	Log      bool // logarithmic
	Whole    bool // labels at whole numbers only
}

// Line is a series of points, drawn joined. Each is marked if they are few. A single
// point is drawn as a ring, to point out something on another line.
type Line struct {
	Name string // in the legend
	X, Y []float64
	// Low and High, if not nil, are the ends of each point's interval.
	Low, High []float64
}

// The size of a chart, and the number of points up to which each is marked.
const (
	width, height = 4.6 * vg.Inch, 3.1 * vg.Inch
	rowHeight     = vg.Length(17) // of title and legend
	dotsPerInch   = 192
	fewPoints     = 30
)

// The house style. The colours of lines are six of those that Okabe and Ito chose for
// colour-blind readers. Dashes and marks differ too.
func ink() color.RGBA  { return color.RGBA{0x22, 0x22, 0x22, 0xff} }
func grid() color.RGBA { return color.RGBA{0xdd, 0xdd, 0xdd, 0xff} }

func palette() []color.RGBA {
	return []color.RGBA{
		{0x00, 0x72, 0xb2, 0xff}, {0xd5, 0x5e, 0x00, 0xff}, {0x00, 0x9e, 0x73, 0xff},
		{0xcc, 0x79, 0xa7, 0xff}, {0x56, 0xb4, 0xe9, 0xff}, {0xe6, 0x9f, 0x00, 0xff},
	}
}

func dashes() [][]vg.Length {
	return [][]vg.Length{nil, {5, 2.5}, {1.5, 2}, {7, 2, 1.5, 2}}
}

func glyphs() []draw.GlyphDrawer {
	return []draw.GlyphDrawer{draw.CircleGlyph{}, draw.BoxGlyph{}, draw.PyramidGlyph{}, draw.CrossGlyph{}}
}

const family = "Liberation Sans"

// face returns the font of all text. SVG names it, PNG has it drawn.
func face(size vg.Length, weight xfont.Weight) font.Font {
	return font.Font{Typeface: "Liberation", Variant: "Sans", Size: size, Weight: weight}
}

// SVG writes the chart as a document of its own, with a transparent background.
func (c Chart) SVG(w io.Writer) error {
	canvas := vgsvg.New(width, height)
	if err := c.draw(draw.New(canvas)); err != nil {
		return err
	}
	var b bytes.Buffer
	if _, err := canvas.WriteTo(&b); err != nil {
		return fmt.Errorf("chart %q: %w", c.Title, err)
	}
	// The alternatives have the widths that the text was laid out for.
	_, err := w.Write(bytes.ReplaceAll(b.Bytes(), []byte(family), []byte(family+", Arial, Helvetica, sans-serif")))
	return err
}

// PNG writes the chart as a picture on white, of 883 x 595 pixels.
func (c Chart) PNG(w io.Writer) error {
	canvas := vgimg.NewWith(vgimg.UseWH(width, height), vgimg.UseDPI(dotsPerInch))
	if err := c.draw(draw.New(canvas)); err != nil {
		return err
	}
	_, err := vgimg.PngCanvas{Canvas: canvas}.WriteTo(w)
	return err
}

// draw draws the title and the legend, and the plot below.
func (c Chart) draw(area draw.Canvas) error {
	c, left, err := c.drawn()
	if err != nil {
		return fmt.Errorf("chart %q: %w", c.Title, err)
	}
	x, y, err := c.ends()
	if err != nil {
		return fmt.Errorf("chart %q: %w", c.Title, err)
	}
	if left > 0 {
		c.Y.Label += fmt.Sprintf(" (not drawn, because too large, too small or no number: %s)", Count(left))
	}
	p := plot.New()
	p.BackgroundColor = nil
	lines := plotter.NewGrid()
	lines.Vertical.Color = nil
	lines.Horizontal = draw.LineStyle{Color: grid(), Width: 0.5}
	p.Add(lines)

	style := text.Style{Color: ink(), Font: face(11, xfont.WeightBold), YAlign: draw.YTop, Handler: plot.DefaultTextHandler}
	at := vg.Point{X: area.Min.X, Y: area.Max.Y}
	if c.Title != "" {
		area.FillText(style, at, c.Title)
		at.Y -= rowHeight
	}
	style.Font = face(9, xfont.WeightNormal)
	for i, l := range c.Lines {
		entry := 24 + style.Width(l.Name)
		if i > 0 && at.X+entry > area.Max.X {
			at = vg.Point{X: area.Min.X, Y: at.Y - rowHeight}
		}
		icon := draw.Canvas{Canvas: area.Canvas, Rectangle: vg.Rectangle{Min: at.Add(vg.Point{Y: -10}), Max: at.Add(vg.Point{X: 20})}}
		for _, part := range l.parts(i, x, y) {
			p.Add(part)
			part.Thumbnail(&icon)
		}
		area.FillText(style, at.Add(vg.Point{X: 24}), l.Name)
		at.X += entry + 14
	}
	// The label of the y axis stands level above it.
	at = vg.Point{X: area.Min.X, Y: at.Y - rowHeight}
	if c.Y.Label != "" {
		area.FillText(style, at, c.Y.Label)
		at.Y -= rowHeight
	}
	c.X.set(&p.X, x)
	c.Y.set(&p.Y, y)
	p.X.Label.Text = c.X.Label
	// The right margin is for half of the axis's last label.
	p.Draw(draw.Crop(area, 0, -8, 2, at.Y-area.Max.Y))
	return nil
}

// ends returns the ends of both axes.
func (c Chart) ends() (x, y span, err error) {
	var xs, ys []float64
	for _, l := range c.Lines {
		xs, ys = append(xs, l.X...), append(append(append(ys, l.Y...), l.Low...), l.High...)
	}
	if x, err = c.X.ends(xs, 0); err != nil {
		return x, y, fmt.Errorf("x: %w", err)
	}
	if y, err = c.Y.ends(ys, 0.05); err != nil {
		return x, y, fmt.Errorf("y: %w", err)
	}
	return x, y, nil
}

// set gives a plot's axis its ends, 0 and 1, and the house style.
func (a Axis) set(axis *plot.Axis, ends span) {
	axis.Min, axis.Max = 0, 1
	axis.Label.TextStyle.Font, axis.Label.TextStyle.Color = face(9, xfont.WeightNormal), ink()
	axis.Label.Padding = 3
	axis.Tick.Label.Font, axis.Tick.Label.Color = face(9, xfont.WeightNormal), ink()
	axis.LineStyle = draw.LineStyle{Color: ink(), Width: 0.5}
	axis.Tick.LineStyle, axis.Tick.Length = axis.LineStyle, 3
	axis.Tick.Marker = ticker{ends, a.Whole}
	axis.Padding = 0
}

// part is a part of a line's drawing.
type part interface {
	plot.Plotter
	plot.Thumbnailer
}

// parts draws the line, the i-th of a chart, within its axes.
func (l Line) parts(i int, x, y span) []part {
	var all, seen plotter.XYs
	for j := range l.X {
		point := plotter.XY{X: x.at(l.X[j]), Y: y.at(l.Y[j])}
		all = append(all, point)
		if x.has(l.X[j]) && y.has(l.Y[j]) {
			seen = append(seen, point)
		}
	}
	colour := palette()[i%len(palette())]
	points := &plotter.Scatter{XYs: seen, GlyphStyle: draw.GlyphStyle{
		Color: colour, Radius: 2, Shape: glyphs()[i%len(glyphs())],
	}}
	line := &plotter.Line{XYs: all, LineStyle: draw.LineStyle{
		Color: colour, Width: 1.4, Dashes: dashes()[i%len(dashes())],
	}}
	parts := []part{line}
	if l.Low != nil {
		parts = append(parts, &bars{line: l, x: x, y: y, style: draw.LineStyle{Color: colour, Width: 0.8}})
	}
	switch {
	case len(all) == 1:
		points.Radius, points.Shape = 4.5, ring{}
		return []part{points}
	case len(all) > fewPoints:
		return parts
	}
	return append(parts, points)
}

// bars are the intervals of a line's points.
type bars struct {
	line  Line
	x, y  span
	style draw.LineStyle
}

// Plot implements plot.Plotter.
func (b *bars) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	for i, at := range b.line.X {
		lo, hi := max(b.line.Low[i], b.y.lo), min(b.line.High[i], b.y.hi)
		if b.x.has(at) && lo <= hi {
			c.StrokeLine2(b.style, x(b.x.at(at)), y(b.y.at(lo)), x(b.x.at(at)), y(b.y.at(hi)))
		}
	}
}

// Thumbnail implements plot.Thumbnailer. The line's own is enough.
func (b *bars) Thumbnail(*draw.Canvas) {}

// ring is a circle around a point.
type ring struct{}

// DrawGlyph implements draw.GlyphDrawer.
func (ring) DrawGlyph(c *draw.Canvas, style draw.GlyphStyle, at vg.Point) {
	var p vg.Path
	p.Move(at.Add(vg.Point{X: style.Radius}))
	p.Arc(at, style.Radius, 0, 2*math.Pi)
	p.Close()
	c.SetLineStyle(draw.LineStyle{Color: style.Color, Width: 1.4})
	c.Stroke(p)
}
