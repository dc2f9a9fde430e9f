package version

import (
	"cmp"
	"errors"
	"strings"
)

// The order of Conan versions is that of Conan 2 (conan/internal/model/version.py): items separated by dots, a pre-release
// after the last hyphen, and a build after the last plus sign. Zeros at the end of the items are ignored. Two numbers compare
// by value, an item that is not a number compares as text with any other. Conan's order is therefore not transitive: 10 <
// "9a", and 9 < 10. Within the versions of one recipe that were published it is.

func parseConan(s string) (string, error) {
	const most = 101
	if len(s) > most {
		return "", errors.New("longer than 101 characters")
	}
	for i := range len(s) {
		if !isAlnum(s[i]) && s[i] != '_' && (i == 0 || strings.IndexByte("+.-", s[i]) < 0) {
			return "", errors.New("not words of letters, digits and underscores, separated by dots, hyphens and plus signs")
		}
	}
	return s, nil
}

func compareConan(a, b string) int {
	a, buildA, hasBuildA := cutLast(a, '+')
	b, buildB, hasBuildB := cutLast(b, '+')
	a, preA, hasPreA := cutLast(a, '-')
	b, preB, hasPreB := cutLast(b, '-')
	if c := compareConanItems(a, b); c != 0 {
		return c
	}
	switch {
	case hasPreA && !hasPreB:
		return -1
	case !hasPreA && hasPreB:
		return 1
	case hasPreA:
		if c := compareConan(preA, preB); c != 0 {
			return c
		}
	}
	switch {
	case hasBuildA && hasBuildB:
		return compareConan(buildA, buildB)
	case hasBuildA:
		return 1
	case hasBuildB:
		return -1
	}
	return 0
}

// cutLast splits s at its last separator.
func cutLast(s string, separator byte) (before, after string, ok bool) {
	i := strings.LastIndexByte(s, separator)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+1:], true
}

func compareConanItems(a, b string) int {
	a, b = trimZeroItems(a), trimZeroItems(b)
	for {
		if a == "" || b == "" {
			return cmp.Compare(len(a), len(b))
		}
		var itemA, itemB string
		itemA, a = nextItem(a)
		itemB, b = nextItem(b)
		_, wordA := digits(itemA)
		_, wordB := digits(itemB)
		c := 0
		if numberA, numberB := itemA != "" && wordA == "", itemB != "" && wordB == ""; numberA && numberB {
			c = compareNumbers(itemA, itemB)
		} else {
			c = cmp.Or(strings.Compare(conanText(itemA, numberA), conanText(itemB, numberB)), 0)
			if c == 0 && numberA != numberB {
				c = 1
			}
		}
		if c != 0 {
			return c
		}
	}
}

// trimZeroItems removes zeros at the end, and ends a list that is not empty with a dot.
func trimZeroItems(s string) string {
	for {
		before, last, ok := cutLast(s, '.')
		if last = s[len(s)-len(last):]; !ok {
			before, last = "", s
		}
		if last == "" || strings.Trim(last, "0") != "" {
			return s + "."
		}
		if s = before; !ok {
			return ""
		}
	}
}

// nextItem splits a list after its first item.
func nextItem(s string) (item, rest string) {
	item, rest, _ = strings.Cut(s, ".")
	return item, rest
}

// conanText returns an item as Conan writes it: numbers without leading zeros.
func conanText(item string, number bool) string {
	if !number {
		return item
	}
	if item = trimZeros(item); item == "" {
		return "0"
	}
	return item
}
