package version

import (
	"cmp"
	"errors"
	"strings"
)

// The order of Alpine versions, as apk-tools 3 compares them (src/version.c):
//
//	number{.number}[letter]{_suffix[number]}[~hash][-rN]
//
// and, as apk-tools 2 allowed, with a number after the letter: Alpine published sudo 1.9.5p2-r0 so, and its advisories
// still name it. What neither calls valid is an error, although both put some of it in an order.

// An apkKind is a kind of part, in the order in which they may follow each other. Where two versions differ in kind, the
// later kind makes the lesser version, except for the suffixes of a pre-release; see apkToken.before.
type apkKind uint8

const (
	apkFirst apkKind = iota
	apkNumber
	apkLetter
	apkSuffix
	apkSuffixNumber
	apkHash
	apkRevision
	apkEnd
	apkInvalid
)

// apkRelease is the place of no suffix among the suffixes.
const apkRelease = 5

// apkSuffixPlace returns the place of a suffix, 0 if there is none of that name.
func apkSuffixPlace(name string) uint8 {
	switch name {
	case "alpha":
		return 1
	case "beta":
		return 2
	case "pre":
		return 3
	case "rc":
		return 4
	case "cvs":
		return 6
	case "svn":
		return 7
	case "git":
		return 8
	case "hg":
		return 9
	case "p":
		return 10
	}
	return 0
}

type apkToken struct {
	kind   apkKind
	suffix uint8
	text   string
}

func (t apkToken) preRelease() bool { return t.kind == apkSuffix && t.suffix < apkRelease }

// compare compares two parts at the same place of two versions.
func (t apkToken) compare(u apkToken) int {
	if t.kind != u.kind {
		switch {
		case t.preRelease():
			return -1
		case u.preRelease():
			return 1
		}
		return cmp.Compare(u.kind, t.kind)
	}
	switch t.kind {
	case apkSuffix:
		return cmp.Compare(t.suffix, u.suffix)
	case apkLetter, apkHash:
		return strings.Compare(t.text, u.text)
	case apkNumber:
		if t.text[0] == '0' || u.text[0] == '0' { // as digits after a decimal point: 8.2.0015 < 8.2.002
			return strings.Compare(t.text, u.text)
		}
	}
	return compareNumbers(t.text, u.text)
}

// nextAPK reads the part that follows one of kind last. Only apkEnd and apkInvalid end a version.
func nextAPK(last apkKind, s string) (t apkToken, rest string) {
	if s == "" {
		return apkToken{kind: apkEnd}, ""
	}
	switch c := s[0]; {
	case isLower(c) && last <= apkNumber:
		return apkToken{kind: apkLetter, text: s[:1]}, s[1:]
	case c == '.' && last <= apkNumber:
		return apkDigits(apkNumber, s[1:])
	case isDigit(c) && last == apkLetter:
		return apkDigits(apkNumber, s)
	case isDigit(c) && last == apkSuffix:
		return apkDigits(apkSuffixNumber, s)
	case c == '_' && last <= apkSuffixNumber:
		i := 1
		for i < len(s) && isLower(s[i]) {
			i++
		}
		if place := apkSuffixPlace(s[1:i]); place != 0 {
			return apkToken{kind: apkSuffix, suffix: place}, s[i:]
		}
	case c == '~' && last < apkHash:
		i := 1
		for i < len(s) && (isDigit(s[i]) || 'a' <= s[i] && s[i] <= 'f') {
			i++
		}
		if i > 1 {
			return apkToken{kind: apkHash, text: s[1:i]}, s[i:]
		}
	case c == '-' && last < apkRevision && strings.HasPrefix(s, "-r"):
		return apkDigits(apkRevision, s[2:])
	}
	return apkToken{kind: apkInvalid}, s
}

func apkDigits(kind apkKind, s string) (apkToken, string) {
	number, rest := digits(s)
	if number == "" {
		return apkToken{kind: apkInvalid}, s
	}
	return apkToken{kind: kind, text: number}, rest
}

func parseAPK(s string) (string, error) {
	t, rest := apkDigits(apkFirst, s)
	for t.kind < apkEnd {
		t, rest = nextAPK(t.kind, rest)
	}
	if t.kind == apkInvalid {
		if rest == s {
			return "", errors.New("does not begin with a number")
		}
		return "", errors.New("not of the form number{.number}[letter[number]]{_suffix[number]}[~hash][-rN]")
	}
	return s, nil
}

func compareAPK(a, b string) int {
	t, a := apkDigits(apkFirst, a)
	u, b := apkDigits(apkFirst, b)
	for {
		if c := t.compare(u); c != 0 || t.kind >= apkEnd {
			return c
		}
		t, a = nextAPK(t.kind, a)
		u, b = nextAPK(u.kind, b)
	}
}
