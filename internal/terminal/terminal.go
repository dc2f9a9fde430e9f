// Package terminal makes text from outside safe to print.
package terminal

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
)

// Escape returns text without anything that could move a terminal's cursor, change its colours or hide text: control characters,
// characters that [Hidden] reports and invalid UTF-8 become escapes.
func Escape(s string) string {
	if strings.IndexFunc(s, func(r rune) bool { return !shown(r) || r == unicode.ReplacementChar }) < 0 {
		return s
	}
	var b strings.Builder
	for i, r := range s {
		switch {
		case r == unicode.ReplacementChar && s[i] != "\uFFFD"[0]:
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case shown(r):
			b.WriteRune(r)
		default:
			b.WriteString(Rune(r))
		}
	}
	return b.String()
}

func shown(r rune) bool { return unicode.IsPrint(r) && !Hidden(r) }

// Rune returns the escape of a character: "\u202e".
func Rune(r rune) string {
	quoted := strconv.QuoteRuneToASCII(r)
	return quoted[1 : len(quoted)-1]
}

// Hidden reports whether a character reorders text or has no width, so that a person reads something else than a program does:
// https://trojansource.codes. These are the format characters (Cf), separators of lines and paragraphs, and letters and marks that
// are blank by design. Every form for people shows them as escapes.
func Hidden(r rune) bool {
	switch r {
	case '\u034f', '\u115f', '\u1160', '\u17b4', '\u17b5', '\u2028', '\u2029', '\u3164', '\uffa0':
		return true
	}
	return r >= 0x80 && unicode.Is(unicode.Cf, r)
}
