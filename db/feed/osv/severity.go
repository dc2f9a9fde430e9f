package osv

import (
	"strconv"
	"strings"

	"github.com/hullmark/hullmark/db/feed/internal/levels"
	"github.com/hullmark/hullmark/matcher"
)

// severities joins vectors and scores with the publisher's word. The error reports an unknown word, which the severities still contain.
func (r *record) severities(list []severity, word string) ([]matcher.Severity, error) {
	var out []matcher.Severity
	source := r.publisher()
	for _, s := range list {
		v := matcher.Severity{Source: source}
		switch f, e := strconv.ParseFloat(s.Score, 64); {
		case s.Score == "":
			continue
		case strings.Contains(s.Score, "/"):
			v.Vector = s.Score
		case e == nil && f >= 0 && f <= 10:
			v.Score = f
		default: // a type specific to the publisher: {"type": "Ubuntu", "score": "medium"}
			if word == "" {
				word = s.Score
			}
			continue
		}
		out = append(out, v)
	}
	if word == "" {
		return out, nil
	}
	level, err := levels.Parse(word)
	if len(out) == 0 {
		out = []matcher.Severity{{Source: source}}
	}
	for i := range out {
		out[i].Level, out[i].Word = level, word
	}
	return out, err
}

// publisher returns the prefix of the record's ID: "ghsa" for "GHSA-xx65-cc7g-9pfp".
func (r *record) publisher() string {
	prefix, _, _ := strings.Cut(string(r.ID), "-")
	return strings.ToLower(prefix)
}
