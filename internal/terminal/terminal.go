// Package terminal makes text from outside safe to print.
package terminal

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
)

// Escape returns text without anything that could move a terminal's cursor, change its colours or hide text: control characters,
// bidirectional and zero-width characters and invalid UTF-8 become escapes.
func Escape(s string) string {
	if strings.IndexFunc(s, func(r rune) bool { return !unicode.IsPrint(r) || r == unicode.ReplacementChar }) < 0 {
		return s
	}
	var b strings.Builder
	for i, r := range s {
		switch {
		case r == unicode.ReplacementChar && s[i] != "\uFFFD"[0]:
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case unicode.IsPrint(r):
			b.WriteRune(r)
		default:
			quoted := strconv.QuoteRuneToASCII(r)
			b.WriteString(quoted[1 : len(quoted)-1])
		}
	}
	return b.String()
}
