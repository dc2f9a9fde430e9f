package version

import (
	"cmp"
	"errors"
	"strings"
)

// The order of Maven versions, as ComparableVersion of Maven 3.9 compares them
// (org.apache.maven.artifact.versioning; "Version Order Specification" of the POM reference).
//
// A version is a list of items. An item is a number, a qualifier, or a qualifier with a number ("rc1", "rc-1"). A hyphen,
// a change from a number to a qualifier, and a qualifier with a number begin a sublist, which goes on to the end of the
// version, so that a version is a flat sequence of items and beginnings of sublists. Zeros at the end of a list, or before
// a qualifier, do not count.
//
// The order is antisymmetric and total, but not transitive: what is missing is as good as 0, as the release itself and as an
// empty list, which have three different places among what is there, so that 1 < 1.sp.x < 1-alpha.x < 1. That is Maven's,
// and kept, since a verdict should be what Maven itself would say. Published versions hardly run into it: sorted, 12,140 of
// them have two pairs out of 73 million in the wrong order, both of 1.1.3.RELEASE-A with a release candidate.

// A mavenKind is a kind of item.
type mavenKind byte

const (
	mavenEnd mavenKind = iota // nothing; a key does not hold it
	mavenQualifier
	mavenNumbered // a qualifier with a number
	mavenList     // the beginning of a sublist
	mavenNumber
)

// Qualifiers in order. All that are not named here follow, in the order of their letters.
const (
	mavenAlpha = iota
	mavenBeta
	mavenMilestone
	mavenRC
	mavenSnapshot
	mavenRelease // also the place of a missing item
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
		case word == "": // a number, or nothing between two separators, which is 0
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

// mavenCharacter reports whether a version may hold c: ComparableVersion takes all, but Maven's DefaultModelValidator does
// not. Ranges ("[1,2)") and properties ("${revision}") are no versions.
func mavenCharacter(c byte) bool {
	switch c {
	case '\\', '/', ':', '"', '<', '>', '|', '?', '*', '[', ']', '(', ')', '{', '}', ',':
		return false
	}
	return c > ' '
}

// A mavenKey is a key in the making: its items and beginnings of sublists, up to kept, and after that zeros and sublists of
// which what follows decides whether they count.
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

// qualifier adds a qualifier. Zeros before one do not count: those in the same list, if it has no number, and those before
// the sublist that it begins.
func (k mavenKey) qualifier(kind mavenKind, word, number string) mavenKey {
	if kind == mavenQualifier {
		k = k.trimZeros()
	}
	if last := len(k.key) - 1; last >= k.kept && k.key[last] == byte(mavenList) {
		k.key = k.key[:last]
		k = k.trimZeros()
		k.key = append(k.key, byte(mavenList))
	}
	place := mavenPlace(word, kind == mavenNumbered)
	if k.key = append(k.key, byte(kind), place); place == mavenOther {
		k.key = appendWord(k.key, word, true)
	}
	if kind == mavenNumbered {
		k.key = appendNumber(k.key, number)
	}
	k.kept, k.empty = len(k.key), false
	return k
}

// trimZeros takes zeros off the end of what does not count yet, which holds nothing but zeros and sublists.
func (k mavenKey) trimZeros() mavenKey {
	for len(k.key) > k.kept && k.key[len(k.key)-1] != byte(mavenList) {
		k.key = k.key[:len(k.key)-2] // mavenNumber and 1, by appendNumber
	}
	return k
}

// mavenPlace returns the place of a qualifier. "a", "b" and "m" are short for others where a number follows.
func mavenPlace(word string, numbered bool) byte {
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

// A mavenPart is an item as it stands in a key.
type mavenPart struct {
	kind   mavenKind
	place  byte
	word   string // with its end, as in the key
	number string // with its length, as in the key
}

// nextMaven reads the first item of a key.
func nextMaven(key string) (p mavenPart, rest string) {
	if key == "" {
		return mavenPart{}, ""
	}
	p.kind, key = mavenKind(key[0]), key[1:]
	if p.kind == mavenQualifier || p.kind == mavenNumbered {
		if p.place, key = key[0], key[1:]; p.place == mavenOther {
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

// compare compares two items at the same place.
func (p mavenPart) compare(q mavenPart) int {
	switch {
	case q.kind == mavenEnd:
		return p.compareEnd()
	case p.kind == mavenEnd:
		return -q.compareEnd()
	case p.kind > mavenNumbered || q.kind > mavenNumbered:
		return cmp.Or(cmp.Compare(max(p.kind, mavenNumbered), max(q.kind, mavenNumbered)), strings.Compare(p.number, q.number))
	}
	// A qualifier without a number comes before the same one with a number: no number has the length 0.
	return cmp.Or(cmp.Compare(p.place, q.place), strings.Compare(p.word, q.word), strings.Compare(p.number, q.number))
}

// compareEnd compares an item with a missing one, which is as good as 0, as the release itself, and as an empty list.
func (p mavenPart) compareEnd() int {
	switch p.kind {
	case mavenNumber:
		if p.number[0] == 1 { // 0, by appendNumber
			return 0
		}
		return 1
	case mavenList:
		return 0 // what is in it decides
	}
	return cmp.Compare(p.place, mavenRelease)
}
