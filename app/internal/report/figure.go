package report

import (
	"fmt"
	"html/template"
	"image/color"
	"math"
	"strings"

	"github.com/coarsegrain/taylornet/internal/stats"
)

// NamedChart is a chart with a name for its file and a caption.
type NamedChart struct {
	Name string
	Chart
	Caption string
}

// figure is a chart for a page.
type figure struct {
	SVG     template.HTML
	Caption string
}

// figures returns charts for a page.
func figures(charts []NamedChart) ([]figure, error) {
	var list []figure
	for _, c := range charts {
		svg, err := c.inline(c.Title)
		if err != nil {
			return nil, err
		}
		list = append(list, figure{svg, c.Caption})
	}
	return list, nil
}

// addInterval adds a mean, and its interval if it has one.
func (l *Line) addInterval(x float64, v stats.Interval, scale float64) {
	l.X, l.Y = append(l.X, x), append(l.Y, scale*v.Mean)
	if !math.IsNaN(v.Low) {
		l.Low, l.High = append(l.Low, scale*v.Low), append(l.High, scale*v.High)
	}
}

// inline returns the chart as a part of a page, in the colours of its scheme.
func (c Chart) inline(description string) (template.HTML, error) {
	var b strings.Builder
	if err := c.SVG(&b); err != nil {
		return "", err
	}
	_, svg, _ := strings.Cut(b.String(), "<svg")
	svg = scheme().Replace(svg)
	//nolint:gosec // all text in it was escaped by SVG
	return template.HTML(`<svg role="img" aria-label="` + template.HTMLEscapeString(description) + `"` + svg), nil
}

// scheme replaces colours by the style's variables, which follow the reader's
// choice of light and dark.
func scheme() *strings.Replacer {
	hex := func(c color.RGBA) string { return fmt.Sprintf("#%02X%02X%02X", c.R, c.G, c.B) }
	pairs := []string{hex(ink()), "var(--ink)", hex(grid()), "var(--line)"}
	for i, c := range palette() {
		pairs = append(pairs, hex(c), fmt.Sprintf("var(--c%d)", i))
	}
	return strings.NewReplacer(pairs...)
}
