package version

import (
	"errors"
	"strings"
)

// parseGo reads the version of a module, "v1.2.3" or a pseudo-version, or of Go, "go1.21.3" or "1.22rc1". It converts versions
// of Go to the form of the Go vulnerability database: go1.22rc1 is 1.22.0-rc.1. go1.21, a language version since Go 1.21, is
// 1.21.0. parseGo ignores text after a blank, hyphen or plus sign in a version of Go, which describes the build ("go1.21.3
// X:boringcrypto", "go1.21.3-fips").
func parseGo(s string) (string, error) {
	if rest, ok := strings.CutPrefix(s, "go"); ok {
		if i := strings.IndexAny(rest, " \t-+"); i >= 0 {
			rest = rest[:i]
		}
		if form, ok := goRelease(rest); ok {
			return form, nil
		}
		return "", errors.New("not of the form go1.N, go1.N.M, go1.NbetaM or go1.NrcM")
	}
	if form, ok := goRelease(s); ok {
		return form, nil
	}
	return semver{}.parse(strings.TrimPrefix(s, "v"))
}

// goRelease converts a version of Go without its prefix. Only a pre-release changes.
func goRelease(s string) (form string, ok bool) {
	number, rest := digits(s)
	for range 2 {
		if number == "" || len(number) > 1 && number[0] == '0' {
			return "", false
		}
		if rest == "" {
			return s, true
		}
		if rest[0] != '.' {
			break
		}
		number, rest = digits(rest[1:])
	}
	if number == "" || len(number) > 1 && number[0] == '0' {
		return "", false
	}
	if rest == "" {
		return s, true
	}
	numbers := s[:len(s)-len(rest)]
	kind, build := letters(rest)
	if _, rest = digits(build); kind != "rc" && kind != "beta" || build == "" || rest != "" || build[0] == '0' {
		return "", false
	}
	if strings.Count(numbers, ".") == 1 {
		numbers += ".0"
	}
	return numbers + "-" + kind + "." + build, true
}
