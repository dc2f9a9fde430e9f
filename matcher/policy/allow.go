package policy

import (
	"slices"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/purl"
	"github.com/hullmark/hullmark/matcher/report"
)

// An index finds the entries of lists that may be about something: by vulnerability, else by package, and few others. Entries whose
// vulnerability is a pattern are tried on each identifier once.
type index struct {
	entries []*entry
	byID    map[string][]int
	byKey   map[matcher.Key][]int
	rest    []int

	patterns []int
	known    map[string][]int // those of patterns that fit an identifier
}

func newIndex(lists []*allowList) *index {
	x := &index{byID: make(map[string][]int), byKey: make(map[matcher.Key][]int), known: make(map[string][]int)}
	for _, l := range lists {
		for _, e := range l.entries {
			i := len(x.entries)
			x.entries = append(x.entries, e)
			if e.ids != nil {
				x.patterns = append(x.patterns, i)
				continue
			}
			if e.vulnerability != "" {
				x.byID[e.vulnerability] = append(x.byID[e.vulnerability], i)
				continue
			}
			if e.pattern != nil {
				if key, ok := e.pattern.Key(); ok {
					x.byKey[key] = append(x.byKey[key], i)
					continue
				}
			}
			x.rest = append(x.rest, i)
		}
	}
	return x
}

// A decisionSubject is the subject of a decision.
type decisionSubject struct {
	match   *matcher.Match
	pkg     *purl.Target
	finding *analyzer.FileFinding
	record  *analyzer.FileRecord
	path    string // the entry is about a file
}

// candidates returns the entries that may be about a thing, in the order of the lists.
func (x *index) candidates(t decisionSubject) []int {
	if len(x.entries) == 0 {
		return nil
	}
	var found []int
	if t.match != nil && len(x.byID)+len(x.patterns) > 0 {
		for _, id := range t.match.Identifiers() {
			id = strings.ToUpper(id)
			found = append(append(found, x.byID[id]...), x.fitting(id)...)
		}
	}
	if t.pkg != nil && len(x.byKey) > 0 {
		own, source := t.pkg.Keys()
		found = append(found, x.byKey[own]...)
		if source != own {
			found = append(found, x.byKey[source]...)
		}
	}
	if len(x.rest) > 0 {
		found = append(found, x.rest...)
	}
	if len(found) > 1 {
		slices.Sort(found)
		found = slices.Compact(found)
	}
	return found
}

// fitting returns the entries whose pattern fits an identifier.
func (x *index) fitting(id string) []int {
	if len(x.patterns) == 0 {
		return nil
	}
	list, ok := x.known[id]
	if !ok {
		for _, i := range x.patterns {
			if x.entries[i].ids.fits(id) {
				list = append(list, i)
			}
		}
		x.known[id] = list
	}
	return list
}

// matchesDecision reports whether an entry is about a decision on a thing.
func (e *entry) matchesDecision(d *report.Decision, t decisionSubject) bool {
	if e.vulnerability != "" && t.match == nil ||
		e.policy != "" && e.policy != d.Policy || e.rule != "" && e.rule != d.Rule {
		return false
	}
	if e.pattern != nil {
		if t.pkg == nil {
			return false
		}
		if ok, _ := e.pattern.Match(t.pkg); !ok {
			return false
		}
	}
	if e.finding != nil && (t.finding == nil || !e.finding.MatchString(t.finding.Rule)) {
		return false
	}
	if e.path != nil {
		switch {
		case t.pkg != nil:
			return e.path.MatchString(t.pkg.Path)
		case t.finding != nil:
			return e.path.MatchString(t.finding.Path)
		case t.record != nil:
			return e.path.MatchString(t.record.Path)
		case t.path != "":
			return e.path.MatchString(t.path)
		}
		return false
	}
	return true
}
