package osv

import (
	"errors"
	"fmt"
	"slices"

	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/version"
)

var (
	errUnordered     = errors.New("events with versions that cannot be ordered")
	errEventKind     = errors.New("an event must have one of introduced, fixed, last_affected and limit")
	errNotIntroduced = errors.New("no introduced event")
)

// split returns the ranges of r. It sorts the events of versions in the order of a PURL type's versions, as the schema requires. The events of
// commits form a graph, which may have a fix on every branch. A range with an error gives no ranges: a guess would be about the wrong versions.
func (r *eventRange) split(purlType string) ([]matcher.Range, error) {
	if len(r.Events) == 0 {
		return nil, errors.New("no events")
	}
	begun := false
	for _, e := range r.Events {
		if e.validate() != nil {
			return nil, e.validate()
		}
		begun = begun || e.Introduced != ""
	}
	if !begun {
		return nil, errNotIntroduced
	}
	switch r.Type {
	case "ECOSYSTEM", "SEMVER":
		events, err := sortEvents(r.Events, purlType)
		if err != nil {
			return nil, err
		}
		return versionRanges(events), nil
	case "GIT":
		if r.Repo == "" {
			return nil, errors.New("commits without a repository")
		}
		return commitRanges(r.Events, r.Repo), nil
	}
	return nil, fmt.Errorf("unknown type %.40q", r.Type)
}

// validate returns an error if an event is not exactly one.
func (e event) validate() error {
	switch e {
	case event{}:
		return errEventKind
	case event{Introduced: e.Introduced}, event{Fixed: e.Fixed}, event{LastAffected: e.LastAffected}, event{Limit: e.Limit}:
		return nil
	}
	return errEventKind
}

// versionText returns the version of an event.
func (e event) versionText() string { return e.Introduced + e.Fixed + e.LastAffected + e.Limit }

// An orderedEvent is an event and its place in the order.
type orderedEvent struct {
	event
	version version.Version
	first   bool // "0" is before every version
}

func (p orderedEvent) compare(q orderedEvent) int {
	switch {
	case p.first && q.first:
		return 0
	case p.first:
		return -1
	case q.first:
		return 1
	}
	return p.version.Compare(q.version)
}

// sortEvents returns the events in the order of their versions. Events with a version that the order does not know may only be pairs in the
// order of the document, as publishers write them.
func sortEvents(events []event, purlType string) ([]event, error) {
	scheme, known := version.For(purlType)
	list := make([]orderedEvent, 0, len(events))
	for _, e := range events {
		if e.Limit == "*" { // the default: no limit
			continue
		}
		p := orderedEvent{event: e, first: e.Introduced == "0"}
		if !p.first {
			var err error
			if p.version, err = scheme.Parse(e.versionText()); err != nil {
				known = false
			}
		}
		list = append(list, p)
	}
	if known {
		slices.SortStableFunc(list, orderedEvent.compare)
		orderEqualVersions(list)
	}
	out := make([]event, len(list))
	for i, p := range list {
		if out[i] = p.event; !known && (i%2 == 0) != (p.Introduced != "") {
			return nil, errUnordered
		}
	}
	return out, nil
}

// orderEqualVersions orders the events of one version: a range that is open ends before the next begins, and one that begins there ends after.
func orderEqualVersions(list []orderedEvent) {
	open := false
	for len(list) > 0 {
		n := 1
		for n < len(list) && list[n].compare(list[0]) == 0 {
			n++
		}
		second := func(p orderedEvent) int { // 1 if the event comes second
			if (p.Introduced != "") == open {
				return 1
			}
			return 0
		}
		slices.SortStableFunc(list[:n], func(a, b orderedEvent) int { return second(a) - second(b) })
		open = list[n-1].Introduced != ""
		list = list[n:]
	}
}

// versionRanges returns the ranges of sorted events: versions are affected from an introduced event to the next other event. No version at
// the last limit or after it is affected.
func versionRanges(events []event) []matcher.Range {
	limits := 0
	for _, e := range events {
		if e.Limit != "" {
			limits++
		}
	}
	var list []matcher.Range
	var r matcher.Range
	open := false
	end := func() {
		if open {
			list = append(list, r)
		}
		open = false
	}
	for _, e := range events {
		switch {
		case e.Introduced != "":
			if !open {
				r, open = matcher.Range{Introduced: introducedVersion(e)}, true
			}
		case e.Fixed != "":
			r.Fixed = e.Fixed
			end()
		case e.LastAffected != "":
			r.LastAffected = e.LastAffected
			end()
		default:
			if limits--; limits == 0 {
				r.Fixed = e.Limit
				end()
				return list
			}
		}
	}
	end()
	return list
}

// commitRanges returns the ranges of commits. One introduced event may have several fixes.
func commitRanges(events []event, repo string) []matcher.Range {
	var list []matcher.Range
	r := matcher.Range{Repo: repo}
	open := false
	for _, e := range events {
		switch {
		case e.Introduced != "":
			if open {
				list = append(list, r)
			}
			r.Introduced, open = introducedVersion(e), true
		case e.Limit == "*":
		default:
			list = append(list, matcher.Range{Introduced: r.Introduced, Fixed: e.Fixed + e.Limit, LastAffected: e.LastAffected, Repo: repo})
			open = false
		}
	}
	if open {
		list = append(list, r)
	}
	return list
}

// introducedVersion returns the version of an introduced event, "" for the first one.
func introducedVersion(e event) string {
	if e.Introduced == "0" {
		return ""
	}
	return e.Introduced
}
