package version

import (
	"cmp"
	"errors"
	"strings"
)

// The order of RPM versions, [epoch:]version[-release], as rpm compares them: rpmVersionParse and rpmVersionCompare for
// the parts (rpmio/rpmver.c) and rpmvercmp for each (rpmio/rpmvercmp.c).
//
// A missing epoch is 0. A missing release comes before any release, as in rpmVersionCompare. (Dependencies follow another
// rule, in which a missing release fits every release; it is no order, since it is not transitive.)

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

// splitRPM takes a version apart. Only digits before a colon are an epoch.
func splitRPM(s string) (epoch, version, release string, hasRelease bool) {
	if number, rest := digits(s); rest != "" && rest[0] == ':' {
		epoch, s = number, rest[1:]
	}
	if i := strings.LastIndexByte(s, '-'); i >= 0 {
		return epoch, s[:i], s[i+1:], true
	}
	return epoch, s, "", false
}

func compareRPM(a, b string) int {
	epochA, versionA, releaseA, hasA := splitRPM(a)
	epochB, versionB, releaseB, hasB := splitRPM(b)
	if c := compareNumbers(epochA, epochB); c != 0 {
		return c
	}
	if c := compareRPMPart(versionA, versionB); c != 0 {
		return c
	}
	switch {
	case hasA && hasB:
		return compareRPMPart(releaseA, releaseB)
	case hasA:
		return 1
	case hasB:
		return -1
	}
	return 0
}

// What may stand at one place of an RPM version, in order. Everything else only separates.
const (
	rpmTilde = iota
	rpmEnd
	rpmCaret
	rpmWord
	rpmNumber
)

// compareRPMPart is rpmvercmp.
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

// nextRPM returns what stands at the next place of s.
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
