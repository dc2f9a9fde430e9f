package version

import (
	"cmp"
	"encoding/binary"
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
// The order is antisymmetric and total, but not transitive, since what is missing has no place of its own: 1 comes before
// "1-1.sp" and "1.0-1"... see TestMavenCycle. That is Maven's, and kept: a verdict should be what Maven itself would say.
// Versions as they are published do not run into it.

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

type mavenItem struct {
	kind         mavenKind
	word, number string
}

func parseMaven(s string) (string, error) {
	for i := range len(s) {
		if s[i] <= ' ' || strings.IndexByte(`\/:"<>|?*[](){},`, s[i]) >= 0 {
			return "", errors.New(`blank, control character or one of \/:"<>|?*[](){},`)
		}
	}
	var buf [24]mavenItem
	items := trimMaven(mavenItems(buf[:0], s))
	var room [keySize]byte
	key := room[:0]
	for _, item := range items {
		key = append(key, byte(item.kind))
		switch item.kind {
		case mavenNumber:
			key = appendNumber(key, item.number)
		case mavenQualifier, mavenNumbered:
			place := mavenPlace(item.word, item.kind == mavenNumbered)
			if key = append(key, place); place == mavenOther {
				key = appendWord(key, item.word, true)
			}
			if item.kind == mavenNumbered {
				key = appendNumber(key, item.number)
			}
		}
	}
	return string(key), nil
}

// mavenItems splits s into items. Dots and hyphens separate them; a hyphen between a qualifier and a digit does not.
func mavenItems(items []mavenItem, s string) []mavenItem {
	empty := true // the current list has no item
	begin := func() {
		if !empty {
			items, empty = append(items, mavenItem{kind: mavenList}), true
		}
	}
	add := func(item mavenItem) { items, empty = append(items, item), false }

	for at := 0; at < len(s); {
		start := at
		for at < len(s) && s[at] != '.' && s[at] != '-' && !isDigit(s[at]) {
			at++
		}
		word := s[start:at]
		if word != "" && at+1 < len(s) && s[at] == '-' && isDigit(s[at+1]) {
			at++
		}
		start = at
		for at < len(s) && isDigit(s[at]) {
			at++
		}
		number := s[start:at]
		end := at == len(s)
		switch {
		case word != "" && number != "":
			begin()
			add(mavenItem{mavenNumbered, word, number})
		case word != "":
			if end {
				begin()
			}
			add(mavenItem{mavenQualifier, word, ""})
		default: // a number, or nothing between two separators, which is 0
			add(mavenItem{mavenNumber, "", number})
		}
		switch {
		case end:
		case s[at] == '.':
			at++
		case s[at] == '-':
			at++
			begin()
		default: // a qualifier right after a number
			begin()
		}
	}
	return items
}

// trimMaven takes zeros and empty lists out, in place: those at the end of a list, and zeros before a qualifier, whether it
// stands in the same list or begins a sublist.
func trimMaven(items []mavenItem) []mavenItem {
	kept := len(items)                    // items[kept:] stay
	next, afterNext := mavenEnd, mavenEnd // the kinds of the first two of them
	for i := len(items) - 1; i >= 0; i-- {
		item := items[i]
		switch {
		case item.kind == mavenList && next == mavenEnd:
			continue
		case item.kind == mavenNumber && trimZeros(item.number) == "":
			if next == mavenEnd || next == mavenQualifier ||
				next == mavenList && (afterNext == mavenQualifier || afterNext == mavenNumbered) {
				continue
			}
		}
		kept--
		items[kept] = item
		next, afterNext = item.kind, next
	}
	return items[kept:]
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

// numberLength is the length of the number at the beginning of a key, as appendNumber wrote it.
func numberLength(key string) int {
	if key[0] < 0xff {
		return int(key[0])
	}
	return 8 + int(binary.BigEndian.Uint64([]byte(key[1:9])))
}
