package vex

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/hullmark/hullmark/matcher/version"
)

var errRange = errors.New("not a range of versions")

// within reports whether a version of a PURL type is what a text says: a version, or a range in the form of vers,
// https://github.com/package-url/vers-spec: "vers:deb/>=1.0|<2.0". A version that cannot be compared is an error.
func within(purlType, text, installed string) (bool, error) {
	rest, ok := strings.CutPrefix(text, "vers:")
	if !ok {
		if wild(text) {
			return glob(text, installed), nil
		}
		if strings.ContainsAny(text, "<>=|,") {
			return false, fmt.Errorf("%q: %w", text, errRange)
		}
		return sameVersion(purlType, text, installed), nil
	}
	kind, constraints, ok := strings.Cut(rest, "/")
	if !ok || constraints == "" {
		return false, fmt.Errorf("%q: %w", text, errRange)
	}
	if strings.TrimSpace(constraints) == "*" {
		return true, nil
	}
	s, ok := schemeOf(kind, purlType)
	if !ok {
		return false, fmt.Errorf("%q: no order of versions is known for %q", text, kind)
	}
	v, err := s.Parse(installed)
	if err != nil {
		return false, err
	}
	list, err := constraintsOf(s, constraints)
	if err != nil {
		return false, fmt.Errorf("%q: %w", text, err)
	}
	return holds(list, v), nil
}

// schemeOf returns the order that a kind of vers names. A few names are not those of PURL types.
func schemeOf(kind, purlType string) (version.Scheme, bool) {
	switch kind {
	case "all", "generic", "intdot":
		kind = purlType
	case "semver":
		kind = "npm"
	case "debian":
		kind = "deb"
	case "alpine":
		kind = "apk"
	}
	if s, ok := version.For(kind); ok {
		return s, true
	}
	return version.Scheme{}, false
}

// A constraint is a comparator and a version.
type constraint struct {
	sign string
	version.Version
}

func constraintsOf(s version.Scheme, text string) ([]constraint, error) {
	var list []constraint
	for part := range strings.SplitSeq(text, "|") {
		part = strings.TrimSpace(part)
		sign := "="
		for _, c := range []string{">=", "<=", "!=", "<", ">", "="} {
			if strings.HasPrefix(part, c) {
				sign, part = c, strings.TrimSpace(part[len(c):])
				break
			}
		}
		if plain, err := url.PathUnescape(part); err == nil {
			part = plain
		}
		v, err := s.Parse(part)
		if err != nil {
			return nil, err
		}
		list = append(list, constraint{sign, v})
	}
	slices.SortStableFunc(list, func(a, b constraint) int { return a.Compare(b.Version) })
	return list, nil
}

// holds reports whether constraints, sorted by version, hold a version, as the specification's algorithm does: a "<" or "<="
// that no ">" or ">=" stands before is open to the beginning, and a ">" or ">=" without an end is open to the end.
func holds(list []constraint, v version.Version) bool {
	for _, c := range list {
		if c.Compare(v) == 0 {
			switch c.sign {
			case "=", ">=", "<=":
				return true
			case "!=":
				return false
			}
		}
	}
	low, open := false, true // whether v is above the last lower bound, and whether there was none at all
	for _, c := range list {
		order := v.Compare(c.Version)
		switch c.sign {
		case ">", ">=":
			low, open = order > 0, false
		case "<", "<=":
			if order < 0 && (low || open) {
				return true
			}
			low, open = false, false
		}
	}
	return low
}
