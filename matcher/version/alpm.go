package version

import (
	"cmp"
	"strings"
)

// The order of pacman's versions, [epoch:]version[-release], is that of libalpm: parseEVR and rpmvercmp in lib/libalpm/version.c. It is
// the order of an old rpm. Unlike today's, it compares the number of characters that separate two parts, and a word that follows a number
// at once precedes the end: 1.0rc1 < 1.0 < 1.0.a.
//
// Two rules differ from libalpm, whose own are not an order. A missing release precedes any release, where libalpm takes it for equal to
// each. Separators at the end precede further parts, where libalpm lets them follow a word: 1.0. > 1.0.a, 1.0. < 1.0.1, and 1.0..a > 1.0.1.

func compareALPM(a, b string) int { return compareEVR(a, b, compareALPMPart) }

// An alpmPart is a part of a version: a number or a word, after a number of separators. Text is empty at the end.
type alpmPart struct {
	separators int
	number     bool
	text       string
}

// compareALPMPart compares like rpmvercmp of libalpm.
func compareALPMPart(a, b string) int {
	for {
		var p, q alpmPart
		p, a = nextALPM(a)
		q, b = nextALPM(b)
		if p.text == "" || q.text == "" {
			return cmp.Compare(p.place(), q.place())
		}
		c := cmp.Compare(p.separators, q.separators)
		switch {
		case c != 0:
		case p.number != q.number && p.number:
			c = 1
		case p.number != q.number:
			c = -1
		case p.number:
			c = compareNumbers(p.text, q.text)
		default:
			c = strings.Compare(p.text, q.text)
		}
		if c != 0 {
			return c
		}
	}
}

// place returns the place of a part in relation to the end.
func (p alpmPart) place() int {
	switch {
	case p.text == "" && p.separators == 0:
		return 0
	case p.text == "":
		return 1
	case p.separators == 0 && !p.number:
		return -1
	}
	return 2
}

// nextALPM returns the next part of s and the rest.
func nextALPM(s string) (p alpmPart, rest string) {
	for p.separators < len(s) && !isAlnum(s[p.separators]) {
		p.separators++
	}
	if s = s[p.separators:]; s == "" {
		return p, ""
	}
	if p.number = isDigit(s[0]); p.number {
		p.text, rest = digits(s)
	} else {
		p.text, rest = letters(s)
	}
	return p, rest
}
