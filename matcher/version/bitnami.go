package version

import (
	"errors"
	"strings"
)

// A Bitnami version has three numbers of upstream and the revision of Bitnami's build: "2.4.43-2". A version without a revision
// precedes its revisions. A revision has identifiers, which compare as those of a pre-release of Semantic Versioning. Build
// metadata ("+...") is ignored. Source: Bitnami's module go-version.
//
// It refuses a leading "v", leading zeros and other counts of numbers, which bounds in advisories have; missing numbers are 0. And it takes
// the revisions of image tags, "r2" and "r10", for words in alphabetical order; here they are 2 and 10.

func parseBitnami(s string) (string, error) {
	s = strings.TrimPrefix(s, "v")
	rest := s
	if i := strings.IndexByte(s, '+'); i >= 0 {
		if err := checkIdentifiers(s[i+1:], true); err != nil {
			return "", err
		}
		s, rest = s[:i], s[:i]
	}
	for {
		number, after := digits(rest)
		if number == "" {
			return "", errors.New("a number is missing")
		}
		if rest = after; rest == "" {
			return s, nil
		}
		if rest[0] == '-' {
			return s, checkIdentifiers(rest[1:], true)
		}
		if rest[0] != '.' {
			return "", errors.New("not of the form number{.number}[-revision]")
		}
		rest = rest[1:]
	}
}

func compareBitnami(a, b string) int {
	a, revisionA, hasA := strings.Cut(a, "-")
	b, revisionB, hasB := strings.Cut(b, "-")
	c := compareSemver(a, b)
	switch {
	case c != 0:
		return c
	case hasA && hasB:
		return compareIdentifiers(tagRevision(revisionA), tagRevision(revisionB), compareIdentifier)
	case hasA:
		return 1
	case hasB:
		return -1
	}
	return 0
}

// tagRevision removes the letter of a tag's revision, "r2".
func tagRevision(s string) string {
	number, rest := digits(strings.TrimPrefix(s, "r"))
	if number != "" && (rest == "" || rest[0] == '.') {
		return strings.TrimPrefix(s, "r")
	}
	return s
}
