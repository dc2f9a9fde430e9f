package assess

import (
	"slices"
	"time"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/indirectsort"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/report"
)

// grouped groups the explanations of one report. Dates returns the date of a feed's data about an ecosystem, zero if unknown.
func grouped(name, id string, found *analyzer.Report, list []matcher.Explanation, dates func(feed string, ecosystem matcher.Key) time.Time) *report.Explanations {
	x := &report.Explanations{Name: name, ID: id, Report: found}
	components := make(map[string]*analyzer.Component, len(found.Components))
	for i := range found.Components {
		components[found.Components[i].ID] = &found.Components[i]
	}
	for _, e := range list {
		if e.Outcome == matcher.OutcomeNoData {
			x.NoData = append(x.NoData, e.Key)
			continue
		}
		add(x, e, components[e.Component])
	}
	for i := range x.Groups {
		if a := x.Groups[i].Advisory; a != nil {
			x.Groups[i].FeedDate = dates(a.Feed, a.Key.Ecosystem())
		}
	}
	x.Affected = slices.ContainsFunc(x.Groups, func(g report.ExplanationGroup) bool { return g.Outcome == matcher.OutcomeAffected })
	indirectsort.Sort(x.Groups, func(a, b *report.ExplanationGroup) int {
		return slices.Index(outcomes[:], a.Outcome) - slices.Index(outcomes[:], b.Outcome)
	})
	return x
}

// outcomes is the order in which a person reads them.
var outcomes = [...]matcher.Outcome{
	matcher.OutcomeAffected, matcher.OutcomeUncertain, matcher.OutcomeFixed, matcher.OutcomeNotAffected, matcher.OutcomeNotPresent, matcher.OutcomeOutOfRange,
	matcher.OutcomeOtherSystem, matcher.OutcomeSkipped, matcher.OutcomeOtherRelease, matcher.OutcomeNotInstalled, matcher.OutcomeNoAdvisory,
}

// add puts an explanation into the group with the same outcome, or into a new one. The component is nil if none is concerned.
func add(x *report.Explanations, e matcher.Explanation, c *analyzer.Component) {
	for i := range x.Groups {
		g := &x.Groups[i]
		switch {
		case g.Outcome != e.Outcome:
		case c == nil && sameSubject(&g.Explanation, &e):
			g.Releases = append(g.Releases, e.Key.Release)
			return
		case c != nil && belongs(g, &e, c):
			g.Components = append(g.Components, c)
			return
		}
	}
	g := report.ExplanationGroup{Explanation: e}
	if c != nil {
		g.Components = []*analyzer.Component{c}
	} else if e.Key.Release != "" {
		g.Releases = []string{e.Key.Release}
	}
	x.Groups = append(x.Groups, g)
}

// sameSubject reports whether two explanations without a component differ in the release only.
func sameSubject(a, b *matcher.Explanation) bool {
	if a.Advisory == nil || b.Advisory == nil || a.Advisory.Feed != b.Advisory.Feed || a.Advisory.ID != b.Advisory.ID {
		return false
	}
	x, y := a.Key, b.Key
	x.Release, y.Release = "", ""
	return x == y
}

// belongs reports whether an explanation says the same as a group, of a component that the same layer and, unless the distribution
// installed it, the same file introduced.
func belongs(g *report.ExplanationGroup, e *matcher.Explanation, c *analyzer.Component) bool {
	if len(g.Components) == 0 || g.Advisory != e.Advisory || g.Key != e.Key || g.Version != e.Version || g.Skip != e.Skip {
		return false
	}
	first := g.Components[0]
	return first.Layer == c.Layer && (c.System || first.Path == c.Path && first.ArchivePath == c.ArchivePath)
}
