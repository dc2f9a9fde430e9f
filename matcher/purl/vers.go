package purl

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/hullmark/hullmark/internal/composerbranch"
	"github.com/hullmark/hullmark/internal/gemplatform"
	"github.com/hullmark/hullmark/internal/glob"
	"github.com/hullmark/hullmark/matcher/version"
)

var errRange = errors.New("not a range of versions")

// InRange reports whether the target's version matches a text: a version, in which "*" is any text, or a range in the form
// of vers, https://github.com/package-url/vers-spec: "vers:deb/>=1.0|<2.0". It returns an error for a text that is neither,
// and for versions that cannot be compared.
func (t *Target) InRange(text string) (bool, error) {
	rest, ok := strings.CutPrefix(text, "vers:")
	if !ok {
		if glob.Is(text) {
			return glob.Match(text, t.version), nil
		}
		if strings.ContainsAny(text, "<>=|,") {
			return false, fmt.Errorf("purl: %q: %w", text, errRange)
		}
		return sameVersion(t.Type, text, t.version), nil
	}
	kind, constraints, ok := strings.Cut(rest, "/")
	if !ok || constraints == "" {
		return false, fmt.Errorf("purl: %q: %w", text, errRange)
	}
	if strings.TrimSpace(constraints) == "*" {
		return true, nil
	}
	s, ok := schemeOf(kind, t.Type)
	if !ok {
		return false, fmt.Errorf("purl: %q: versions of type %q cannot be compared", text, kind)
	}
	installed := t.version
	if t.Type == "gem" {
		installed = gemplatform.Cut(installed)
	}
	v, err := s.Parse(installed)
	if err != nil {
		return false, fmt.Errorf("purl: %w", err)
	}
	list, err := constraintsOf(s, constraints)
	if err != nil {
		return false, fmt.Errorf("purl: %q: %w", text, err)
	}
	if t.Type == "composer" && composerbranch.Is(installed) { // in no range
		return slices.ContainsFunc(list, func(c constraint) bool { return c.sign == "=" && c.Compare(v) == 0 }), nil
	}
	return holds(list, v), nil
}

// schemeOf returns the scheme of a kind of vers. A few kinds are not PURL types.
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

// holds reports whether a version satisfies constraints, which are sorted by version, by the algorithm of the specification:
// a "<" or "<=" without a ">" or ">=" before it is open to the beginning, and a ">" or ">=" without an end is open to the end.
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
	low, open := false, true // whether v is above the last lower bound, and whether there was no bound yet
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
