package gem

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxLines is the largest number of lines in a literal.
const maxLines = 16

// parseLiteral reads a Ruby literal at the start of text: a string in quotes or %q, a %w list, or an array of strings. It also
// reads Gem::Version.new of a string, and ignores ".freeze". An expression that continues, as in "1." + x,
// or interpolates is not a literal.
func parseLiteral(text string) (values []string, ok bool) {
	end := 0
	for range maxLines {
		if i := strings.IndexByte(text[end:], '\n'); i >= 0 {
			end += i + 1
		} else {
			end = len(text)
			break
		}
	}
	values, rest, ok := literalAt(text[:end], true)
	if !ok {
		return nil, false
	}
	rest = strings.TrimLeft(rest, " \t\r")
	for _, end := range []string{"\n", "#", ";", "if ", "unless ", "}"} {
		if strings.HasPrefix(rest, end) {
			return values, true
		}
	}
	return values, rest == ""
}

// literalAt reads a literal and returns its strings and the rest of text.
func literalAt(text string, lists bool) (values []string, rest string, ok bool) {
	switch {
	case text == "":
		return nil, "", false
	case text[0] == '"' || text[0] == '\'':
		values, rest, ok = stringAt(text[1:], 0, text[0], text[0] == '"', false)
	case text[0] == '%' && len(text) > 2:
		values, rest, ok = percentAt(text, lists)
	case text[0] == '[' && lists:
		values, rest, ok = arrayAt(text[1:])
	case strings.HasPrefix(text, "Gem::Version.new"):
		inner := strings.TrimLeft(strings.TrimPrefix(text, "Gem::Version.new"), " (")
		if strings.HasPrefix(inner, "Gem") {
			return nil, "", false
		}
		if values, rest, ok = literalAt(inner, false); ok {
			rest, ok = strings.CutPrefix(strings.TrimLeft(rest, " "), ")")
		}
	}
	return values, strings.TrimPrefix(rest, ".freeze"), ok
}

// percentAt reads %q<a>, %Q(a), %{a} and %w[a b], with any brackets or another delimiter.
func percentAt(text string, lists bool) ([]string, string, bool) {
	kind, at := byte('Q'), 1
	if strings.IndexByte("qQwW", text[1]) >= 0 {
		kind, at = text[1], 2
	}
	opening, closing := byte(0), text[at]
	if i := strings.IndexByte("<([{", closing); i >= 0 {
		opening, closing = closing, ">)]}"[i]
	} else if closing < '!' || closing > '~' || 'a' <= closing|0x20 && closing|0x20 <= 'z' || '0' <= closing && closing <= '9' {
		return nil, "", false
	}
	if kind == 'q' || kind == 'Q' {
		return stringAt(text[at+1:], opening, closing, kind == 'Q', false)
	}
	if !lists {
		return nil, "", false
	}
	values, rest, ok := stringAt(text[at+1:], opening, closing, kind == 'W', true)
	if !ok {
		return nil, "", false
	}
	return strings.Fields(values[0]), rest, true
}

// arrayAt reads the elements of an array, which may span lines.
func arrayAt(text string) (values []string, rest string, ok bool) {
	for {
		text = skipSpace(text)
		if rest, ok := strings.CutPrefix(text, "]"); ok {
			return values, rest, true
		}
		element, rest, ok := literalAt(text, false)
		if !ok {
			return nil, "", false
		}
		values = append(values, element...)
		text = skipSpace(rest)
		if after, ok := strings.CutPrefix(text, ","); ok {
			text = after
		} else if !strings.HasPrefix(text, "]") {
			return nil, "", false
		}
	}
}

// skipSpace skips white space, ends of lines and comments.
func skipSpace(text string) string {
	for {
		text = strings.TrimLeft(text, " \t\r\n")
		if !strings.HasPrefix(text, "#") {
			return text
		}
		_, text, _ = strings.Cut(text, "\n")
	}
}

// stringAt reads a string after its opening delimiter. Unless lines is set, it gives up at the end of the line, though Ruby's
// strings may continue. Names don't span lines, and giving up keeps reading linear.
func stringAt(text string, opening, closing byte, escapes, lines bool) ([]string, string, bool) {
	var b strings.Builder
	depth := 0
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '\n' && !lines:
			return nil, "", false
		case c == '\\' && i+1 < len(text):
			i++
			if escapes {
				i += unescape(&b, text[i:]) - 1
			} else {
				if text[i] != closing && text[i] != '\\' {
					b.WriteByte('\\')
				}
				b.WriteByte(text[i])
			}
		case escapes && c == '#' && i+1 < len(text) && text[i+1] == '{':
			return nil, "", false
		case c == closing && depth == 0:
			return []string{b.String()}, text[i+1:], true
		case c == closing:
			depth--
			b.WriteByte(c)
		case c == opening && opening != 0:
			depth++
			b.WriteByte(c)
		default:
			b.WriteByte(c)
		}
	}
	return nil, "", false
}

// unescape writes the character of an escape, and returns the escape's length without the backslash.
func unescape(b *strings.Builder, s string) int {
	if i := strings.IndexByte("nt0ersab", s[0]); i >= 0 {
		b.WriteByte("\n\t\x00\x1b\r \a\b"[i])
		return 1
	}
	switch s[0] {
	case 'u':
		digits, length := "", 0
		if end := strings.IndexByte(s, '}'); strings.HasPrefix(s, "u{") && end > 0 {
			digits, length = s[2:end], end+1
		} else if len(s) >= 5 {
			digits, length = s[1:5], 5
		}
		if r, err := strconv.ParseUint(digits, 16, 32); err == nil && r <= utf8.MaxRune {
			b.WriteRune(rune(r))
			return length
		}
	case 'x':
		if len(s) >= 3 {
			if c, err := strconv.ParseUint(s[1:3], 16, 8); err == nil {
				b.WriteByte(byte(c))
				return 3
			}
		}
	}
	b.WriteByte(s[0])
	return 1
}
