// Package glob matches texts with patterns in which "*" stands for any text.
package glob

import "strings"

// Is reports whether a text has a wildcard.
func Is(s string) bool { return strings.Contains(s, "*") }

// Match reports whether a pattern matches a whole text. It takes time linear in the product of their lengths at worst.
func Match(pattern, text string) bool {
	head, rest, ok := strings.Cut(pattern, "*")
	if !ok {
		return pattern == text
	}
	if !strings.HasPrefix(text, head) {
		return false
	}
	text = text[len(head):]
	for {
		part, more, ok := strings.Cut(rest, "*")
		if !ok {
			return strings.HasSuffix(text, part)
		}
		i := strings.Index(text, part)
		if i < 0 {
			return false
		}
		text, rest = text[i+len(part):], more
	}
}
