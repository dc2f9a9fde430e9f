package anchore

import "strings"

// nearest returns the word that differs least from s, or "" if all differ much.
func nearest(s string, words []string) string {
	if len(s) > 64 {
		return ""
	}
	best, least := "", 1+len(s)/3
	for _, w := range words {
		if d := distance(strings.ToLower(s), strings.ToLower(w)); d < least && w != s {
			best, least = w, d
		}
	}
	return best
}

// distance is the least number of insertions, deletions and replacements that make b of a.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j+1]+1, row[j]+1)
		}
	}
	return row[len(b)]
}
