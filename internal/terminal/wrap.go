package terminal

import (
	"strings"
	"unicode/utf8"
)

// Wrap cuts text at the end of a word, so that the first part has at most n characters unless its first word is longer.
func Wrap(text string, n int) (first, rest string) {
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

// Paragraph breaks text into lines of at most n characters.
func Paragraph(text string, n int) string {
	var lines []string
	for text != "" {
		var line string
		line, text = Wrap(text, n)
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}
