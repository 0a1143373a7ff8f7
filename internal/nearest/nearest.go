package nearest

import "strings"

// Word returns the candidate that a word most resembles, or "" if there is none. It
// is one that differs only in case, or else the one with the fewest edits: at most
// two, and fewer than half its letters.
func Word(word string, candidates []string) string {
	best, least := "", 3
	for _, candidate := range candidates {
		if strings.EqualFold(candidate, word) {
			return candidate
		}
		if d := distance(word, candidate); d < least && 2*d < len(candidate) {
			best, least = candidate, d
		}
	}
	return best
}

// distance returns the number of bytes to insert, delete, replace or swap with
// the next one to turn a into b (optimal string alignment). An a more than
// twice as long as b is too far away to be worth the time.
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
