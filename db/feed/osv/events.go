package osv

import (
	"errors"
	"fmt"

	"github.com/hullmark/hullmark/matcher"
)

var (
	errEvents = errors.New("events out of order")
	errEvent  = errors.New("an event that is not one of introduced, fixed, last_affected and limit")
)

// split turns the events of r into ranges. The events of versions are pairs in order, as the schema recommends and publishers write. The
// events of commits form a graph, which may have a fix on every branch. Other sequences are an error, and give ranges that are too wide
// rather than too narrow.
func (r *eventRange) split() ([]matcher.Range, error) {
	repo := ""
	switch r.Type {
	case "ECOSYSTEM", "SEMVER":
	case "GIT":
		if repo = r.Repo; repo == "" {
			return nil, errors.New("commits without a repository")
		}
	default:
		return nil, fmt.Errorf("unknown type %.40q", r.Type)
	}
	s := splitter{repo: repo}
	for _, e := range r.Events {
		s.event(e)
	}
	if s.open {
		s.add(matcher.Range{})
	}
	if len(s.ranges) == 0 && s.err == nil {
		s.err = errors.New("no events")
	}
	return s.ranges, s.err
}

type splitter struct {
	repo       string
	introduced string
	open       bool // the last introduced event has no end yet
	begun      bool // an introduced event has occurred
	ranges     []matcher.Range
	err        error
}

func (s *splitter) event(e event) {
	switch {
	case e.Introduced != "" && e == event{Introduced: e.Introduced}:
		if s.open {
			if s.repo == "" {
				s.err = errEvents
			}
			s.add(matcher.Range{})
		}
		s.introduced, s.open, s.begun = e.Introduced, true, true
		if s.introduced == "0" {
			s.introduced = ""
		}
	case e.Fixed != "" && e == event{Fixed: e.Fixed}:
		s.end(matcher.Range{Fixed: e.Fixed})
	case e.LastAffected != "" && e == event{LastAffected: e.LastAffected}:
		s.end(matcher.Range{LastAffected: e.LastAffected})
	case e.Limit == "*" && e == event{Limit: "*"}: // the default: no limit
	case e.Limit != "" && e == event{Limit: e.Limit}:
		s.end(matcher.Range{Fixed: e.Limit})
	default:
		s.err = errEvent
	}
}

// end adds a range with an end. Commits may have several fixes for one introduced event.
func (s *splitter) end(r matcher.Range) {
	if !s.open && (s.repo == "" || !s.begun) {
		s.err = errEvents
		if !s.begun {
			s.add(r)
		}
		return
	}
	s.add(r)
	s.open = false
}

func (s *splitter) add(r matcher.Range) {
	r.Introduced, r.Repo = s.introduced, s.repo
	s.ranges = append(s.ranges, r)
}
