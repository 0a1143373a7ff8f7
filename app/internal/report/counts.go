package report

import (
	"fmt"
	"math"
)

// countTable is a table of numbers of images: the confusion matrix, or one whose rows are
// references.
type countTable struct {
	ID      string // on the page
	Caption string
	Corner  string   // what the rows are
	Classes []string // the columns
	Rows    []countRow
	// Total and Accuracy are those of all rows.
	Total    int
	Accuracy float64
}

type countRow struct {
	Class    string
	Picture  *shownPicture // if the row is a reference
	Cells    []countCell
	Total    int
	Accuracy float64 // of this row's images
}

type countCell struct {
	Count int
	Right bool
	Shade float64 // 0 to 1, by the fraction of the row
}

// newCountTable returns a table of counts [rows][columns]. right holds the correct column
// of each row.
func newCountTable(id, corner string, classes []string, counts [][]int, right []int) *countTable {
	t := &countTable{ID: id, Corner: corner, Classes: classes}
	correct := 0
	for i, list := range counts {
		row := countRow{Class: classes[right[i]]}
		for _, n := range list {
			row.Total += n
		}
		for j, n := range list {
			fraction := float64(n) / float64(max(1, row.Total))
			// The square root makes single mistakes among thousands visible.
			row.Cells = append(row.Cells, countCell{n, j == right[i], math.Round(100*math.Sqrt(fraction)) / 100})
		}
		row.Accuracy = float64(list[right[i]]) / float64(max(1, row.Total))
		t.Rows = append(t.Rows, row)
		t.Total += row.Total
		correct += list[right[i]]
	}
	t.Accuracy = float64(correct) / float64(max(1, t.Total))
	return t
}

// matrix returns the table of a confusion matrix [K][K], by true class, then by
// predicted class.
func matrix(classes []string, confusion [][]int) *countTable {
	right := make([]int, len(confusion))
	for k := range right {
		right[k] = k
	}
	return newCountTable("matrix", "True class", classes, confusion, right)
}

// checkConfusion returns an error unless a confusion matrix has that many classes.
func checkConfusion(confusion [][]int, classes int) error {
	if len(confusion) != classes {
		return fmt.Errorf("the evaluation has %d classes, the model %d", len(confusion), classes)
	}
	for _, row := range confusion {
		if len(row) != classes {
			return fmt.Errorf("the confusion matrix has a row of %d counts for %d classes", len(row), classes)
		}
	}
	return nil
}

// Turned reports whether the column heads are too long to stand level.
func (t *countTable) Turned() bool {
	for _, class := range t.Classes {
		if len(class) > 4 {
			return true
		}
	}
	return false
}

// FirstColumns returns the number of columns before the sums.
func (t *countTable) FirstColumns() int { return 1 + len(t.Classes) }
