package version

import (
	"cmp"
	"errors"
	"strings"
)

// The order of Alpine versions is that of apk-tools 3 (src/version.c):
//
//	number{.number}[letter]{_suffix[number]}[~hash][-rN]
//
// A number may also follow the letter, as in apk-tools 2: Alpine published sudo 1.9.5p2-r0, and its advisories still name it.
// Versions that both tools call invalid are errors, although both order some of them.

// An apkKind is a kind of part. Parts follow each other in this order. If two versions first differ in the kind of a part, the
// version with the later kind is less, except for pre-release suffixes; see apkToken.compare.
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

// apkRelease is the rank of a version without a suffix.
const apkRelease = 5

// apkSuffixRank returns the rank of a suffix, or 0 if the name is unknown.
func apkSuffixRank(name string) uint8 {
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

// compare compares two parts at the same index of two versions.
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
		if t.text[0] == '0' || u.text[0] == '0' { // like digits after a decimal point: 8.2.0015 < 8.2.002
			return strings.Compare(t.text, u.text)
		}
	}
	return compareNumbers(t.text, u.text)
}

// nextAPK reads the part after a part of kind last. A version ends with apkEnd or apkInvalid.
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
		if rank := apkSuffixRank(s[1:i]); rank != 0 {
			return apkToken{kind: apkSuffix, suffix: rank}, s[i:]
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
