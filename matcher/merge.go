package matcher

import (
	"cmp"
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/indirectsort"
)

// mergeAll returns the matches of subjects, in their order. Held is the number of their verdicts.
func mergeAll(subjects []subject, held int) []Match {
	const worthwhile = 1000 // verdicts for another goroutine
	n := max(1, min(runtime.GOMAXPROCS(0), held/worthwhile))
	parts := make([][]Match, n)
	merge := func(part int) {
		var m merger
		out := make([]Match, 0, held/n+held/(8*n))
		for i := range subjects[len(subjects)*part/n : len(subjects)*(part+1)/n] {
			out = m.appendMatches(out, &subjects[len(subjects)*part/n+i])
		}
		parts[part] = out
	}
	var wg sync.WaitGroup
	for part := 1; part < n; part++ {
		wg.Go(func() { merge(part) })
	}
	merge(0)
	wg.Wait()
	if n == 1 {
		return parts[0]
	}
	return slices.Concat(parts...)
}

// A merger makes matches. It reuses its memory from one component to the next.
type merger struct {
	grouper
	rater rater
}

// appendMatches appends the matches of a component, sorted by ID.
func (r *merger) appendMatches(out []Match, s *subject) []Match {
	if len(s.held) == 0 {
		return out
	}
	n := len(out)
	for _, g := range r.group(s.held) {
		out = append(out, r.merge(s.component, g))
	}
	indirectsort.Sort(out[n:], func(a, b *Match) int { return strings.Compare(a.ID, b.ID) })
	return out
}

// merge makes one match of all verdicts about one vulnerability.
func (r *merger) merge(c *analyzer.Component, g group) Match {
	indirectsort.Sort(g.verdicts, func(a, b *verdict) int {
		return cmp.Or(
			cmp.Compare(rank(*a), rank(*b)),
			strings.Compare(a.Feed, b.Feed), strings.Compare(a.ID, b.ID), strings.Compare(a.Key.Name, b.Key.Name))
	})
	first := g.verdicts[0]
	m := Match{Component: c.ID, Kind: first.Kind, Status: first.Status, Reason: first.Reason, Uncertain: first.uncertain, Evidence: first.evidence, Fixed: first.fixed, Headers: headersOnly(c)}
	m.Advisories = make([]Advisory, 0, len(g.verdicts))
	for _, v := range g.verdicts {
		m.Advisories = append(m.Advisories, *v.Advisory)
		m.Kind = worseKind(m.Kind, v.Kind)
		if m.Fixed == "" && v.uncertain == "" {
			m.Fixed = v.fixed
		}
	}
	if m.Kind == Vulnerability && unmaintainedOnly(g) {
		m.Kind = Unmaintained
	}
	own := first.ID
	if !slices.Contains(g.ids, own) { // an erratum, and the group is one of its vulnerabilities
		own = g.ids[0]
	}
	m.ID = preferred(own, g.ids)
	slices.Sort(g.ids)
	if ids := slices.Compact(g.ids); len(ids) > 1 { // including m.ID
		m.Aliases = make([]string, 0, len(ids)-1)
		for _, id := range ids {
			if id != m.ID {
				m.Aliases = append(m.Aliases, id)
			}
		}
	}
	m.Enrichment.Weaknesses = weaknesses(&m)
	m.Analysis = absenceOf(c, m.Advisories)
	m.Severity = r.rater.choose(c, m.Advisories, nil)
	if m.Kind == Malware {
		m.Severity = Severity{Source: first.Feed, Level: Critical, Word: Malware.String()}
	}
	return m
}

// unmaintainedOnly reports whether a group is about the end of a package's maintenance. GitHub's copy of such an advisory says nothing of its
// kind. A vulnerability has a CVE.
func unmaintainedOnly(g group) bool {
	return slices.ContainsFunc(g.verdicts, func(v verdict) bool { return v.Kind == Unmaintained }) && !slices.ContainsFunc(g.ids, isCVE)
}

// worseKind returns the kind of a match with advisories of two kinds: malware, else a vulnerability.
func worseKind(a, b Kind) Kind {
	if a == Malware || b == Malware {
		return Malware
	}
	return min(a, b)
}

// Updates returns the identifiers of all updates that fix the match, sorted: those of its advisories.
func (m *Match) Updates() []string {
	var list []string
	for i := range m.Advisories {
		list = append(list, m.Advisories[i].Updates...)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// Identifiers returns every identifier by which a person or a document may name the match, each once: its own, its aliases, and
// those of its advisories and updates.
func (m *Match) Identifiers() []string {
	list := append([]string{m.ID}, m.Aliases...)
	for i := range m.Advisories {
		list = append(append(list, m.Advisories[i].ID), m.Advisories[i].Updates...)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// rank orders verdicts about one vulnerability: certain ones first, and among them those that are clearest about the action to
// take.
func rank(v verdict) int {
	r := 0
	switch v.Status {
	case Fixed, Affected:
	case WillNotFix:
		r = 1
	case Deferred:
		r = 2
	case EndOfLife:
		r = 3
	default:
		r = 4
	}
	if v.uncertain != "" {
		r += 10
	}
	return r
}

// preferred returns the best known identifier: the first CVE, else the advisory's own.
func preferred(own string, ids []string) string {
	if isCVE(own) {
		return own
	}
	best := ""
	for _, id := range ids {
		if isCVE(id) && (best == "" || id < best) {
			best = id
		}
	}
	return cmp.Or(best, own)
}
