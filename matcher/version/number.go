package version

import (
	"cmp"
	"strings"
)

func isDigit(c byte) bool { return '0' <= c && c <= '9' }
func isLower(c byte) bool { return 'a' <= c && c <= 'z' }
func isUpper(c byte) bool { return 'A' <= c && c <= 'Z' }
func isAlpha(c byte) bool { return isLower(c) || isUpper(c) }
func isAlnum(c byte) bool { return isDigit(c) || isAlpha(c) }

// lower converts an ASCII letter to lower case.
func lower(c byte) byte {
	if isUpper(c) {
		return c + 'a' - 'A'
	}
	return c
}

// digits splits s after its leading digits.
func digits(s string) (number, rest string) {
	i := 0
	for i < len(s) && isDigit(s[i]) {
		i++
	}
	return s[:i], s[i:]
}

// letters splits s after its leading ASCII letters.
func letters(s string) (word, rest string) {
	i := 0
	for i < len(s) && isAlpha(s[i]) {
		i++
	}
	return s[:i], s[i:]
}

func trimZeros(number string) string {
	i := 0
	for i < len(number) && number[i] == '0' {
		i++
	}
	return number[i:]
}

// compareNumbers compares runs of digits of any length by value. An empty run is zero.
func compareNumbers(a, b string) int {
	a, b = trimZeros(a), trimZeros(b)
	if len(a) != len(b) {
		return cmp.Compare(len(a), len(b))
	}
	return strings.Compare(a, b)
}

// skipEqual removes the common prefix of a and b, except for a run of letters and digits at its end. Similar versions differ
// near their ends, so this saves most of the comparison.
func skipEqual(a, b string) (string, string) {
	i := 0
	for i < len(a) && i < len(b) && a[i] == b[i] {
		i++
	}
	for i > 0 && isAlnum(a[i-1]) {
		i--
	}
	return a[i:], b[i:]
}

// hasPrefixFold reports whether s begins with word, a lower-case ASCII word, without regard to the case of s.
func hasPrefixFold(s, word string) bool {
	if len(s) < len(word) {
		return false
	}
	for i := range len(word) {
		if lower(s[i]) != word[i] {
			return false
		}
	}
	return true
}
