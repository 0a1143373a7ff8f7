package spec

import "strings"

// nearest is the operation, or Input, that a word most looks like: the same
// but for case, or else at most two edits away and fewer than half its
// letters. It is "" if there is none.
func nearest(word string) string {
	best, least := "", 3
	for _, candidate := range names() {
		if strings.EqualFold(candidate, word) {
			return candidate
		}
		if d := distance(word, candidate); d < least && 2*d < len(candidate) {
			best, least = candidate, d
		}
	}
	return best
}

// distance is the number of letters to insert, delete, replace or swap with
// the next to make b of a (optimal string alignment).
func distance(a, b string) int {
	if len(a) > 2*len(b) {
		return len(a)
	}
	var before, above []int
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		before, above, row = above, row, make([]int, len(b)+1)
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			row[j+1] = min(above[j+1]+1, row[j]+1, above[j]+cost)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
	}
	return row[len(b)]
}
