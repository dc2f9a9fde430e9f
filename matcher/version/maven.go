package version

import (
	"cmp"
	"errors"
	"strings"
)

// The order of Maven versions is that of ComparableVersion in Maven 3.9 (org.apache.maven.artifact.versioning; "Version Order
// Specification" of the POM reference).
//
// A version is a list of items. An item is a number, a qualifier, or a qualifier with a number ("rc1", "rc-1"). A sublist
// begins at a hyphen, at a change from a number to a qualifier, and at a qualifier with a number. It extends to the end of the
// version, so a version is a flat sequence of items and beginnings of sublists. Zeros at the end of a list or before a
// qualifier are ignored.
//
// The order is antisymmetric and total but not transitive. A missing item is equal to 0, to the release and to an empty list,
// which have three different ranks, so 1 < 1.sp.x < 1-alpha.x < 1. This is Maven's own order, and results must agree with
// Maven. Published versions are hardly affected: among 12,140 sorted versions, two of 73 million pairs are in the wrong order,
// both of 1.1.3.RELEASE-A and a release candidate.

// A mavenKind is a kind of item.
type mavenKind byte

const (
	mavenEnd mavenKind = iota // a missing item; not in keys
	mavenQualifier
	mavenNumbered // a qualifier with a number
	mavenList     // the beginning of a sublist
	mavenNumber
)

// Known qualifiers in order. Other qualifiers follow in alphabetical order.
const (
	mavenAlpha = iota
	mavenBeta
	mavenMilestone
	mavenRC
	mavenSnapshot
	mavenRelease // also the rank of a missing item
	mavenSP
	mavenOther
)

func parseMaven(s string) (string, error) {
	for i := range len(s) {
		if !mavenCharacter(s[i]) {
			return "", errors.New(`blank, control character or one of \/:"<>|?*[](){},`)
		}
	}
	var buf [keySize]byte
	k := mavenKey{key: buf[:0], empty: true}
	for s != "" {
		i := 0
		for i < len(s) && s[i] != '.' && s[i] != '-' && !isDigit(s[i]) {
			i++
		}
		word, rest := s[:i], s[i:]
		if word != "" && len(rest) > 1 && rest[0] == '-' && isDigit(rest[1]) {
			rest = rest[1:]
		}
		number, rest := digits(rest)
		switch {
		case word == "": // a number, or an empty item, which is 0
			k = k.number(number)
		case number != "":
			k = k.list()
			k = k.qualifier(mavenNumbered, word, number)
		default:
			if rest == "" {
				k = k.list()
			}
			k = k.qualifier(mavenQualifier, word, "")
		}
		if s = rest; s == "" {
			break
		}
		if s[0] != '.' { // a hyphen, or a qualifier right after a number
			k = k.list()
		}
		if s[0] == '.' || s[0] == '-' {
			s = s[1:]
		}
	}
	return string(k.key[:k.kept]), nil
}

// mavenCharacter reports whether Maven's DefaultModelValidator allows c in a version; ComparableVersion allows any. Ranges
// ("[1,2)") and properties ("${revision}") are not versions.
func mavenCharacter(c byte) bool {
	switch c {
	case '\\', '/', ':', '"', '<', '>', '|', '?', '*', '[', ']', '(', ')', '{', '}', ',':
		return false
	}
	return c > ' '
}

// A mavenKey builds a key. The bytes up to kept are final. The zeros and beginnings of sublists after it remain only if a later
// item follows them.
type mavenKey struct {
	key   []byte
	kept  int
	empty bool // the current list has no item yet
}

// list begins a sublist, unless one has just begun.
func (k mavenKey) list() mavenKey {
	if !k.empty {
		k.key, k.empty = append(k.key, byte(mavenList)), true
	}
	return k
}

func (k mavenKey) number(number string) mavenKey {
	k.key, k.empty = appendNumber(append(k.key, byte(mavenNumber)), number), false
	if trimZeros(number) != "" {
		k.kept = len(k.key)
	}
	return k
}

// qualifier appends a qualifier. It removes zeros before the sublist that the qualifier begins and, if the qualifier has no
// number, zeros before it in the same list.
func (k mavenKey) qualifier(kind mavenKind, word, number string) mavenKey {
	if kind == mavenQualifier {
		k = k.trimZeros()
	}
	if last := len(k.key) - 1; last >= k.kept && k.key[last] == byte(mavenList) {
		k.key = k.key[:last]
		k = k.trimZeros()
		k.key = append(k.key, byte(mavenList))
	}
	rank := mavenRank(word, kind == mavenNumbered)
	if k.key = append(k.key, byte(kind), rank); rank == mavenOther {
		k.key = appendWord(k.key, word, true)
	}
	if kind == mavenNumbered {
		k.key = appendNumber(k.key, number)
	}
	k.kept, k.empty = len(k.key), false
	return k
}

// trimZeros removes zeros at the end of the key. The bytes after kept are only zeros and beginnings of sublists.
func (k mavenKey) trimZeros() mavenKey {
	for len(k.key) > k.kept && k.key[len(k.key)-1] != byte(mavenList) {
		k.key = k.key[:len(k.key)-2] // mavenNumber and the 1 that appendNumber writes for 0
	}
	return k
}

// mavenRank returns the rank of a qualifier. "a", "b" and "m" are short forms if a number follows.
func mavenRank(word string, numbered bool) byte {
	is := func(name string) bool { return len(word) == len(name) && hasPrefixFold(word, name) }
	switch {
	case is("alpha"), numbered && is("a"):
		return mavenAlpha
	case is("beta"), numbered && is("b"):
		return mavenBeta
	case is("milestone"), numbered && is("m"):
		return mavenMilestone
	case is("rc"), is("cr"):
		return mavenRC
	case is("snapshot"):
		return mavenSnapshot
	case is("ga"), is("final"), is("release"):
		return mavenRelease
	case is("sp"):
		return mavenSP
	}
	return mavenOther
}

// A mavenPart is an item in a key.
type mavenPart struct {
	kind   mavenKind
	rank   byte
	word   string // with the end that appendWord writes
	number string // with the length that appendNumber writes
}

// nextMaven reads the first item of a key.
func nextMaven(key string) (p mavenPart, rest string) {
	if key == "" {
		return mavenPart{}, ""
	}
	p.kind, key = mavenKind(key[0]), key[1:]
	if p.kind == mavenQualifier || p.kind == mavenNumbered {
		if p.rank, key = key[0], key[1:]; p.rank == mavenOther {
			i := strings.IndexByte(key, 0) + 1
			p.word, key = key[:i], key[i:]
		}
	}
	if p.kind == mavenNumber || p.kind == mavenNumbered {
		n := numberLength(key)
		p.number, key = key[:n], key[n:]
	}
	return p, key
}

func compareMaven(a, b string) int {
	for a != "" || b != "" {
		var p, q mavenPart
		p, a = nextMaven(a)
		q, b = nextMaven(b)
		if c := p.compare(q); c != 0 {
			return c
		}
	}
	return 0
}

// compare compares two items at the same index of two versions.
func (p mavenPart) compare(q mavenPart) int {
	switch {
	case q.kind == mavenEnd:
		return p.compareEnd()
	case p.kind == mavenEnd:
		return -q.compareEnd()
	case p.kind > mavenNumbered || q.kind > mavenNumbered:
		return cmp.Or(cmp.Compare(max(p.kind, mavenNumbered), max(q.kind, mavenNumbered)), strings.Compare(p.number, q.number))
	}
	// A qualifier precedes the same qualifier with a number, because "" precedes any number.
	return cmp.Or(cmp.Compare(p.rank, q.rank), strings.Compare(p.word, q.word), strings.Compare(p.number, q.number))
}

// compareEnd compares an item with a missing one, which is equal to 0, to the release and to an empty list.
func (p mavenPart) compareEnd() int {
	switch p.kind {
	case mavenNumber:
		if p.number[0] == 1 { // appendNumber writes 0 so
			return 0
		}
		return 1
	case mavenList:
		return 0 // the items of the list decide
	}
	return cmp.Compare(p.rank, mavenRelease)
}
