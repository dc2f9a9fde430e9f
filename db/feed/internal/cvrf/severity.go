package cvrf

import (
	"strconv"
	"strings"

	"github.com/hullmark/hullmark/db/feed/internal/levels"
	"github.com/hullmark/hullmark/matcher"
)

// Severities returns the severities of a vulnerability. The error reports an unknown severity.
func (v *Vulnerability) Severities(source string) ([]matcher.Severity, error) {
	level, err := levels.Parse(v.Impact)
	var out []matcher.Severity
	for _, s := range v.Scores {
		m := matcher.Severity{Source: source, Level: level, Word: v.Impact, Vector: s.Vector}
		switch {
		case strings.Contains(s.Vector, "Au:"): // version 2
		case strings.Contains(s.Vector, "AV:") && !strings.HasPrefix(s.Vector, "CVSS:"): // without the version
			m.Vector = "CVSS:3.1/" + s.Vector
		case s.Vector == "":
			m.Score, _ = strconv.ParseFloat(s.Base, 64)
			if !(m.Score > 0 && m.Score <= 10) {
				continue
			}
		}
		out = append(out, m)
	}
	if len(out) == 0 && v.Impact != "" {
		out = []matcher.Severity{{Source: source, Level: level, Word: v.Impact}}
	}
	return out, err
}
