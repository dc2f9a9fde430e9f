package table

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hullmark/hullmark/internal/english"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/report"
)

// ranges writes the ranges and versions of an advisory, with the comparisons.
func (p *explainer) ranges(g *report.ExplanationGroup) {
	a := g.Advisory
	if len(a.Ranges) == 0 && len(a.Versions) == 0 {
		if a.Status != matcher.NotAffected {
			p.line("range", "every version")
		}
		return
	}
	steps := make(map[int][]matcher.Comparison)
	for _, c := range g.Comparisons {
		steps[c.Range] = append(steps[c.Range], c)
	}
	shown := 0
	for i := range a.Ranges {
		if len(a.Ranges) > maxRanges && shown >= maxRanges-1 && !holds(steps[i]) {
			continue
		}
		shown++
		p.line("range", "%s", rangeText(&a.Ranges[i]))
		var parts []string
		for _, c := range steps[i] {
			parts = append(parts, g.Version+" "+c.String())
			if c.Error != "" {
				parts[len(parts)-1] += ": " + c.Error
			}
		}
		switch {
		case len(parts) == 0:
		case holds(steps[i]):
			p.line("  compared", "%s: inside", strings.Join(parts, ", "))
		default:
			p.line("  compared", "%s: outside", strings.Join(parts, ", "))
		}
	}
	if n := len(a.Ranges) - shown; n > 0 {
		p.line("", "and %s", english.Count(n, "range")+" that it is outside of")
	}
	if n := len(a.Versions); n > 0 {
		listed := "without the installed one"
		if s := steps[-1]; len(s) > 0 {
			listed = "including " + s[0].Value
		}
		if len(g.Components) == 0 {
			listed = "such as " + a.Versions[0]
		}
		p.line("versions", "%s, %s", english.Count(n, "single version"), listed)
	}
}

// holds reports whether a version is inside a range, by all comparisons with its bounds.
func holds(steps []matcher.Comparison) bool {
	return !slices.ContainsFunc(steps, func(c matcher.Comparison) bool { return !c.Satisfied })
}

func rangeText(r *matcher.Range) string {
	if r.Repo != "" {
		return "commits of " + r.Repo + ", which cannot be compared with versions"
	}
	text := "from the first version"
	if r.Introduced != "" && r.Introduced != "0" {
		text = "from " + r.Introduced
	}
	switch {
	case r.Fixed != "":
		text += " to before " + r.Fixed
	case r.LastAffected != "":
		text += " to " + r.LastAffected
	default:
		text += " on, without a fix"
	}
	return text
}

func severityText(s matcher.Severity) string {
	text := s.Level.String() + " (" + s.Source
	if s.Word != "" && !strings.EqualFold(s.Word, s.Level.String()) {
		text += ": " + s.Word
	}
	if s.Vector != "" {
		text += fmt.Sprintf(": %.1f, %s", s.Score, s.Vector)
	} else if s.Score > 0 {
		text += fmt.Sprintf(": %.1f", s.Score)
	}
	return text + ")"
}
