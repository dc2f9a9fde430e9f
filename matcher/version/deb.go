package version

import (
	"cmp"
	"errors"
	"strings"
)

// The order of Debian versions, [epoch:]upstream[-revision], is that of deb-version(7) and dpkg (lib/dpkg/version.c,
// lib/dpkg/parsehelp.c).
//
// Versions with dpkg's warnings are accepted and ordered as dpkg does: an upstream version that does not begin with a digit,
// and stray ASCII characters such as "_". Non-ASCII bytes are errors, because dpkg's order of them depends on the machine.

func parseDeb(s string) (string, error) {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] >= 0x7f {
			return "", errors.New("blank, control or non-ASCII character")
		}
	}
	if i := strings.IndexByte(s, ':'); i >= 0 {
		number, rest := digits(s[:i])
		switch {
		case i == 0:
			return "", errors.New("epoch is empty")
		case rest != "":
			return "", errors.New("epoch is not a number")
		case compareNumbers(number, "2147483647") > 0:
			return "", errors.New("epoch is too big")
		case i == len(s)-1:
			return "", errors.New("nothing after the epoch")
		}
	}
	_, upstream, _ := splitDeb(s)
	if upstream == "" {
		return "", errors.New("upstream version is empty")
	}
	if s[len(s)-1] == '-' {
		return "", errors.New("revision is empty")
	}
	return s, nil
}

// splitDeb splits a version. A missing epoch or revision is "", which compares as 0.
func splitDeb(s string) (epoch, upstream, revision string) {
	if i := strings.IndexByte(s, ':'); i >= 0 {
		epoch, s = s[:i], s[i+1:]
	}
	if i := strings.LastIndexByte(s, '-'); i >= 0 {
		return epoch, s[:i], s[i+1:]
	}
	return epoch, s, ""
}

func compareDeb(a, b string) int {
	epochA, upstreamA, revisionA := splitDeb(a)
	epochB, upstreamB, revisionB := splitDeb(b)
	if c := compareNumbers(epochA, epochB); c != 0 {
		return c
	}
	if c := compareDebPart(upstreamA, upstreamB); c != 0 {
		return c
	}
	return compareDebPart(revisionA, revisionB)
}

// compareDebPart compares alternating runs of non-digits, character by character, and of digits, by value.
func compareDebPart(a, b string) int {
	a, b = skipEqual(a, b)
	for a != "" || b != "" {
		for a != "" && !isDigit(a[0]) || b != "" && !isDigit(b[0]) {
			if c := cmp.Compare(debOrder(a), debOrder(b)); c != 0 {
				return c
			}
			a, b = a[1:], b[1:] // the orders are equal and not 0, so neither is at its end
		}
		var numberA, numberB string
		numberA, a = digits(a)
		numberB, b = digits(b)
		if c := compareNumbers(numberA, numberB); c != 0 {
			return c
		}
	}
	return 0
}

// debOrder returns the weight of the first character of s: "~" precedes the end of a run, then letters, then other characters.
func debOrder(s string) int {
	switch {
	case s == "" || isDigit(s[0]):
		return 0
	case s[0] == '~':
		return -1
	case isAlpha(s[0]):
		return int(s[0])
	}
	return int(s[0]) + 256
}
