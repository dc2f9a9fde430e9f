package db

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/hullmark/hullmark/matcher"
)

// alarm orders statuses from the least alarming to the most alarming.
var alarm = [...]int{
	matcher.NotAffected:        0,
	matcher.UnderInvestigation: 1,
	matcher.Fixed:              2,
	matcher.EndOfLife:          3,
	matcher.Deferred:           4,
	matcher.WillNotFix:         5,
	matcher.Affected:           6,
}

// merge joins advisories that have feed, ID and Key in common, as Builder.Add describes. Their order does not matter.
func merge(as []matcher.Advisory) matcher.Advisory {
	slices.SortFunc(as, compare)
	as = newestByReason(as)
	top := 0
	for _, a := range as {
		top = max(top, alarm[a.Status])
	}
	as = slices.DeleteFunc(as, func(a matcher.Advisory) bool { return alarm[a.Status] < top })
	m := as[0]
	reasons, updates := []string{m.Reason}, slices.Clone(m.Updates)
	for _, a := range as[1:] {
		if len(m.Ranges)+len(m.Versions) == 0 || len(a.Ranges)+len(a.Versions) == 0 {
			m.Ranges, m.Versions = nil, nil // one of them affects all versions
		} else {
			m.Ranges = union(m.Ranges, a.Ranges)
			m.Versions = sorted(slices.Concat(m.Versions, a.Versions))
		}
		m.Aliases = sorted(slices.Concat(m.Aliases, a.Aliases))
		m.Severities = union(m.Severities, a.Severities)
		m.URLs = union(m.URLs, a.URLs)
		updates = append(updates, a.Updates...)
		m.Weaknesses = sorted(slices.Concat(m.Weaknesses, a.Weaknesses))
		m.Parts = unionParts(m.Parts, a.Parts)
		m.Kind = min(m.Kind, a.Kind)
		m.Summary = cmp.Or(m.Summary, a.Summary)
		m.Published = earliest(m.Published, a.Published)
		if a.Modified.After(m.Modified) {
			m.Modified = a.Modified
		}
		reasons = append(reasons, a.Reason)
	}
	reasons = slices.DeleteFunc(sorted(reasons), func(r string) bool { return r == "" })
	m.Reason, m.Updates = strings.Join(reasons, "; "), sorted(updates)
	return m
}

// newestByReason keeps the last modified advisories of each reason and updates.
func newestByReason(as []matcher.Advisory) []matcher.Advisory {
	type reason struct{ word, updates string }
	of := func(a *matcher.Advisory) reason { return reason{a.Reason, strings.Join(a.Updates, "\x00")} }
	newest := make(map[reason]time.Time)
	for _, a := range as {
		if t, ok := newest[of(&a)]; !ok || a.Modified.After(t) {
			newest[of(&a)] = a.Modified
		}
	}
	return slices.DeleteFunc(as, func(a matcher.Advisory) bool { return a.Modified.Before(newest[of(&a)]) })
}

func earliest(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// union returns the elements of a, and those of b that a lacks.
func union[T comparable](a, b []T) []T {
	a = slices.Clone(a)
	for _, v := range b {
		if !slices.Contains(a, v) {
			a = append(a, v)
		}
	}
	return a
}

// unionParts returns the parts of both lists. An empty list is the whole package.
func unionParts(a, b []matcher.Part) []matcher.Part {
	if len(a) == 0 || len(b) == 0 {
		return nil
	}
	all := slices.Concat(a, b)
	slices.SortFunc(all, compareParts)
	return slices.CompactFunc(all, func(a, b matcher.Part) bool { return compareParts(a, b) == 0 })
}

func compareParts(a, b matcher.Part) int {
	return cmp.Or(cmp.Compare(a.Path, b.Path), slices.Compare(a.Symbols, b.Symbols), slices.Compare(a.Systems, b.Systems))
}

// compare is a total order of advisories that have feed, ID and Key in common.
func compare(a, b matcher.Advisory) int {
	return cmp.Or(
		a.Modified.Compare(b.Modified),
		cmp.Compare(a.Status, b.Status),
		cmp.Compare(a.Reason, b.Reason),
		slices.CompareFunc(a.Ranges, b.Ranges, compareRanges),
		slices.Compare(a.Versions, b.Versions),
		slices.CompareFunc(a.Severities, b.Severities, compareSeverities),
		slices.Compare(a.Aliases, b.Aliases),
		a.Published.Compare(b.Published),
		cmp.Compare(a.Summary, b.Summary),
		slices.Compare(a.URLs, b.URLs),
		slices.Compare(a.Updates, b.Updates),
		slices.Compare(a.Weaknesses, b.Weaknesses),
		slices.CompareFunc(a.Parts, b.Parts, compareParts),
		cmp.Compare(a.Kind, b.Kind),
	)
}

func compareRanges(a, b matcher.Range) int {
	return cmp.Or(
		cmp.Compare(a.Introduced, b.Introduced), cmp.Compare(a.Fixed, b.Fixed),
		cmp.Compare(a.LastAffected, b.LastAffected), cmp.Compare(a.Repo, b.Repo),
	)
}

func compareSeverities(a, b matcher.Severity) int {
	return cmp.Or(
		cmp.Compare(a.Source, b.Source), cmp.Compare(a.Level, b.Level), cmp.Compare(a.Score, b.Score),
		cmp.Compare(a.Vector, b.Vector), cmp.Compare(a.Word, b.Word),
	)
}
