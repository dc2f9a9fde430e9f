// Package redact removes secrets from text that a report shows: file contents, instructions and environment variables of an image.
//
// It knows secrets by their form (private keys, tokens of well-known services, JSON web tokens, password hashes, URLs with a password), and by
// the name of the key that they are assigned to, such as DB_PASSWORD, in the syntaxes of shells, Dockerfiles, INI, YAML, JSON and XML files. It prefers
// to remove too much. A secret without such a form or name stays.
package redact

import (
	"cmp"
	"slices"
	"strings"
)

// Mark stands for a removed secret.
const Mark = "[redacted]"

// A Span is the place of a secret in a text, in bytes.
type Span struct{ Start, End int }

// Text returns the text with Mark in the place of each secret. Its time is linear in the length of the text.
func Text(text string) string {
	spans := Spans(text)
	if len(spans) == 0 {
		return text
	}
	var b strings.Builder
	b.Grow(len(text))
	last := 0
	for _, s := range spans {
		b.WriteString(text[last:s.Start])
		b.WriteString(Mark)
		last = s.End
	}
	b.WriteString(text[last:])
	return b.String()
}

// Spans returns the places of the secrets in a text, in order. They neither overlap nor touch.
func Spans(text string) []Span {
	var l list
	l.privateKeys(text)
	l.forms(text)
	l.assignments(text)
	slices.SortFunc(l.spans, func(a, b Span) int { return cmp.Compare(a.Start, b.Start) })
	kept := l.spans[:0]
	for _, s := range l.spans {
		if n := len(kept); n > 0 && s.Start <= kept[n-1].End {
			kept[n-1].End = max(kept[n-1].End, s.End)
			continue
		}
		kept = append(kept, s)
	}
	return kept
}

type list struct{ spans []Span }

func (l *list) add(start, end int) {
	if start < end {
		l.spans = append(l.spans, Span{start, end})
	}
}
