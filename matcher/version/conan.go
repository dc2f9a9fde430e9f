package version

import (
	"errors"
	"strings"
)

// The order of Conan versions is that of Conan 2 (conan/internal/model/version.py): items separated by dots, a pre-release
// after the first hyphen, and a build after the last plus sign. Zeros at the end of the items are ignored. An item that
// Python's int accepts is a number, "1_0" and "-1" too. Two numbers compare by value, an item that is not a number compares
// as text with any other. Conan's order is therefore not transitive: 10 < "9a", and 9 < 10. Within the versions of one
// recipe that were published it is.
//
// The form has an end after each item, then the marks of a pre-release and of a build before theirs.

const (
	conanPre   = '\x01'
	conanBuild = '\x02'
)

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
	main, build, hasBuild := cutLast(s, '+')
	main, pre, hasPre := strings.Cut(main, "-")
	form := appendConanItems(make([]byte, 0, keySize), main)
	if hasPre {
		form = appendConanItems(append(form, conanPre), pre)
	}
	if hasBuild {
		form = appendConanItems(append(form, conanBuild), build)
	}
	return string(form), nil
}

// appendConanItems appends the items of a list without zeros at the end.
func appendConanItems(form []byte, list string) []byte {
	kept := len(form)
	for more := true; more; {
		var item string
		item, list, more = strings.Cut(list, ".")
		at := len(form)
		form = append(appendConanItem(form, item), '.')
		if string(form[at:]) != "0." {
			kept = len(form)
		}
	}
	return form[:kept]
}

// appendConanItem appends an item as Conan writes it: numbers without plus sign, underscores and leading zeros.
func appendConanItem(form []byte, item string) []byte {
	number := item
	if number != "" && (number[0] == '-' || number[0] == '+') {
		number = number[1:]
	}
	for i := range len(number) {
		underscore := number[i] == '_' && i > 0 && i < len(number)-1 && number[i-1] != '_'
		if !isDigit(number[i]) && !underscore {
			return append(form, item...)
		}
	}
	if number == "" {
		return append(form, item...)
	}
	number = strings.TrimLeft(number, "0_")
	if number == "" {
		return append(form, '0')
	}
	if item[0] == '-' {
		form = append(form, '-')
	}
	for i := range len(number) {
		if number[i] != '_' {
			form = append(form, number[i])
		}
	}
	return form
}

func compareConan(a, b string) int {
	a, buildA, hasBuildA := cutLast(a, conanBuild)
	b, buildB, hasBuildB := cutLast(b, conanBuild)
	a, preA, hasPreA := cutLast(a, conanPre)
	b, preB, hasPreB := cutLast(b, conanPre)
	if c := compareConanItems(a, b); c != 0 {
		return c
	}
	switch {
	case hasPreA && !hasPreB:
		return -1
	case !hasPreA && hasPreB:
		return 1
	}
	if c := compareConanItems(preA, preB); c != 0 {
		return c
	}
	switch {
	case hasBuildA && !hasBuildB:
		return 1
	case !hasBuildA && hasBuildB:
		return -1
	}
	return compareConanItems(buildA, buildB)
}

// cutLast splits s at its last separator.
func cutLast(s string, separator byte) (before, after string, ok bool) {
	i := strings.LastIndexByte(s, separator)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+1:], true
}

// compareConanItems compares lists of items in the form. A list precedes the longer lists that begin with it.
func compareConanItems(a, b string) int {
	for a != "" && b != "" {
		var itemA, itemB string
		itemA, a, _ = strings.Cut(a, ".")
		itemB, b, _ = strings.Cut(b, ".")
		if c := compareConanItem(itemA, itemB); c != 0 {
			return c
		}
	}
	return strings.Compare(a, b)
}

func compareConanItem(a, b string) int {
	digitsA, negativeA := strings.CutPrefix(a, "-")
	digitsB, negativeB := strings.CutPrefix(b, "-")
	_, wordA := digits(digitsA)
	_, wordB := digits(digitsB)
	switch numbers := digitsA != "" && wordA == "" && digitsB != "" && wordB == ""; {
	case !numbers || negativeA != negativeB: // a minus sign precedes digits
		return strings.Compare(a, b)
	case negativeA:
		return compareNumbers(digitsB, digitsA)
	}
	return compareNumbers(digitsA, digitsB)
}
