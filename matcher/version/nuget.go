package version

import (
	"cmp"
	"errors"
	"strings"
)

// The order of NuGet versions is that of NuGet.Versioning (NuGetVersionFactory.cs, VersionComparer.cs): Semantic Versioning
// with up to four numbers, missing numbers being 0. It ignores leading zeros and the case of labels. No number exceeds
// 2^31-1. A label is a number if it fits into 32 bits; it may have a minus sign. "1" is accepted for "1.0".

const maxInt32 = "2147483647"

func parseNuGet(s string) (string, error) {
	if i := strings.IndexByte(s, '+'); i >= 0 {
		if err := checkIdentifiers(s[i+1:], true); err != nil {
			return "", err
		}
		s = s[:i]
	}
	rest := s
	for n := 1; ; n++ {
		number, after := digits(rest)
		if number == "" {
			return "", errors.New("a number is missing")
		}
		if compareNumbers(number, maxInt32) > 0 {
			return "", errors.New("a number is too big")
		}
		if rest = after; rest == "" {
			return s, nil
		}
		if rest[0] == '-' {
			return s, checkIdentifiers(rest[1:], false)
		}
		if rest[0] != '.' || n == 4 {
			return "", errors.New("not of the form major.minor.patch.revision[-pre][+build]")
		}
		rest = rest[1:]
	}
}

func compareNuGet(a, b string) int { return compareDotted(a, b, compareNuGetLabel) }

func compareNuGetLabel(a, b string) int {
	return compareIntegers(a, b, maxInt32, "2147483648", compareFold)
}

// compareFold compares words without regard to case.
func compareFold(a, b string) int {
	for i := range min(len(a), len(b)) {
		if c := cmp.Compare(lower(a[i]), lower(b[i])); c != 0 {
			return c
		}
	}
	return cmp.Compare(len(a), len(b))
}
