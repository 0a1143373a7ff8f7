package report

import (
	"cmp"
	"fmt"
	"math"
	"slices"
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

// mostClasses is the most columns of a table, and rows of a confusion matrix.
const mostClasses = 100

// newCountTable returns a table of counts [rows][columns] with those columns. right holds the
// correct column of each row. Sums are over all columns and rows; a row is shown if its
// index is among those given.
func newCountTable(id, corner string, classes []string, counts [][]int, right, rows, columns []int) *countTable {
	t := &countTable{ID: id, Corner: corner}
	for _, j := range columns {
		t.Classes = append(t.Classes, classes[j])
	}
	correct := 0
	for i, list := range counts {
		t.Total += sum(list)
		correct += list[right[i]]
	}
	for _, i := range rows {
		row := countRow{Class: classes[right[i]], Total: sum(counts[i])}
		for _, j := range columns {
			n := counts[i][j]
			fraction := float64(n) / float64(max(1, row.Total))
			// The square root makes single mistakes among thousands visible.
			row.Cells = append(row.Cells, countCell{n, j == right[i], math.Round(100*math.Sqrt(fraction)) / 100})
		}
		row.Accuracy = float64(counts[i][right[i]]) / float64(max(1, row.Total))
		t.Rows = append(t.Rows, row)
	}
	t.Accuracy = float64(correct) / float64(max(1, t.Total))
	return t
}

func sum(list []int) (total int) {
	for _, n := range list {
		total += n
	}
	return total
}

// indices returns 0 to n-1.
func indices(n int) []int {
	list := make([]int, n)
	for i := range list {
		list[i] = i
	}
	return list
}

// matrix returns the table of a confusion matrix [K][K], by true class, then by
// predicted class. Of many classes it has those with most mistakes.
func matrix(classes []string, confusion [][]int, caption string) *countTable {
	all := indices(len(confusion))
	shown := slices.Clone(all)
	if len(all) > mostClasses {
		slices.SortStableFunc(shown, func(a, b int) int {
			return cmp.Compare(sum(confusion[b])-confusion[b][b], sum(confusion[a])-confusion[a][a])
		})
		shown = shown[:mostClasses]
		slices.Sort(shown)
		caption += fmt.Sprintf(" Of the %s classes these %d have most mistakes. The sums are over all classes.", Count(len(all)), mostClasses)
	}
	t := newCountTable("matrix", "True class", classes, confusion, all, shown, shown)
	t.Caption = caption
	return t
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
