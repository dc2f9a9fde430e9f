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

// Text returns the text with Mark in the place of each secret. Its time is linear in the length of the text, whatever that contains.
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
	l := find(text)
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

// Value returns the value of a variable or label without secrets.
func Value(name, value string) string {
	if isReference(value) || !isSecret(name) && !isSureName(name) {
		return Text(value)
	}
	return Mark
}

// Words returns the words of a command without secrets. The word after an option with the name of a secret is one.
func Words(words []string) []string {
	list := make([]string, len(words))
	for i, w := range words {
		list[i] = Text(w)
		if i > 0 && strings.HasPrefix(words[i-1], "-") && !strings.HasPrefix(w, "-") { // "--password", "abc"
			list[i] = Value(strings.TrimLeft(words[i-1], "-"), w)
		}
	}
	return list
}

// IsSecret reports whether a variable surely holds a secret, as far as its name and value tell. A value that refers to a secret is no secret: a path,
// another variable, a switch.
func IsSecret(name, value string) bool {
	value = strings.Trim(value, `"'`)
	return isSureName(name) && isOpaque(value) || HasSecret(value)
}

// HasSecret reports whether a text surely has a secret. Text removes more.
func HasSecret(text string) bool { return find(text).sure }

func find(text string) *list {
	l := new(list)
	l.privateKeys(text)
	l.forms(text)
	l.assignments(text)
	return l
}

type list struct {
	spans []Span
	sure  bool // one of them is surely a secret
}

func (l *list) add(start, end int) {
	if start < end {
		l.spans = append(l.spans, Span{start, end})
	}
}
