package matcher

import (
	"slices"

	"github.com/hullmark/hullmark/analyzer"
)

// Join joins the results of the parts of a report into the result of the whole. Each part has some of the components, each of them in one
// part only, and is matched with the same Source, with the Distro and the operating system of the report, and with the owners of its
// components, which [Matcher.Only] leaves out. Report is the whole.
func (m Matcher) Join(report *analyzer.Report, parts []*Result) *Result {
	result := new(Result)
	matches := make(map[string][]Match)
	skipped := make(map[string][]Skipped)
	covered := make(map[Key]bool)
	for _, p := range parts {
		if p.Matches != nil && result.Matches == nil {
			result.Matches = []Match{}
		}
		for i := 0; i < len(p.Matches); {
			end := i + 1
			for end < len(p.Matches) && p.Matches[end].Component == p.Matches[i].Component {
				end++
			}
			matches[p.Matches[i].Component] = p.Matches[i:end]
			i = end
		}
		for i := range p.Skipped {
			id := p.Skipped[i].Component
			skipped[id] = append(skipped[id], p.Skipped[i])
		}
		var added []Key
		for _, c := range p.Coverage {
			k := Key{Type: c.Type, Namespace: c.Namespace, Release: c.Release}
			if !covered[k] {
				result.Coverage = append(result.Coverage, c)
				added = append(added, k)
			}
		}
		for _, k := range added { // all rows of an ecosystem are of the first part that has it
			covered[k] = true
		}
	}
	for i := range report.Components {
		id := report.Components[i].ID
		result.Matches = append(result.Matches, matches[id]...)
		result.Skipped = append(result.Skipped, skipped[id]...)
		delete(matches, id)
		delete(skipped, id)
	}
	result.Coverage = addUnread(slices.Clip(result.Coverage), report)
	if result.Matches != nil {
		m.setEndOfLife(result.Coverage, report.Distro)
	}
	return result
}

// setEndOfLife sets EndOfLife of the rows whose support has ended.
func (m Matcher) setEndOfLife(rows []Coverage, d *analyzer.Distro) {
	for i := range rows {
		rows[i].EndOfLife = rows[i].EndOfLife || !m.Now.IsZero() && ended(&rows[i], d, m.Now)
	}
}
