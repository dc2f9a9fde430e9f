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

// split turns the events of r into ranges. In versions, events come in pairs, in order: what publishers write, and what
// the schema recommends. Events of commits form a graph, in which there may be a fix on every branch. What does not fit is
// an error, and the ranges are then rather too wide than too narrow.
func (r *eventRange) split() ([]matcher.Range, error) {
	repo := ""
	switch r.Type {
	case "ECOSYSTEM", "SEMVER":
	case "GIT":
		if repo = r.Repo; repo == "" {
			return nil, errors.New("commits of no repository")
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
	open       bool // an introduced has no end yet
	begun      bool // there was an introduced
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
	case e.Limit == "*" && e == event{Limit: "*"}: // the default, which limits nothing
	case e.Limit != "" && e == event{Limit: e.Limit}:
		s.end(matcher.Range{Fixed: e.Limit})
	default:
		s.err = errEvent
	}
}

// end closes a range. Commits may have several fixes for one introduction.
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
