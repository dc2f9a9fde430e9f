// Package credmask removes credentials from texts and errors before a program shows or logs them.
//
// A [Masker] removes two kinds: values that it knows, in the encodings in which servers send them back, and values that look
// like credentials, such as the password in a URL or the query of a signed URL.
package credmask

import (
	"slices"
	"strings"
	"sync"
	"unicode"
)

const (
	mask = "***"

	// maxText is the most bytes of a scrubbed text, maxInput of the part of a text that is scrubbed for it.
	maxText  = 400
	maxInput = 4 << 10

	// maxSeen is the most values that a Masker keeps of requests. Tokens and signed URLs are renewed, and old ones expire.
	maxSeen = 256
)

// A Masker removes credentials from texts and errors. The zero value removes those that it recognises by their form. Its
// methods may be called from several goroutines.
type Masker struct {
	mu    sync.Mutex
	known []string // configured credentials
	seen  []string // credentials that requests carried, the newest last
}

// Add adds configured credentials. It ignores empty ones.
func (s *Masker) Add(credentials ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range credentials {
		if c != "" && !slices.Contains(s.known, c) {
			s.known = append(s.known, c)
		}
	}
}

// Empty reports whether s knows no credentials.
func (s *Masker) Empty() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.known) == 0 && len(s.seen) == 0
}

// observe adds credentials that a request carries.
func (s *Masker) observe(credentials ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range credentials {
		if c == "" || slices.Contains(s.known, c) || slices.Contains(s.seen, c) {
			continue
		}
		if len(s.seen) == maxSeen {
			s.seen = slices.Delete(s.seen, 0, 1)
		}
		s.seen = append(s.seen, c)
	}
}

// Text returns the first line of a text without credentials, cut to 400 bytes.
func (s *Masker) Text(text string) string {
	if len(text) > 16*maxInput {
		text = text[:16*maxInput]
	}
	text = s.values(text)
	text, _, _ = strings.Cut(strings.TrimSpace(text), "\n")
	cut := len(text) > maxInput
	text = patterns(strings.Map(printable, text[:min(len(text), maxInput)]))
	text = strings.TrimSpace(s.values(text)) // the patterns may have joined the parts of one
	if cut && len(text) <= maxText {         // the last word may be the beginning of a credential
		text = text[:strings.LastIndexByte(text, ' ')+1] + "..."
	}
	if len(text) > maxText {
		text = strings.ToValidUTF8(text[:maxText-len("...")], "") + "..."
	}
	return text
}

// printable replaces control characters, which could change a terminal, with spaces.
func printable(r rune) rune {
	if unicode.IsControl(r) {
		return ' '
	}
	return r
}

// values returns a text without the credentials that s knows.
func (s *Masker) values(text string) string {
	var found spans
	s.mu.Lock()
	for _, list := range [][]string{s.known, s.seen} {
		for _, c := range list {
			for _, form := range encodings(c) {
				found = appendMatches(found, text, form)
			}
		}
	}
	s.mu.Unlock()
	return found.mask(text)
}

// appendMatches appends where a credential occurs in a text. A credential of fewer than 4 bytes must be a whole word: masking every
// "a" would make the text unreadable.
func appendMatches(found spans, text, credential string) spans {
	for from := 0; ; {
		i := strings.Index(text[from:], credential)
		if i < 0 {
			return found
		}
		start, end := from+i, from+i+len(credential)
		if len(credential) >= 4 || !wordAt(text, start-1) && !wordAt(text, end) {
			found = append(found, span{start, end})
		}
		from = end
	}
}

// wordAt reports whether the byte at i belongs to a word.
func wordAt(text string, i int) bool {
	if i < 0 || i >= len(text) {
		return false
	}
	c := text[i]
	return c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c >= 0x80
}

// A span is a part of a text to be removed.
type span struct{ start, end int }

type spans []span

// mask replaces the spans, which may overlap, in a text.
func (list spans) mask(text string) string {
	if len(list) == 0 {
		return text
	}
	slices.SortFunc(list, func(a, b span) int { return a.start - b.start })
	var b strings.Builder
	at := 0
	for i, s := range list {
		if i == 0 || s.start > at {
			b.WriteString(text[at:s.start])
			b.WriteString(mask)
		}
		at = max(at, s.end)
	}
	b.WriteString(text[at:])
	return b.String()
}
