package anchore

import (
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
	"strings"
)

// maxExpression bounds an expression in bytes.
const maxExpression = 4 << 10

// errLookaround explains why an expression of Python has no counterpart.
var errLookaround = errors.New("look-ahead and look-behind cannot be expressed: package regexp takes time linear in the text")

// expression compiles an expression of Python's re, which matches at the beginning of a text, as re.match does.
func expression(s string) (*regexp.Regexp, error) {
	if len(s) > maxExpression {
		return nil, fmt.Errorf("an expression of %d bytes; %d are the most", len(s), maxExpression)
	}
	translated, err := translate(s)
	if err != nil {
		return nil, err
	}
	if _, err := regexp.Compile(translated); err != nil { // before it is put in parentheses
		var e *syntax.Error
		if errors.As(err, &e) {
			return nil, fmt.Errorf("%s: %.100q", e.Code, e.Expr)
		}
		return nil, err
	}
	return regexp.Compile("^(?:" + translated + ")")
}

// translate changes what RE2 writes in another way: "\Z", "{,3}" and "\u0041".
func translate(s string) (string, error) {
	var b strings.Builder
	class := false
	for i := 0; i < len(s); i++ {
		rest := s[i:]
		switch {
		case rest[0] == '\\' && len(rest) > 1:
			switch c := rest[1]; {
			case c == 'Z' && !class:
				b.WriteString(`\z`)
			case c == 'u' && len(rest) >= 6:
				b.WriteString(`\x{` + rest[2:6] + `}`)
				i += 4
			case c >= '1' && c <= '9' && !class:
				return "", fmt.Errorf("the back reference \\%c cannot be expressed: package regexp takes time linear in the text", c)
			default:
				b.WriteString(rest[:2])
			}
			i++
		case class:
			if rest[0] == '[' { // a plain character for Python; for RE2, perhaps the beginning of [:alpha:]
				b.WriteByte('\\')
			}
			b.WriteByte(rest[0])
			class = rest[0] != ']'
		case rest[0] == '[':
			class = true
			n := 1
			if strings.HasPrefix(rest[n:], "^") {
				n++
			}
			b.WriteString(rest[:n])
			if strings.HasPrefix(rest[n:], "]") { // the first one is a character
				b.WriteString(`\]`)
				n++
			}
			i += n - 1
		case strings.HasPrefix(rest, "(?=") || strings.HasPrefix(rest, "(?!") || strings.HasPrefix(rest, "(?<=") || strings.HasPrefix(rest, "(?<!"):
			return "", errLookaround
		case strings.HasPrefix(rest, "(?P="):
			return "", errors.New("a back reference cannot be expressed: package regexp takes time linear in the text")
		case strings.HasPrefix(rest, "(?("):
			return "", errors.New("a condition cannot be expressed in package regexp")
		case strings.HasPrefix(rest, "(?#"):
			end := strings.IndexByte(rest, ')')
			if end < 0 {
				return "", errors.New("a comment does not end")
			}
			i += end
		case strings.HasPrefix(rest, "{,") && len(rest) > 2 && rest[2] >= '0' && rest[2] <= '9':
			b.WriteString("{0,")
			i++
		default:
			b.WriteByte(rest[0])
		}
	}
	return b.String(), nil
}

// A pattern is a text with "*" for any text, or an expression after "regexp:".
type pattern struct {
	text  string
	parts []string // between the stars
	*regexp.Regexp
}

func newPattern(s string) (*pattern, error) {
	p := &pattern{text: s}
	raw, ok := strings.CutPrefix(s, "regexp:")
	if !ok {
		p.parts = strings.Split(s, "*")
		return p, nil
	}
	var err error
	p.Regexp, err = expression(raw)
	return p, err
}

// isExact reports whether only the text itself matches.
func (p *pattern) isExact() bool { return p.Regexp == nil && len(p.parts) == 1 }

// matches reports whether a text matches.
func (p *pattern) matches(s string) bool {
	if p.Regexp != nil {
		return p.MatchString(s)
	}
	last := len(p.parts) - 1
	if last == 0 {
		return s == p.text
	}
	s, ok := strings.CutPrefix(s, p.parts[0])
	if !ok {
		return false
	}
	for _, part := range p.parts[1:last] {
		i := strings.Index(s, part)
		if i < 0 {
			return false
		}
		s = s[i+len(part):]
	}
	return strings.HasSuffix(s, p.parts[last])
}
