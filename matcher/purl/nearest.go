package purl

import (
	"strings"

	"github.com/hullmark/hullmark/matcher"
)

// maxName bounds the bytes of names that Nearest compares letter by letter.
const maxName = 64

// Nearest returns the package URL, without a version, of the target that a pattern without a match may mean: one with the same name in
// another version, distribution or type, else one of the same type whose name differs in at most two letters and at most a third of them.
// Without such a target it returns "". It takes linear time in the number of targets.
func (p *Pattern) Nearest(targets []*Target) string {
	best, distance := "", 3
	for _, t := range targets {
		for _, k := range [...]matcher.Key{t.key, t.source} {
			d := 3
			switch {
			case strings.EqualFold(k.Name, p.key.Name) && k.Type == p.key.Type:
				d = 0
			case strings.EqualFold(k.Name, p.key.Name):
				d = 1
			case k.Type == p.key.Type:
				d = difference(strings.ToLower(k.Name), strings.ToLower(p.key.Name))
			}
			if d < distance {
				best, distance = text(k), d
			}
		}
	}
	return best
}

// text returns the package URL of a key.
func text(k matcher.Key) string {
	name := k.Name
	if k.Namespace != "" {
		name = k.Namespace + "/" + name
	}
	return "pkg:" + k.Type + "/" + name
}

// difference returns the number of letters to insert, delete or replace, 3 for more than two and for short or long names.
func difference(a, b string) int {
	const many = 3
	most := min(2, min(len(a), len(b))/3) // a short name is another one, and not a misspelled one
	if n := len(a) - len(b); n > most || n < -most || most == 0 || max(len(a), len(b)) > maxName {
		return many
	}
	var rows [2][maxName + 1]int
	for j := range len(b) + 1 {
		rows[0][j] = j
	}
	for i := range len(a) {
		was, is := &rows[i%2], &rows[(i+1)%2]
		is[0] = i + 1
		for j := range len(b) {
			d := was[j]
			if a[i] != b[j] {
				d++
			}
			is[j+1] = min(d, was[j+1]+1, is[j]+1)
		}
	}
	if d := rows[len(a)%2][len(b)]; d <= most {
		return d
	}
	return many
}
