package table

import (
	"strings"
	"unicode/utf8"
)

// wrap cuts text at the end of a word, so that the first part has at most n characters unless its first word is longer.
func wrap(text string, n int) (first, rest string) {
	if utf8.RuneCountInString(text) <= n {
		return text, ""
	}
	at := len(string([]rune(text)[:n+1]))
	if i := strings.LastIndexByte(text[:at], ' '); i > 0 {
		return text[:i], text[i+1:]
	}
	at = len(string([]rune(text)[:n]))
	return text[:at], text[at:]
}
