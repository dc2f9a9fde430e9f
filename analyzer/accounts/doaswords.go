package accounts

import (
	"errors"
	"fmt"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
)

// A doasWord is a word of doas.conf. Braces are words, too.
type doasWord struct {
	text  string
	plain bool // without quotes and escapes: only such words are keywords
}

// A doasLexer reads the words of doas.conf as the lexer of OpenDoas does.
type doasLexer struct {
	text string
	at   int
	line int
}

// rule returns the words up to the end of a line, without comments, and the number of the line. It returns false at the end of the file.
func (l *doasLexer) rule() (words []doasWord, line int, ok bool, err error) {
	line = l.line
	size := 0
	for l.at < len(l.text) {
		switch c := l.text[l.at]; c {
		case '\n':
			l.at++
			l.line++
			return words, line, true, err
		case ' ', '\t', '\r':
			l.at++
		case '#': // it has no continuation lines
			l.at += len(firstLine(l.text[l.at:]))
		case '{', '}':
			l.at++
			words = append(words, doasWord{string(c), true})
		default:
			w, wrong := l.word()
			if size += len(w.text) + 1; size > maxLine {
				words, wrong = nil, fmt.Errorf("longer than %d bytes: %w", maxLine, analyzer.ErrTooLarge)
			}
			if err == nil {
				err = wrong
			}
			if w.text != "" || !w.plain {
				words = append(words, w)
			}
		}
	}
	return words, line, len(words) > 0, err
}

// word reads one word. A backslash escapes the next byte, and joins lines.
func (l *doasLexer) word() (w doasWord, err error) {
	w.plain = true
	var b strings.Builder
	quoted := false
	for ; l.at < len(l.text); l.at++ {
		switch c := l.text[l.at]; {
		case c == '\\' && l.at+1 < len(l.text):
			l.at++
			if l.text[l.at] == '\n' {
				l.line++
				continue
			}
			w.plain = false
			b.WriteByte(l.text[l.at])
		case c == '"':
			quoted, w.plain = !quoted, false
		case c == '\n', !quoted && strings.IndexByte(" \t\r#{}", c) >= 0:
			if quoted {
				err = errors.New("a quote is not closed")
			}
			w.text = b.String()
			return w, err
		default:
			b.WriteByte(c)
		}
	}
	w.text = b.String()
	return w, nil
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}
