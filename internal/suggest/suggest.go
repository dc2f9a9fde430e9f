// Package suggest finds the word that a person may have meant.
package suggest

import "strings"

// Word returns the word of a list that is nearest to another: one that differs in letter case or is its beginning, or else that with the
// fewest edits, at most one in three letters. It returns "" if none is near, and prefers the first of equals.
func Word(word string, list []string) string {
	best, least := "", (len(word)+1)/3+1
	for _, w := range list {
		if len(word) > 2 && (strings.EqualFold(w, word) || strings.HasPrefix(w, word) || strings.HasPrefix(word, w)) {
			return w
		}
		if n := len(w) - len(word); n < least && -n < least {
			if d := Distance(word, w); d < least {
				best, least = w, d
			}
		}
	}
	return best
}

// Distance returns how many letters turn one word into another if they are inserted, deleted or replaced.
func Distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		last := row[0]
		row[0]++
		for j := range len(b) {
			cost := last
			if a[i] != b[j] {
				cost++
			}
			last = row[j+1]
			row[j+1] = min(cost, row[j+1]+1, row[j]+1)
		}
	}
	return row[len(b)]
}
