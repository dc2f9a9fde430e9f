package version

import (
	"errors"
	"strings"
)

// The order of Composer versions is that of PHP's version_compare for the normal form of composer/semver
// (VersionParser::normalize).
//
//	[v]number{.number}[-stability[number]][-dev]   up to four numbers, the first of up to five digits
//	[v]date[-stability[number]][-dev]              year, then pairs of digits, with or without separators
//	number{.number|.x}-dev                         a numeric branch, after all its releases
//	dev-name                                       any other branch
//
// A stability is alpha, beta, RC, patch, a short form of these, or stable, which is the default. Case is ignored, and so are
// aliases ("dev-main as 1.0"), stability flags ("1.0@beta") and build metadata ("+...").
//
// A named branch precedes all other versions, as in version_compare. Composer does not order two named branches. Here their
// names do, so that the order is total.

// Kinds of parts of a normal version, in order.
const (
	composerDev    = 1
	composerAlpha  = 2
	composerBeta   = 3
	composerRC     = 4
	composerEnd    = 5
	composerNumber = 6
	composerPatch  = 7
)

func parseComposer(s string) (string, error) {
	s = composerFlags(s)
	switch s {
	case "master", "trunk", "default":
		s = "dev-" + s
	}
	var buf [keySize]byte
	key := buf[:0]
	if hasPrefixFold(s, "dev-") {
		return string(append(append(key, composerDev), s[len("dev-"):]...)), nil
	}
	if i := strings.IndexByte(s, '+'); i > 0 && i < len(s)-1 && !strings.ContainsAny(s, " \t\r\n\v\f") &&
		!strings.Contains(s[:i], ",") {
		s = s[:i]
	}
	if key, ok := composerClassic(key, s); ok {
		return string(key), nil
	}
	if key, ok := composerDate(key, s); ok {
		return string(key), nil
	}
	if key, ok := composerBranch(key, s); ok {
		return string(key), nil
	}
	return "", errors.New("neither a version of up to four numbers, nor a date, nor a branch")
}

// composerFlags removes the alias and the stability flag from s.
func composerFlags(s string) string {
	if i := strings.IndexByte(s, ' '); i > 0 {
		rest := strings.TrimLeft(s[i:], " ")
		if alias, ok := strings.CutPrefix(rest, "as "); ok && !strings.ContainsAny(s[:i], ",\t\r\n\v\f") {
			if alias = strings.TrimLeft(alias, " "); alias != "" && !strings.ContainsAny(alias, ", \t\r\n\v\f") {
				s = s[:i]
			}
		}
	}
	if i := strings.LastIndexByte(s, '@'); i >= 0 {
		for _, flag := range [...]string{"stable", "rc", "beta", "alpha", "dev"} {
			if len(s)-i-1 == len(flag) && hasPrefixFold(s[i+1:], flag) {
				return s[:i]
			}
		}
	}
	return s
}

// composerClassic reads a version of up to four numbers. Missing numbers are 0.
func composerClassic(key []byte, s string) ([]byte, bool) {
	number, rest := digits(composerV(s))
	if number == "" || len(number) > 5 {
		return key, false
	}
	for n := range 4 {
		key = appendNumber(append(key, composerNumber), number)
		number = ""
		if n < 3 && len(rest) > 1 && rest[0] == '.' && isDigit(rest[1]) {
			number, rest = digits(rest[1:])
		}
	}
	return composerModifier(key, rest)
}

// composerDate reads a date: four digits, one to six pairs of digits, and optionally up to three digits, with an optional
// separator before each. Digits without a separator between them form one number.
func composerDate(key []byte, s string) ([]byte, bool) {
	number, rest := digits(composerV(s))
	if len(number) < 4 {
		return key, false
	}
	left := len(number) - 4 // digits not yet counted as pairs
	pairs := 0
	for {
		key = appendNumber(append(key, composerNumber), number)
		if len(rest) < 2 || strings.IndexByte(".:-", rest[0]) < 0 || !isDigit(rest[1]) {
			break
		}
		if left%2 != 0 {
			return key, false
		}
		pairs += left / 2
		number, rest = digits(rest[1:])
		left = len(number)
	}
	// Up to three digits at the end are not pairs, so there are two ways to count the pairs.
	fits := func(n int) bool { return 1 <= n && n <= 6 }
	if !fits(pairs+left/2) && (left < 2 || !fits(pairs+left/2-1)) {
		return key, false
	}
	return composerModifier(key, rest)
}

// composerModifier reads the optional text after the numbers: [sep](stability[numbers])[[sep]dev].
func composerModifier(key []byte, s string) ([]byte, bool) {
	if s != "" && strings.IndexByte("._-", s[0]) >= 0 {
		s = s[1:]
	}
	kind, s := composerStability(s)
	stable := kind == composerEnd
	if kind != 0 {
		if !stable {
			key = append(key, kind)
		}
		for {
			number, rest := digits(strings.TrimPrefix(s, "."))
			if number == "" {
				number, rest = digits(strings.TrimPrefix(s, "-"))
			}
			if number == "" {
				break
			}
			if !stable {
				key = appendNumber(append(key, composerNumber), number)
			}
			s = rest
		}
	}
	if before, dev := composerDevSuffix(s); dev && before == "" {
		if s = ""; !stable {
			key = append(key, composerDev)
		}
	}
	return append(key, composerEnd), s == ""
}

// composerStability reads the name of a stability. The kind is composerEnd for "stable", and 0 if s begins with no stability.
func composerStability(s string) (kind byte, rest string) {
	for _, p := range [...]struct {
		word string
		kind byte
	}{
		{"stable", composerEnd}, {"beta", composerBeta}, {"b", composerBeta}, {"rc", composerRC}, {"alpha", composerAlpha},
		{"a", composerAlpha}, {"patch", composerPatch}, {"pl", composerPatch}, {"p", composerPatch},
	} {
		if hasPrefixFold(s, p.word) {
			return p.kind, s[len(p.word):]
		}
	}
	return 0, s
}

// composerBranch reads a numeric branch, "1.x-dev": four numbers or wildcards. Missing ones are wildcards.
func composerBranch(key []byte, s string) ([]byte, bool) {
	name, ok := composerDevSuffix(s)
	if !ok {
		return key, false
	}
	number, rest := digits(composerV(strings.TrimSpace(name)))
	if number == "" {
		return key, false
	}
	for n := range 4 {
		key = appendNumber(append(key, composerNumber), number)
		number = "9999999"
		if n < 3 && len(rest) > 1 && rest[0] == '.' {
			if isDigit(rest[1]) {
				number, rest = digits(rest[1:])
			} else if strings.IndexByte("xX*", rest[1]) >= 0 {
				rest = rest[2:]
			}
		}
	}
	return append(key, composerDev, composerEnd), rest == ""
}

// composerDevSuffix removes "dev" and a separator before it from the end of s.
func composerDevSuffix(s string) (before string, ok bool) {
	at := len(s) - len("dev")
	if at < 0 || !hasPrefixFold(s[at:], "dev") {
		return s, false
	}
	if at > 0 && (s[at-1] == '.' || s[at-1] == '-') {
		at--
	}
	return s[:at], true
}

func composerV(s string) string {
	if s != "" && lower(s[0]) == 'v' {
		return s[1:]
	}
	return s
}
