package version

import (
	"errors"
	"strings"
)

// A semver reads versions of Semantic Versioning 2.0.0 (semver.org, section 11) with the extensions of an ecosystem. Build
// metadata ("+...") is ignored. Every ecosystem allows a leading "v", and "1" and "1.2" for "1.0.0" and "1.2.0". Installed
// versions rarely have these forms, but bounds in advisories do, and their meaning is clear.
//
//   - npm: node-semver with option loose (internal/re.js) allows leading "v", "=" and blanks, leading zeros, and a
//     pre-release without its hyphen ("1.2.3beta"). It allows at most 256 characters and no number above 2^53-1. Four
//     numbers are an error, although its grammar reads "1.2.34.5" as "1.2.3-4.5".
//   - cargo: the crate semver, without its order of build metadata, which Cargo ignores when it matches versions. No
//     number exceeds 2^64-1.
//   - golang: golang.org/x/mod/semver; see golang.go for versions of Go.
//   - hex: Elixir's Version.
//   - github: tags of a repository, which GitHub's advisories about actions read as Semantic Versioning. Numbers may have
//     leading zeros, as in dates, and a pre-release may follow one or two numbers.
//   - julia: VersionNumber (base/version.jl), which orders build metadata as pub does. A pre-release may lack its hyphen, and
//     may follow one or two numbers. No number exceeds 2^63-1.
//   - pub: the package pub_semver, which orders build metadata. A version without it precedes the same version with it. No
//     number exceeds 2^63-1. A larger identifier is a word, and an identifier may be a negative number.
//   - swift: Version of swift-tools-support-core, read leniently as for tags. It has pub's numbers and no order
//     of build metadata.
type semver struct {
	zeros bool   // numbers may have leading zeros
	bare  bool   // a pre-release may lack its hyphen
	short bool   // a pre-release or build metadata may follow fewer than three numbers
	max   string // the largest number; "" means no limit
}

const maxInt64 = "9223372036854775807"

func parseNPM(s string) (string, error) {
	if len(s) > 256 {
		return "", errors.New("longer than 256 characters")
	}
	return semver{zeros: true, bare: true, max: "9007199254740991"}.parse(strings.TrimLeft(s, "v= \t\r\n"))
}

func parseCargo(s string) (string, error) {
	return semver{max: "18446744073709551615"}.parse(strings.TrimPrefix(s, "v"))
}

func parseHex(s string) (string, error) { return semver{}.parse(strings.TrimPrefix(s, "v")) }

func parseTag(s string) (string, error) {
	return semver{zeros: true, short: true}.parse(strings.TrimPrefix(s, "v"))
}

func parseSwift(s string) (string, error) {
	return semver{zeros: true, short: true, max: maxInt64}.parse(strings.TrimPrefix(s, "v"))
}

func parseJulia(s string) (string, error) {
	if s[0] == 'v' || s[0] == 'V' {
		s = s[1:]
	}
	if pre, _, _ := strings.Cut(strings.TrimLeft(s, "0123456789."), "+"); pre == "-" || strings.HasPrefix(pre, "-.") {
		return "", errors.New("a pre-release is empty") // "1.2.3-" is Julia's lowest version of these numbers, which no package has
	}
	_, err := semver{zeros: true, bare: true, short: true, max: maxInt64}.parse(s)
	return s, err
}

// parse checks a version and returns it without its build metadata.
func (o semver) parse(s string) (string, error) {
	rest := s
	for n := 1; ; n++ {
		number, after := digits(rest)
		switch {
		case number == "":
			return "", errors.New("a number is missing")
		case !o.zeros && len(number) > 1 && number[0] == '0':
			return "", errors.New("a number has a leading zero")
		case o.max != "" && compareNumbers(number, o.max) > 0:
			return "", errors.New("a number is too big")
		}
		if rest = after; rest == "" || n == 3 {
			break
		}
		if rest[0] != '.' {
			if o.short {
				break
			}
			return "", errors.New("not of the form major.minor.patch")
		}
		rest = rest[1:]
	}
	if i := strings.IndexByte(rest, '+'); i >= 0 {
		if err := checkIdentifiers(rest[i+1:], true); err != nil {
			return "", err
		}
		s, rest = s[:len(s)-len(rest)+i], rest[:i]
	}
	switch {
	case rest == "":
		return s, nil
	case o.bare:
		return s, checkIdentifiers(preRelease(rest), o.zeros)
	case rest[0] != '-':
		return "", errors.New("not of the form major.minor.patch[-pre][+build]")
	}
	return s, checkIdentifiers(rest[1:], o.zeros)
}

// preRelease returns the identifiers after the numbers. As in node-semver's loose grammar, the hyphen may be missing, and a
// single hyphen is an identifier.
func preRelease(s string) string {
	if len(s) > 1 && s[0] == '-' && s[1] != '.' {
		return s[1:]
	}
	return s
}

// checkIdentifiers checks the identifiers of a pre-release or of build metadata.
func checkIdentifiers(s string, leadingZeros bool) error {
	for {
		i := strings.IndexByte(s, '.')
		id := s
		if i >= 0 {
			id = s[:i]
		}
		if id == "" {
			return errors.New("an identifier is empty")
		}
		for j := range len(id) {
			if !isAlnum(id[j]) && id[j] != '-' {
				return errors.New("an identifier has a character other than letters, digits and hyphens")
			}
		}
		if _, rest := digits(id); rest == "" && len(id) > 1 && id[0] == '0' && !leadingZeros {
			return errors.New("a numeric identifier has a leading zero")
		}
		if i < 0 {
			return nil
		}
		s = s[i+1:]
	}
}

func parsePub(s string) (string, error) {
	s = strings.TrimPrefix(s, "v")
	_, err := semver{zeros: true, max: maxInt64}.parse(s)
	return s, err
}

func comparePub(a, b string) int   { return compareBuilds(a, b, compareInt64) }
func compareJulia(a, b string) int { return compareBuilds(a, b, compareIdentifier) }

// compareBuilds compares versions with their build metadata.
func compareBuilds(a, b string, compare func(a, b string) int) int {
	a, buildA, hasA := strings.Cut(a, "+")
	b, buildB, hasB := strings.Cut(b, "+")
	switch c := compareDotted(a, b, compare); {
	case c != 0:
		return c
	case hasA && hasB:
		return compareIdentifiers(buildA, buildB, compare)
	case hasA:
		return 1
	case hasB:
		return -1
	}
	return 0
}

func compareSwift(a, b string) int { return compareDotted(a, b, compareInt64) }

func compareSemver(a, b string) int { return compareDotted(a, b, compareIdentifier) }

// compareDotted compares dotted numbers, where missing numbers are 0, then the identifiers of pre-releases, with compare.
func compareDotted(a, b string, compare func(a, b string) int) int {
	for a != "" && isDigit(a[0]) || b != "" && isDigit(b[0]) {
		var numberA, numberB string
		numberA, a = digits(a)
		numberB, b = digits(b)
		if c := compareNumbers(numberA, numberB); c != 0 {
			return c
		}
		a, b = strings.TrimPrefix(a, "."), strings.TrimPrefix(b, ".")
	}
	switch {
	case a == "" && b == "":
		return 0
	case a == "":
		return 1
	case b == "":
		return -1
	}
	return compareIdentifiers(preRelease(a), preRelease(b), compare)
}

// compareIdentifiers compares lists of identifiers, separated by dots. A list precedes the longer lists that begin with it.
func compareIdentifiers(a, b string, compare func(a, b string) int) int {
	for {
		idA, restA, moreA := strings.Cut(a, ".")
		idB, restB, moreB := strings.Cut(b, ".")
		c := compare(idA, idB)
		switch {
		case c != 0:
			return c
		case !moreA && !moreB:
			return 0
		case !moreA:
			return -1
		case !moreB:
			return 1
		}
		a, b = restA, restB
	}
}

// compareIdentifier compares two identifiers. Numbers compare by value and precede words, which compare as text.
func compareIdentifier(a, b string) int {
	_, wordA := digits(a)
	_, wordB := digits(b)
	switch {
	case wordA == "" && wordB == "":
		return compareNumbers(a, b)
	case wordA == "":
		return -1
	case wordB == "":
		return 1
	}
	return strings.Compare(a, b)
}

// compareInt64 is compareIdentifier, for tools that take an identifier for a number if it fits into 64 bits. It may have a
// minus sign.
func compareInt64(a, b string) int {
	return compareIntegers(a, b, maxInt64, "9223372036854775808", strings.Compare)
}

// compareIntegers compares two identifiers. Integers from -min to max compare by value and precede words.
func compareIntegers(a, b, max, min string, words func(a, b string) int) int {
	digitsA, negativeA, okA := integer(a, max, min)
	digitsB, negativeB, okB := integer(b, max, min)
	switch {
	case !okA && !okB:
		return words(a, b)
	case !okA || okB && negativeB && !negativeA:
		return 1
	case !okB || okA && negativeA && !negativeB:
		return -1
	case negativeA:
		return compareNumbers(digitsB, digitsA)
	}
	return compareNumbers(digitsA, digitsB)
}

// integer returns the digits of an identifier that is an integer from -min to max, and whether it is below 0.
func integer(id, max, min string) (number string, negative, ok bool) {
	id, minus := strings.CutPrefix(id, "-")
	number, word := digits(id)
	if minus {
		max = min
	}
	return number, minus && trimZeros(number) != "", number != "" && word == "" && compareNumbers(number, max) <= 0
}
