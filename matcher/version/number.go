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

// lower folds an ASCII letter.
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

// compareNumbers compares runs of digits by value, whatever their length. No digits at all are zero.
func compareNumbers(a, b string) int {
	a, b = trimZeros(a), trimZeros(b)
	if len(a) != len(b) {
		return cmp.Compare(len(a), len(b))
	}
	return strings.Compare(a, b)
}

// skipEqual takes off what a and b begin with alike, up to the last run of letters and digits in it: what decides between
// versions that are near each other is at their end.
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

// hasPrefixFold reports whether s begins with an ASCII word in lower case, whatever the case of s.
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
