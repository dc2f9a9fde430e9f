package version

import (
	"cmp"
	"errors"
	"strings"
)

// The order of RPM versions, [epoch:]version[-release], is that of rpm: rpmVersionParse and rpmVersionCompare split and compare
// versions (rpmio/rpmver.c), and rpmvercmp compares parts (rpmio/rpmvercmp.c).
//
// A missing epoch is 0. A missing release precedes any release, as in rpmVersionCompare. Dependencies follow another rule, in
// which a missing release matches every release. That rule is not transitive and therefore not an order.

func parseRPM(s string) (string, error) {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] == 0x7f {
			return "", errors.New("blank or control character")
		}
	}
	if _, version, _, _ := splitRPM(s); version == "" {
		return "", errors.New("nothing between epoch and release")
	}
	return s, nil
}

// splitRPM splits a version. An epoch consists of digits.
func splitRPM(s string) (epoch, version, release string, hasRelease bool) {
	if number, rest := digits(s); rest != "" && rest[0] == ':' {
		epoch, s = number, rest[1:]
	}
	if i := strings.LastIndexByte(s, '-'); i >= 0 {
		return epoch, s[:i], s[i+1:], true
	}
	return epoch, s, "", false
}

func compareRPM(a, b string) int { return compareEVR(a, b, compareRPMPart) }

// compareEVR compares epochs, then versions, then releases.
func compareEVR(a, b string, part func(a, b string) int) int {
	epochA, versionA, releaseA, hasA := splitRPM(a)
	epochB, versionB, releaseB, hasB := splitRPM(b)
	if c := compareNumbers(epochA, epochB); c != 0 {
		return c
	}
	if c := part(versionA, versionB); c != 0 {
		return c
	}
	switch {
	case hasA && hasB:
		return part(releaseA, releaseB)
	case hasA:
		return 1
	case hasB:
		return -1
	}
	return 0
}

// Kinds of parts of an RPM version, in order. Other characters separate parts.
const (
	rpmTilde = iota
	rpmEnd
	rpmCaret
	rpmWord
	rpmNumber
)

// compareRPMPart compares like rpmvercmp.
func compareRPMPart(a, b string) int {
	a, b = skipEqual(a, b)
	for {
		kindA, textA, restA := nextRPM(a)
		kindB, textB, restB := nextRPM(b)
		if kindA != kindB {
			return cmp.Compare(kindA, kindB)
		}
		c := 0
		switch kindA {
		case rpmEnd:
			return 0
		case rpmWord:
			c = strings.Compare(textA, textB)
		case rpmNumber:
			c = compareNumbers(textA, textB)
		}
		if c != 0 {
			return c
		}
		a, b = restA, restB
	}
}

// nextRPM returns the next part of s and the rest.
func nextRPM(s string) (kind int, text, rest string) {
	i := 0
	for i < len(s) && !isAlnum(s[i]) && s[i] != '~' && s[i] != '^' {
		i++
	}
	s = s[i:]
	switch {
	case s == "":
		return rpmEnd, "", ""
	case s[0] == '~':
		return rpmTilde, "", s[1:]
	case s[0] == '^':
		return rpmCaret, "", s[1:]
	case isDigit(s[0]):
		text, rest = digits(s)
		return rpmNumber, text, rest
	}
	text, rest = letters(s)
	return rpmWord, text, rest
}
