package npm

import (
	"encoding/json"
	"iter"
	"strings"
	"unicode/utf8"
)

// members yields the members of a JSON object in order, without decoding or copying the values. It yields nothing for other
// values. The document must be valid. Unlike the fields of a struct, names are case-sensitive, as for other readers of
// package.json, and a value of an unexpected type does not affect the others.
func members(raw []byte) iter.Seq2[string, []byte] {
	return func(yield func(string, []byte) bool) {
		at := skipJSONSpace(raw, 0)
		if at == len(raw) || raw[at] != '{' {
			return
		}
		for at = skipJSONSpace(raw, at+1); at < len(raw) && raw[at] != '}'; at = skipJSONSpace(raw, at) {
			end := skipValue(raw, at)
			key := text(raw[at:end])
			at = skipJSONSpace(raw, end)
			at = skipJSONSpace(raw, at+1) // the colon
			end = skipValue(raw, at)
			if !yield(key, raw[at:end]) {
				return
			}
			if at = skipJSONSpace(raw, end); at < len(raw) && raw[at] == ',' {
				at++
			}
		}
	}
}

// member returns the last value with a name, or nil.
func member(raw []byte, name string) (value []byte) {
	for key, v := range members(raw) {
		if key == name {
			value = v
		}
	}
	return value
}

// text returns the trimmed value of a JSON string, or "" for other values.
func text(raw []byte) string {
	if len(raw) < 2 || raw[0] != '"' {
		return ""
	}
	s := string(raw[1 : len(raw)-1])
	if strings.IndexByte(s, '\\') >= 0 || !utf8.ValidString(s) {
		if json.Unmarshal(raw, &s) != nil {
			return ""
		}
	}
	return strings.TrimSpace(s)
}

func skipJSONSpace(raw []byte, at int) int {
	for at < len(raw) && (raw[at] == ' ' || raw[at] == '\t' || raw[at] == '\n' || raw[at] == '\r') {
		at++
	}
	return at
}

// skipValue returns the end of the value that begins at an index.
func skipValue(raw []byte, at int) int {
	depth := 0
	for ; at < len(raw); at++ {
		switch raw[at] {
		case '"':
			for at++; at < len(raw) && raw[at] != '"'; at++ {
				if raw[at] == '\\' {
					at++
				}
			}
			if depth == 0 {
				return min(at+1, len(raw))
			}
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				return at + 1
			}
			if depth < 0 {
				return at // the bracket closes the object or list around a number or word
			}
		case ',', ' ', '\t', '\n', '\r':
			if depth == 0 {
				return at
			}
		}
	}
	return at
}
