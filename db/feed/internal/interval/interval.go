// Package interval turns version constraints into ranges. It intersects intervals of versions and computes their complement, in the
// order of an ecosystem.
package interval

import (
	"errors"
	"fmt"
	"slices"

	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/version"
)

// An Interval is a set of consecutive versions. The zero value contains all versions.
type Interval struct {
	Low, High string // "" if there is no bound
	After     bool   // excludes Low itself
	Inclusive bool   // includes High itself
}

// A Set computes with intervals of one ecosystem.
type Set struct {
	Scheme version.Scheme
	Next   func(v string) string // a version after v, so close that hardly any real version lies between them
}

// ErrEmpty reports constraints that no version satisfies.
var ErrEmpty = errors.New("no version satisfies the constraints")

// A bound is one end of an interval: before a version (side -1) or after it (side 1).
type bound struct {
	v    version.Version
	text string
	side int
	inf  int // -1 or 1 if there is no bound
}

func (s *Set) low(i Interval) (bound, error) {
	if i.Low == "" {
		return bound{inf: -1}, nil
	}
	v, err := s.Scheme.Parse(i.Low)
	side := -1
	if i.After {
		side = 1
	}
	return bound{v: v, text: i.Low, side: side}, err
}

func (s *Set) high(i Interval) (bound, error) {
	if i.High == "" {
		return bound{inf: 1}, nil
	}
	v, err := s.Scheme.Parse(i.High)
	side := -1
	if i.Inclusive {
		side = 1
	}
	return bound{v: v, text: i.High, side: side}, err
}

func compare(a, b bound) int {
	switch {
	case a.inf != 0 || b.inf != 0:
		return a.inf - b.inf
	default:
		if c := a.v.Compare(b.v); c != 0 {
			return c
		}
		return a.side - b.side
	}
}

type pair struct{ low, high bound }

func (s *Set) pair(i Interval) (pair, error) {
	low, err := s.low(i)
	if err != nil {
		return pair{}, err
	}
	high, err := s.high(i)
	return pair{low, high}, err
}

func (p pair) interval() Interval {
	return Interval{Low: p.low.text, After: p.low.inf == 0 && p.low.side > 0, High: p.high.text, Inclusive: p.high.inf == 0 && p.high.side > 0}
}

// Intersect returns the versions that are in all intervals, or ErrEmpty if no version is.
func (s *Set) Intersect(list ...Interval) (Interval, error) {
	all := pair{bound{inf: -1}, bound{inf: 1}}
	for _, i := range list {
		p, err := s.pair(i)
		if err != nil {
			return Interval{}, err
		}
		if compare(p.low, all.low) > 0 {
			all.low = p.low
		}
		if compare(p.high, all.high) < 0 {
			all.high = p.high
		}
	}
	if compare(all.low, all.high) >= 0 {
		return Interval{}, ErrEmpty
	}
	return all.interval(), nil
}

// Outside returns the versions that are in none of the intervals, in order.
func (s *Set) Outside(list []Interval) ([]Interval, error) {
	pairs := make([]pair, len(list))
	for i := range list {
		var err error
		if pairs[i], err = s.pair(list[i]); err != nil {
			return nil, err
		}
	}
	slices.SortStableFunc(pairs, func(a, b pair) int { return compare(a.low, b.low) })
	var out []Interval
	at := bound{inf: -1}
	for _, p := range pairs {
		if compare(at, p.low) < 0 {
			out = append(out, pair{at, p.low}.interval())
		}
		if compare(p.high, at) > 0 {
			at = p.high
		}
	}
	if end := (bound{inf: 1}); compare(at, end) < 0 {
		out = append(out, pair{at, end}.interval())
	}
	return out, nil
}

// Ranges returns intervals as ranges. The Introduced version of a range is part of it, so for an interval that excludes its lower bound,
// Ranges uses Next.
func (s *Set) Ranges(list []Interval) []matcher.Range {
	var out []matcher.Range
	for _, i := range list {
		r := matcher.Range{Introduced: i.Low}
		if i.After {
			r.Introduced = s.Next(i.Low)
		}
		if i.Inclusive {
			r.LastAffected = i.High
		} else {
			r.Fixed = i.High
		}
		out = append(out, r)
	}
	return out
}

// Compare returns the versions that satisfy a comparison: an operator, "<", "<=", ">", ">=", "=", "==" or "", and a version.
func Compare(op, v string) (Interval, error) {
	switch op {
	case "<":
		return Interval{High: v}, nil
	case "<=":
		return Interval{High: v, Inclusive: true}, nil
	case ">":
		return Interval{Low: v, After: true}, nil
	case ">=":
		return Interval{Low: v}, nil
	case "=", "==", "":
		return Interval{Low: v, High: v, Inclusive: true}, nil
	}
	return Interval{}, fmt.Errorf("unknown operator %.10q", op)
}
