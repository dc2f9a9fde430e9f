package matcher

import (
	"cmp"
	"slices"
	"strings"
)

// appendMatches appends the matches of a component, sorted by ID.
func (s *subject) appendMatches(out []Match) []Match {
	if len(s.held) == 0 {
		return out
	}
	n := len(out)
	for _, group := range groupAliases(s.held) {
		out = append(out, s.merge(group))
	}
	slices.SortFunc(out[n:], func(a, b Match) int { return strings.Compare(a.ID, b.ID) })
	return out
}

// merge makes one match of all that is said of one vulnerability.
func (s *subject) merge(group []verdict) Match {
	slices.SortStableFunc(group, func(a, b verdict) int {
		return cmp.Or(
			cmp.Compare(rank(a), rank(b)),
			strings.Compare(a.Feed, b.Feed), strings.Compare(a.ID, b.ID), strings.Compare(a.Key.Name, b.Key.Name))
	})
	first := group[0]
	m := Match{Component: s.component.ID, Status: first.Status, Reason: first.Reason, Uncertain: first.uncertain, Fixed: first.fixed}
	var ids []string
	for _, v := range group {
		m.Advisories = append(m.Advisories, *v.Advisory)
		ids = append(append(ids, v.ID), v.Aliases...)
		if m.Fixed == "" && v.uncertain == "" {
			m.Fixed = v.fixed
		}
	}
	m.ID = preferred(first.ID, ids)
	slices.Sort(ids)
	for _, id := range slices.Compact(ids) {
		if id != m.ID {
			m.Aliases = append(m.Aliases, id)
		}
	}
	m.Severity = ChooseSeverity(s.component, m.Advisories)
	return m
}

// rank orders what several advisories say of one vulnerability: what is certain before what is not, what says most about
// what to do first.
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

// preferred chooses the identifier that most people know: the first CVE, else the advisory's own.
func preferred(own string, ids []string) string {
	if strings.HasPrefix(own, "CVE-") {
		return own
	}
	best := ""
	for _, id := range ids {
		if strings.HasPrefix(id, "CVE-") && (best == "" || id < best) {
			best = id
		}
	}
	return cmp.Or(best, own)
}

// groupAliases puts the verdicts together that are about one vulnerability: those that share an identifier, also through
// others. The groups come in the order of their first members.
func groupAliases(list []verdict) [][]verdict {
	parent := make([]int, len(list))
	var root func(int) int
	root = func(i int) int {
		for parent[i] != i {
			parent[i] = parent[parent[i]]
			i = parent[i]
		}
		return i
	}
	seen := make(map[string]int)
	for i, v := range list {
		parent[i] = i
		for _, id := range append([]string{v.ID}, v.Aliases...) {
			if j, ok := seen[id]; ok {
				a, b := root(i), root(j)
				parent[max(a, b)] = min(a, b)
			} else {
				seen[id] = i
			}
		}
	}
	var groups [][]verdict
	at := make(map[int]int)
	for i, v := range list {
		r := root(i)
		g, ok := at[r]
		if !ok {
			g = len(groups)
			at[r] = g
			groups = append(groups, nil)
		}
		groups[g] = append(groups[g], v)
	}
	return groups
}
