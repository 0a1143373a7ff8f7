package cli

import (
	"fmt"
	"io"
	"math"
	"strings"

	"github.com/coarsegrain/taylornet/app/internal/plain"
	"github.com/coarsegrain/taylornet/app/internal/report"
)

// mostCell is how wide a cell is before the last column, whose width moves nothing.
const mostCell = 100

// table is text in columns.
type table struct {
	right []bool // columns aligned to the right, as numbers are
	rows  [][]string
}

// newTable returns a table with headings. A heading that begins with ">" belongs to a
// column that is aligned to the right.
func newTable(headings ...string) *table {
	t := &table{right: make([]bool, len(headings))}
	for i := range headings {
		headings[i], t.right[i] = strings.CutPrefix(headings[i], ">")
	}
	t.add(headings...)
	return t
}

// add adds a row; it may lack the last columns. Long cells are cut in the middle.
func (t *table) add(cells ...string) {
	row := make([]string, len(cells))
	for i, cell := range cells {
		if row[i] = line(cell); i < len(t.right)-1 {
			row[i] = plain.Cut(row[i], mostCell)
		}
	}
	t.rows = append(t.rows, row)
}

func (t *table) write(w io.Writer) {
	widths := make([]int, len(t.right))
	for _, row := range t.rows {
		for i, cell := range row {
			widths[i] = max(widths[i], plain.Width(cell))
		}
	}
	for _, row := range t.rows {
		var line strings.Builder
		for i, cell := range row {
			space := strings.Repeat(" ", widths[i]-plain.Width(cell))
			if t.right[i] {
				cell, space = space+cell, ""
			}
			line.WriteString(cell + space + "  ")
		}
		fmt.Fprintln(w, strings.TrimRight(line.String(), " "))
	}
}

// count writes a whole number as reports do: 12,345.
func count(n int) string { return report.Count(n) }

// wholePart writes the whole part of a number as count does, or with an exponent if it is very
// large.
func wholePart(x float64) string { return report.Whole(math.Trunc(x)) }

// percent writes a fraction as 98.76 %.
func percent(x float64) string { return fmt.Sprintf("%.2f %%", 100*x) }

// optional is percent, or a dash for nil.
func optional(x *float64) string {
	if x == nil {
		return "-"
	}
	return percent(*x)
}

// plural is "1 image" or "2 images".
func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return count(n) + " " + what + "s"
}
