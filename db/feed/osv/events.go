package osv

import (
	"errors"
	"fmt"
	"slices"

	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/version"
)

var (
	errEvents = errors.New("events that no order of versions sorts")
	errEvent  = errors.New("an event that is not one of introduced, fixed, last_affected and limit")
	errBegin  = errors.New("no introduced event")
)

// split turns the events of r into ranges. The events of versions are evaluated in the order of a PURL type's versions, whatever the order
// of the document, as the schema asks. The events of commits form a graph, which may have a fix on every branch. A range with an error
// gives no ranges: a guess would be about the wrong versions.
func (r *eventRange) split(purlType string) ([]matcher.Range, error) {
	if len(r.Events) == 0 {
		return nil, errors.New("no events")
	}
	begun := false
	for _, e := range r.Events {
		if e.valid() != nil {
			return nil, e.valid()
		}
		begun = begun || e.Introduced != ""
	}
	if !begun {
		return nil, errBegin
	}
	switch r.Type {
	case "ECOSYSTEM", "SEMVER":
		events, err := sorted(r.Events, purlType)
		if err != nil {
			return nil, err
		}
		return evaluate(events), nil
	case "GIT":
		if r.Repo == "" {
			return nil, errors.New("commits without a repository")
		}
		return commits(r.Events, r.Repo), nil
	}
	return nil, fmt.Errorf("unknown type %.40q", r.Type)
}

// valid returns an error if an event is not exactly one.
func (e event) valid() error {
	switch e {
	case event{}:
		return errEvent
	case event{Introduced: e.Introduced}, event{Fixed: e.Fixed}, event{LastAffected: e.LastAffected}, event{Limit: e.Limit}:
		return nil
	}
	return errEvent
}

// at returns the version of an event.
func (e event) at() string { return e.Introduced + e.Fixed + e.LastAffected + e.Limit }

// A placed is an event and its place in the order.
type placed struct {
	event
	version version.Version
	first   bool // "0" is before every version
}

func (p placed) compare(q placed) int {
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

// sorted returns the events in the order of their versions. Events with a version that the order does not know may only be pairs in the
// order of the document, as publishers write them.
func sorted(events []event, purlType string) ([]event, error) {
	scheme, known := version.For(purlType)
	list := make([]placed, 0, len(events))
	for _, e := range events {
		if e.Limit == "*" { // the default: no limit
			continue
		}
		p := placed{event: e, first: e.Introduced == "0"}
		if !p.first {
			var err error
			if p.version, err = scheme.Parse(e.at()); err != nil {
				known = false
			}
		}
		list = append(list, p)
	}
	if known {
		slices.SortStableFunc(list, placed.compare)
		orderEvents(list)
	}
	out := make([]event, len(list))
	for i, p := range list {
		if out[i] = p.event; !known && (i%2 == 0) != (p.Introduced != "") {
			return nil, errEvents
		}
	}
	return out, nil
}

// orderEvents orders the events of one version: a range that is open ends before the next begins, and one that begins there ends after.
func orderEvents(list []placed) {
	open := false
	for len(list) > 0 {
		n := 1
		for n < len(list) && list[n].compare(list[0]) == 0 {
			n++
		}
		second := func(p placed) int { // 1 if the event comes second
			if (p.Introduced != "") == open {
				return 1
			}
			return 0
		}
		slices.SortStableFunc(list[:n], func(a, b placed) int { return second(a) - second(b) })
		open = list[n-1].Introduced != ""
		list = list[n:]
	}
}

// evaluate returns the ranges of sorted events: versions are affected from an introduced event to the next other event. No version at
// the last limit or after it is affected.
func evaluate(events []event) []matcher.Range {
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
				r, open = matcher.Range{Introduced: beginning(e)}, true
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

// commits returns the ranges of commits. One introduced event may have several fixes.
func commits(events []event, repo string) []matcher.Range {
	var list []matcher.Range
	r := matcher.Range{Repo: repo}
	open := false
	for _, e := range events {
		switch {
		case e.Introduced != "":
			if open {
				list = append(list, r)
			}
			r.Introduced, open = beginning(e), true
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

// beginning returns the version of an introduced event, "" for the first one.
func beginning(e event) string {
	if e.Introduced == "0" {
		return ""
	}
	return e.Introduced
}
