package dockerfile

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode"
)

// shellWords splits a text at blanks outside quotes. Words keep their quotes. It returns false if a quote is not closed.
func shellWords(s string) ([]string, bool) {
	var list []string
	start, quote := -1, byte(0)
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case quote == 0 && (c == ' ' || c == '\t' || c == '\n' || c == '\v' || c == '\f' || c == '\r'):
			if start >= 0 {
				list = append(list, s[start:i])
			}
			start = -1
			continue
		case c == '\\' && quote != '\'':
			if start < 0 {
				start = i
			}
			i++
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case c == '<' && strings.HasPrefix(s[i:], "<<"): // blanks may be between "<<" and the name
			if start < 0 {
				start = i
			}
			i++
			i += len(s[i+1:]) - len(strings.TrimLeft(s[i+1:], " \t\n\v\f\r"))
		}
		if start < 0 {
			start = i
		}
	}
	if start >= 0 {
		list = append(list, s[start:])
	}
	return list, quote == 0
}

// words splits a text at blanks outside quotes, as ENV, ARG and LABEL do. Words keep their quotes.
func (r *lineReader) words(s string) []string {
	var list []string
	start, quote := -1, rune(0)
	skip := false
	for i, c := range s {
		switch {
		case skip:
			skip = false
		case start < 0 && unicode.IsSpace(c):
		case quote == 0 && unicode.IsSpace(c):
			list = append(list, s[start:i])
			start = -1
		default:
			if start < 0 {
				start = i
			}
			switch {
			case c == rune(r.escape) && quote != '\'':
				skip = true
			case quote != 0 && c == quote:
				quote = 0
			case quote == 0 && (c == '"' || c == '\''):
				quote = c
			}
		}
	}
	if start >= 0 {
		list = append(list, s[start:])
	}
	return list
}

// unquote removes quotes and escapes of a word.
func unquote(s string, escape byte) string {
	if strings.IndexByte(s, escape) < 0 && !strings.ContainsAny(s, `"'`) {
		return s
	}
	var b strings.Builder
	quote := byte(0)
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == escape && quote != '\'' && i+1 < len(s):
			i++
			if quote == '"' && s[i] != '"' && s[i] != '$' && s[i] != escape {
				b.WriteByte(escape)
			}
			b.WriteByte(s[i])
		case quote != 0 && c == quote:
			quote = 0
		case quote == 0 && (c == '"' || c == '\''):
			quote = c
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

// A pair is a name and its value.
type pair struct{ name, value string }

// pairs reads the arguments of ENV and LABEL: "A=1 B=2", or "A value" in the old form.
func (r *lineReader) pairs(text string) ([]pair, error) {
	words := r.words(text)
	if len(words) == 0 {
		return nil, fmt.Errorf("no name and value")
	}
	if !strings.Contains(words[0], "=") {
		name, value, ok := cutSpace(text)
		if !ok {
			return nil, fmt.Errorf("no value for %.40q", name)
		}
		return []pair{{unquote(name, r.escape), unquote(value, r.escape)}}, nil
	}
	var list []pair
	for i, w := range words {
		name, value, ok := strings.Cut(w, "=")
		if !ok {
			return list, fmt.Errorf("no \"=\" in word %d", i+1) // without the word, which may be a part of a password
		}
		list = append(list, pair{unquote(name, r.escape), unquote(value, r.escape)})
	}
	return list, nil
}

func cutSpace(s string) (before, after string, ok bool) {
	i := strings.IndexAny(s, "\t\v\f\r ")
	if i < 0 {
		return s, "", false
	}
	return s[:i], strings.TrimLeft(s[i:], "\t\v\f\r "), true
}

// isJSON reports whether arguments are a JSON array of strings.
func isJSON(text string) bool {
	_, ok := jsonWords(text)
	return ok
}

// jsonWords reads the exec form: ["a", "b"].
func jsonWords(text string) ([]string, bool) {
	if !strings.HasPrefix(text, "[") || !strings.HasSuffix(text, "]") {
		return nil, false
	}
	var values []any // null would be an empty string in a []string
	if json.Unmarshal([]byte(text), &values) != nil {
		return nil, false
	}
	words := make([]string, len(values))
	for i, v := range values {
		s, ok := v.(string)
		if !ok {
			return nil, false
		}
		words[i] = s
	}
	return words, true
}

// list returns the words of arguments, in the exec form or divided by blanks.
func list(text string) []string {
	if words, ok := jsonWords(text); ok {
		return words
	}
	return strings.FieldsFunc(text, func(c rune) bool { return strings.ContainsRune("\t\v\f\r ", c) })
}

// maxExpanded is the most bytes of a text with its variables replaced. Variables that contain others may grow without bound.
const maxExpanded = 8 << 10

// expand replaces variables: $NAME, ${NAME}, ${NAME:-default}, ${NAME-default}, ${NAME:+other}. Unknown ones and other forms stay, and
// so does a text that would grow too long.
func expand(s string, vars map[string]string) string {
	if !strings.Contains(s, "$") {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '$' || i+1 == len(s) {
			b.WriteByte(s[i])
			continue
		}
		braces := s[i+1] == '{'
		at := i + 1
		if braces {
			at++
		}
		end := at
		for end < len(s) && isNameByte(s[end], end > at) {
			end++
		}
		name, modifier, last := s[at:end], "", end-1
		if braces {
			closing := strings.IndexByte(s[end:], '}')
			if closing < 0 {
				b.WriteString(s[i:])
				break
			}
			modifier, last = s[end:end+closing], end+closing
		}
		if value, known := valueOf(name, modifier, vars); known {
			b.WriteString(value)
			if b.Len() > maxExpanded {
				return s
			}
		} else {
			b.WriteString(s[i : last+1])
		}
		i = last
	}
	return b.String()
}

// valueOf returns the value of a variable with a modifier such as ":-default", unless the variable or the modifier is unknown.
func valueOf(name, modifier string, vars map[string]string) (value string, known bool) {
	value, known = vars[name]
	switch {
	case name == "", strings.Contains(modifier, "$"): // nested ones stay
		return "", false
	case modifier == "":
		return value, known
	case strings.HasPrefix(modifier, ":-"), strings.HasPrefix(modifier, "-"):
		if !known || value == "" && modifier[0] == ':' {
			value = strings.TrimPrefix(strings.TrimPrefix(modifier, ":"), "-")
		}
		return value, true
	case strings.HasPrefix(modifier, ":+"):
		if value != "" {
			value = modifier[2:]
		}
		return value, true
	}
	return "", false
}

func isNameByte(c byte, inner bool) bool {
	return c == '_' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || inner && '0' <= c && c <= '9'
}
